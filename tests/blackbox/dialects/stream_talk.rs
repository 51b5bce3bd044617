use serde_json::json;

use super::rig::StreamGuest;
use crate::server::Server;

/// Two who have joined.
async fn two(server: &Server) -> (StreamGuest, StreamGuest) {
    let mut ann = StreamGuest::join(server, "Ann", 1).await;
    let bob = StreamGuest::join(server, "Bob", 2).await;
    ann.participants(2).await;
    ann.chatting("Bob", 2).await;
    (ann, bob)
}

#[tokio::test]
async fn a_draft_is_shown_to_everybody_its_author_too_whole_as_it_becomes() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for text in ["h", "hell", "hello 👋", "help", "<b>\n", " "] {
        ann.type_out(text).await;
        for guest in [&mut ann, &mut bob] {
            guest.draft("Ann", &[text]).await;
        }
    }
}

#[tokio::test]
async fn an_empty_draft_clears_what_was_shown() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for _ in 0..3 {
        ann.type_out("never mind").await;
        for guest in [&mut ann, &mut bob] {
            guest.draft("Ann", &["never mind"]).await;
        }
        ann.type_out("").await;
        for guest in [&mut ann, &mut bob] {
            guest.draft("Ann", &[""]).await;
        }
    }
    // It has become no message, and nothing is shown of it afterwards.
    bob.commit("end").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Bob", "end").await;
    }
}

#[tokio::test]
async fn of_drafts_that_come_fast_the_last_is_always_shown() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    let text = "the quick brown fox jumps over the lazy dog";
    let drafts: Vec<_> = (1..=text.len()).map(|length| &text[..length]).collect();
    for draft in &drafts {
        ann.type_out(draft).await;
    }
    for guest in [&mut ann, &mut bob] {
        guest.draft("Ann", &drafts).await;
    }
}

#[tokio::test]
async fn two_drafts_are_shown_side_by_side() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    ann.type_out("of Ann").await;
    for guest in [&mut ann, &mut bob] {
        guest.draft("Ann", &["of Ann"]).await;
    }
    bob.type_out("of Bob").await;
    for guest in [&mut ann, &mut bob] {
        guest.draft("Bob", &["of Bob"]).await;
    }
    bob.commit("Bob is first").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed_draft("Bob", "Bob is first").await;
    }
    ann.type_out("still of Ann").await;
    for guest in [&mut ann, &mut bob] {
        guest.draft("Ann", &["still of Ann"]).await;
    }
}

#[tokio::test]
async fn a_message_is_told_to_everybody_its_author_too_at_the_same_time() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for text in [
        "hi",
        " kept as it is ",
        "line\nline \"quoted\" 👋",
        "<b>&amp;</b>",
    ] {
        ann.commit(text).await;
        let time = ann.committed("Ann", text).await;
        assert_eq!(bob.committed("Ann", text).await, time);
    }
    bob.commit("back").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Bob", "back").await;
    }
}

#[tokio::test]
async fn a_draft_ends_with_its_message_and_the_next_one_begins_anew() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for round in 0..3 {
        let (draft, text) = (format!("roun {round}"), format!("round {round}"));
        ann.type_out(&draft).await;
        for guest in [&mut ann, &mut bob] {
            guest.draft("Ann", &[&draft]).await;
        }
        ann.commit(&text).await;
        let time = ann.committed_draft("Ann", &text).await;
        assert_eq!(bob.committed_draft("Ann", &text).await, time);
        // A draft that were told after its message would stay on the screens.
        bob.commit("next").await;
        for guest in [&mut ann, &mut bob] {
            guest.committed("Bob", "next").await;
        }
    }
}

#[tokio::test]
async fn a_message_that_is_blank_is_ignored() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for text in ["", " ", "\t\n "] {
        ann.commit(text).await;
    }
    bob.commit("first").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Bob", "first").await;
    }
    ann.commit("second").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Ann", "second").await;
    }
}

#[tokio::test]
async fn messages_are_told_in_one_order_to_all() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    for number in 0..20 {
        ann.commit(&format!("a{number}")).await;
        bob.commit(&format!("b{number}")).await;
    }
    let (mut at_ann, mut at_bob) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        at_ann.push(ann.next().await);
        at_bob.push(bob.next().await);
    }
    assert_eq!(at_ann, at_bob);
    for (author, letter) in [("Ann", "a"), ("Bob", "b")] {
        let own = at_bob.iter().filter(|(_, told)| told["author"] == author);
        let texts: Vec<_> = own.map(|(_, told)| told["text"].clone()).collect();
        let expected: Vec<_> = (0..20).map(|it| json!(format!("{letter}{it}"))).collect();
        assert_eq!(texts, expected);
    }
}

#[tokio::test]
async fn the_draft_of_who_leaves_is_cleared() {
    let server = Server::start().await;
    let (mut ann, mut bob) = two(&server).await;
    ann.type_out("I am").await;
    for guest in [&mut ann, &mut bob] {
        guest.draft("Ann", &["I am"]).await;
    }
    ann.close().await;
    // Before they are told to have left, or after.
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let (kind, payload) = bob.next().await;
        match kind.as_str() {
            "STREAM_CHUNK" => {
                let cleared = (&payload["author"], &payload["chunk"]);
                assert_eq!(cleared, (&json!("Ann"), &json!("")));
            }
            "SYSTEM" => assert_eq!(payload, json!({"text": "Ann left"})),
            _ => assert_eq!(payload, json!({"count": 1})),
        }
        kinds.push(kind);
    }
    kinds.sort_unstable();
    assert_eq!(kinds, ["PARTICIPANTS", "STREAM_CHUNK", "SYSTEM"]);
}
