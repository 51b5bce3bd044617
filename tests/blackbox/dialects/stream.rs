use serde_json::json;

use super::rig::StreamGuest;
use crate::server::{Server, Start};

#[tokio::test]
async fn who_comes_is_welcomed_alone_and_everybody_is_told_how_many_are_there() {
    let server = Server::start().await;
    let mut one = StreamGuest::open(&server).await.unwrap();
    one.server_says().await;
    one.participants(1).await;
    let mut two = StreamGuest::open(&server).await.unwrap();
    two.server_says().await;
    for guest in [&mut two, &mut one] {
        guest.participants(2).await;
    }
    let mut three = StreamGuest::open(&server).await.unwrap();
    three.server_says().await;
    for guest in [&mut three, &mut two, &mut one] {
        guest.participants(3).await;
    }
}

#[tokio::test]
async fn a_plain_get_of_the_root_is_the_page() {
    let server = Server::start().await;
    let _guest = StreamGuest::enter(&server, 1).await;
    let page = server.client().get("/").await;
    assert_eq!(page.status, 200, "{page:?}");
    let kind = page.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("text/html"), "{kind}");
}

#[tokio::test]
async fn who_joins_is_named_to_everybody_themselves_too_and_may_take_another_name() {
    let server = Server::start().await;
    let mut ann = StreamGuest::enter(&server, 1).await;
    let mut bob = StreamGuest::enter(&server, 2).await;
    ann.participants(2).await;
    ann.send("JOIN", json!({"name": "Ann"})).await;
    for guest in [&mut ann, &mut bob] {
        guest.chatting("Ann", 2).await;
    }
    bob.send_text(r#"{"payload":{"name":"Bob"},"type":"JOIN"}"#)
        .await;
    for guest in [&mut ann, &mut bob] {
        guest.chatting("Bob", 2).await;
    }
    let long = "é".repeat(50);
    for name in ["Annie", "Ζωή 👋 <b>", &long] {
        ann.send("JOIN", json!({"name": name})).await;
        for guest in [&mut ann, &mut bob] {
            guest.chatting(name, 2).await;
        }
        ann.commit("it is me").await;
        for guest in [&mut ann, &mut bob] {
            guest.committed(name, "it is me").await;
        }
    }
}

#[tokio::test]
async fn a_blank_name_is_ignored() {
    let server = Server::start().await;
    let mut ann = StreamGuest::join(&server, "Ann", 1).await;
    let mut bob = StreamGuest::join(&server, "Bob", 2).await;
    ann.participants(2).await;
    ann.chatting("Bob", 2).await;
    for name in ["", " ", "\t\n "] {
        ann.send("JOIN", json!({"name": name})).await;
    }
    ann.commit("still Ann").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Ann", "still Ann").await;
    }
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused_to_that_socket_alone() {
    let server = Server::start().await;
    let mut ann = StreamGuest::join(&server, "Ann", 1).await;
    let mut bob = StreamGuest::join(&server, "Bob", 2).await;
    ann.participants(2).await;
    ann.chatting("Bob", 2).await;
    for name in ["é".repeat(51), "x".repeat(1_000)] {
        ann.send("JOIN", json!({"name": name})).await;
        let told = ann.server_says().await;
        assert!(!told.contains("is now chatting"), "{told}");
    }
    ann.commit("still Ann").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Ann", "still Ann").await;
    }
}

#[tokio::test]
async fn who_never_joins_is_a_guest_with_two_digits() {
    let server = Server::start().await;
    let mut bob = StreamGuest::join(&server, "Bob", 1).await;
    let mut guest = StreamGuest::enter(&server, 2).await;
    bob.participants(2).await;
    guest.commit("hello").await;
    let (kind, committed) = bob.next().await;
    assert_eq!(kind, "MESSAGE_COMMITTED");
    let name = committed["author"].as_str().unwrap();
    let digits = name.strip_prefix("Guest-").unwrap_or_default();
    assert_eq!(digits.len(), 2, "{name}");
    assert!(digits.bytes().all(|it| it.is_ascii_digit()), "{name}");
    guest.committed(name, "hello").await;
    guest.type_out("more").await;
    for socket in [&mut guest, &mut bob] {
        socket.draft(name, &["more"]).await;
    }
    guest.type_out("").await;
    for socket in [&mut guest, &mut bob] {
        socket.draft(name, &[""]).await;
    }
    guest.close().await;
    bob.left(name, 1).await;
}

#[tokio::test]
async fn what_is_none_of_its_frames_is_answered_by_the_system_to_that_socket_alone() {
    let start = Start::default().with("WS_BAD_FRAMES", "1000");
    let server = start.start().await;
    let mut ann = StreamGuest::join(&server, "Ann", 1).await;
    let mut bob = StreamGuest::join(&server, "Bob", 2).await;
    ann.participants(2).await;
    ann.chatting("Bob", 2).await;
    for text in [
        "",
        "hello",
        "{",
        "null",
        "7",
        "[]",
        r#"["JOIN",{"name":"Eve"}]"#,
        r#""JOIN""#,
        "{}",
        r#"{"payload":{"name":"Eve"}}"#,
        r#"{"type":"JOIN"}"#,
        r#"{"type":"JOIN","name":"Eve"}"#,
        r#"{"type":"JOIN","payload":{"name":"Eve"}} trailing"#,
        r#"{"type":"JOIN","payload":null}"#,
        r#"{"type":"JOIN","payload":"Eve"}"#,
        r#"{"type":"JOIN","payload":["Eve"]}"#,
        r#"{"type":"JOIN","payload":{}}"#,
        r#"{"type":"JOIN","payload":{"name":null}}"#,
        r#"{"type":"JOIN","payload":{"name":7}}"#,
        r#"{"type":"STREAM_CHUNK","payload":{}}"#,
        r#"{"type":"STREAM_CHUNK","payload":{"chunk":7}}"#,
        r#"{"type":"STREAM_CHUNK","payload":{"text":"hi"}}"#,
        r#"{"type":"COMMIT_MESSAGE","payload":{}}"#,
        r#"{"type":"COMMIT_MESSAGE","payload":{"text":["hi"]}}"#,
        r#"{"type":"COMMIT_MESSAGE","payload":{"chunk":"hi"}}"#,
        r#"{"type":"join","payload":{"name":"Eve"}}"#,
        r#"{"type":7,"payload":{"name":"Eve"}}"#,
        r#"{"type":"FLY","payload":{"name":"Eve"}}"#,
        r#"{"type":"SYSTEM","payload":{"text":"hi"}}"#,
        r#"{"type":"PARTICIPANTS","payload":{"count":7}}"#,
        r#"{"type":"MESSAGE_COMMITTED","payload":{"author":"Bob","text":"hi","timestamp":1}}"#,
        r#"{"type":"chat","content":"hi"}"#,
    ] {
        ann.send_text(text).await;
        let told = ann.server_says().await;
        assert!(!told.contains("is now chatting"), "{text}: {told}");
    }
    ann.commit("good").await;
    for guest in [&mut ann, &mut bob] {
        guest.committed("Ann", "good").await;
    }
}
