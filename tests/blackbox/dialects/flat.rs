use serde_json::{Value, json};

use super::rig::{ALICE, BOB, FlatGuest, NOBODY, Who};
use crate::server::{Server, Start};

const CAROL: Who = ("carol", "Carol");

#[tokio::test]
async fn a_message_is_told_to_everybody_in_the_room_its_sender_too_and_to_nobody_else() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    let mut carol = FlatGuest::enter_room(&server, CAROL, "elsewhere").await;
    let mut ids = Vec::new();
    for content in [
        "hi",
        " kept as it is ",
        "line\nline\t\"quoted\" \\ 👋",
        "<b>&amp;</b>",
    ] {
        alice.say(content).await;
        let own = alice.chat(ALICE, content).await;
        assert_eq!(bob.chat(ALICE, content).await, own);
        ids.push(own["messageId"].to_string());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each has an id of its own");
    carol.say("unheard").await;
    carol.chat(CAROL, "unheard").await;
    bob.say("back").await;
    for guest in [&mut alice, &mut bob] {
        guest.chat(BOB, "back").await;
    }
}

#[tokio::test]
async fn messages_are_told_in_one_order_to_all() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    for number in 0..20 {
        alice.say(&format!("a{number}")).await;
        bob.say(&format!("b{number}")).await;
    }
    let (mut at_alice, mut at_bob) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        at_alice.push(alice.next().await);
        at_bob.push(bob.next().await);
    }
    assert_eq!(at_alice, at_bob);
    for (id, letter) in [("alice", "a"), ("bob", "b")] {
        let own = at_bob.iter().filter(|frame| frame["userId"] == id);
        let said: Vec<_> = own.map(|frame| frame["content"].clone()).collect();
        let expected: Vec<_> = (0..20).map(|it| format!("{letter}{it}")).collect();
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn the_server_alone_says_everything_but_the_content() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    let mut carol = FlatGuest::enter_room(&server, CAROL, "elsewhere").await;
    let forged = json!({"messageId": NOBODY, "roomId": "elsewhere", "type": "chat", "userId": "bob",
        "username": "Bob", "content": "mine", "timestamp": "2001-01-01T00:00:00Z"});
    alice.send(&forged.to_string()).await;
    let own = alice.chat(ALICE, "mine").await;
    assert_eq!(bob.chat(ALICE, "mine").await, own);
    for field in ["messageId", "timestamp"] {
        assert_ne!(own[field], forged[field], "{field}");
    }
    // Whatever stands there is not looked at.
    let odd = json!({"messageId": 7, "roomId": null, "type": "chat", "userId": ["bob"], "username": {},
        "content": "mine too", "timestamp": false, "seq": 1, "guest_id": "bob"});
    alice.send(&odd.to_string()).await;
    for guest in [&mut alice, &mut bob] {
        guest.chat(ALICE, "mine too").await;
    }
    carol.say("nothing came here").await;
    carol.chat(CAROL, "nothing came here").await;
}

/// Frames that are none of a client, or break a rule.
fn wrong() -> Vec<String> {
    let texts = [
        "",
        "hello",
        "{",
        "null",
        "7",
        "[]",
        r#"["chat","hi"]"#,
        r#"[{"type":"chat","content":"hi"}]"#,
        r#""chat""#,
        r#"{"type":"chat","content":"hi"} trailing"#,
        "{}",
        r#"{"type":"chat"}"#,
        r#"{"content":"hi"}"#,
    ];
    let long = "x".repeat(1_001);
    let contents = [
        json!(null),
        json!(7),
        json!(["hi"]),
        json!({"text": "hi"}),
        json!(""),
        json!(" \n\t "),
        json!(long),
        json!("é".repeat(1_001)),
    ];
    let kinds = [
        json!("system"),
        json!("join"),
        json!("leave"),
        json!("CHAT"),
        json!("message"),
        json!(""),
        json!(null),
        json!(7),
    ];
    let of_content = |content: &Value| json!({"type": "chat", "content": content}).to_string();
    let of_kind = |kind: &Value| json!({"type": kind, "content": "hi"}).to_string();
    let texts = texts.iter().map(|text| (*text).to_owned());
    texts
        .chain(contents.iter().map(of_content))
        .chain(kinds.iter().map(of_kind))
        .collect()
}

#[tokio::test]
async fn what_is_wrong_is_answered_by_the_system_to_that_socket_alone() {
    let start = Start::default().with("WS_BAD_FRAMES", "1000");
    let server = start.start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    let mut other_of_alice = FlatGuest::come(&server, ALICE, "global").await;
    for text in wrong() {
        alice.send(&text).await;
        alice.complaint().await;
    }
    alice.say("good").await;
    for guest in [&mut alice, &mut other_of_alice, &mut bob] {
        guest.chat(ALICE, "good").await;
    }
}

#[tokio::test]
async fn a_message_has_1_to_1000_characters() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    for content in ["x", &"x".repeat(1_000), &"👋".repeat(1_000)] {
        alice.say(content).await;
        for guest in [&mut alice, &mut bob] {
            guest.chat(ALICE, content).await;
        }
        alice.say(&format!("{content}{}", "x".repeat(1_000))).await;
        alice.complaint().await;
    }
    bob.say("end").await;
    bob.chat(BOB, "end").await;
}
