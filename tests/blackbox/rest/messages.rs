use serde_json::json;

use super::{NOBODY, assert_message, assert_refused, at, contents, messages_of};
use crate::server::Server;

#[tokio::test]
async fn a_message_is_edited_by_its_sender_alone() {
    let server = Server::start().await;
    let (ann, bob, eve) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Eve").await,
    );
    let room = ann.room("General", &[&bob]).await;
    let message = bob.say(&room, "frist").await;
    let edit = json!({"content": "first 😀", "reason": "typo"});
    let owners = ann.patch(&at(&message), edit.clone()).await;
    owners.assert_problem(403, "not_yours");
    let outsiders = eve.patch(&at(&message), edit.clone()).await;
    outsiders.assert_problem(404, "room_not_found");
    let edited = bob.patch(&at(&message), edit).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    assert_message(&edited.body, &room, (bob.id(), "Bob"), "first 😀");
    for same in ["id", "seq", "created_at", "status"] {
        assert_eq!(edited.body[same], message[same]);
    }
    assert!(edited.body["updated_at"].as_str() >= message["updated_at"].as_str());
    assert_eq!(edited.body["edited_at"], edited.body["updated_at"]);
    let listed = ann.get(&messages_of(&room)).await;
    assert_eq!(listed.body["messages"], json!([edited.body]));
}

#[tokio::test]
async fn an_edit_obeys_the_rules_of_a_text() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "hi").await;
    for (text, code) in [
        ("😀".repeat(4_001), "too_long"),
        ("  ".into(), "empty"),
        ("a\0".into(), "nul"),
    ] {
        let refused = ann.patch(&at(&message), json!({"content": text})).await;
        assert_refused(&refused, "content", code);
    }
    let missing = ann.patch(&at(&message), json!({})).await;
    assert_refused(&missing, "content", "missing");
    let longest = "😀".repeat(4_000);
    let edited = ann.patch(&at(&message), json!({"content": longest})).await;
    assert_eq!(
        (edited.status, edited.body["content"].as_str()),
        (200, Some(&*longest))
    );
    let nowhere = format!("{}/{NOBODY}", messages_of(&room));
    let unknown = ann.patch(&nowhere, json!({"content": "x"})).await;
    unknown.assert_problem(404, "message_not_found");
    let malformed = format!("{}/1", messages_of(&room));
    let malformed = ann.patch(&malformed, json!({"content": "x"})).await;
    malformed.assert_problem(400, "invalid_id");
}

#[tokio::test]
async fn a_message_is_deleted_by_its_sender_and_by_an_admin() {
    let server = Server::start().await;
    let (ann, adm) = (server.user("Ann").await, server.user("Adm").await);
    let (bob, eve) = (server.user("Bob").await, server.user("Eve").await);
    let body = json!({"name": "General", "member_ids": [bob.id()],
        "members": [{"user_id": adm.id(), "role": "ADMIN"}]});
    let made = ann.post("/v1/rooms", body).await;
    let room = made.body["id"].as_str().unwrap();
    let mut kept = Vec::new();
    for (sender, deleter, status, code) in [
        (&bob, &bob, 204, ""),
        (&bob, &adm, 204, ""),
        (&bob, &ann, 204, ""),
        (&ann, &adm, 204, ""),
        (&ann, &bob, 403, "not_yours"),
        (&adm, &bob, 403, "not_yours"),
        (&bob, &eve, 404, "room_not_found"),
    ] {
        let message = sender.say(room, "hi").await;
        let answer = deleter.delete(&at(&message)).await;
        if status == 204 {
            assert_eq!(answer.status, 204, "{answer:?}");
            let again = deleter.delete(&at(&message)).await;
            again.assert_problem(404, "message_not_found");
        } else {
            answer.assert_problem(status, code);
            kept.push(message);
        }
    }
    kept.reverse();
    let listed = bob.get(&messages_of(room)).await;
    assert_eq!(listed.body["messages"], json!(kept));
}

#[tokio::test]
async fn a_deleted_message_is_gone_everywhere() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    ann.say(&room, "before the storm").await;
    let body = json!({"content": "a secret storm", "client_msg_id": "c-1",
        "attachments": [{"url": "https://files.example/a", "mime_type": "image/png", "size_bytes": 1}]});
    let message = ann.post(&messages_of(&room), body.clone()).await.body;
    ann.say(&room, "after the storm").await;
    assert_eq!(ann.delete(&at(&message)).await.status, 204);
    let id = message["id"].as_str().unwrap();
    let left = ["after the storm", "before the storm"];
    assert_eq!(contents(&bob.get(&messages_of(&room)).await), left);
    let found = bob.get("/v1/messages/search?q=storm").await;
    assert_eq!(contents(&found), left);
    let secret = ann.get("/v1/messages/search?q=secret").await;
    assert!(contents(&secret).is_empty());
    let around = format!("{}?around_message_id={id}", messages_of(&room));
    let around = ann.get(&around).await;
    around.assert_problem(404, "message_not_found");
    let edited = ann.patch(&at(&message), json!({"content": "x"})).await;
    edited.assert_problem(404, "message_not_found");
    for mark in ["deliver", "read"] {
        let marked = bob.poke(&format!("{}/{mark}", at(&message))).await;
        marked.assert_problem(404, "message_not_found");
    }
    // A retry that was under way does not bring it back.
    let retry = ann.post(&messages_of(&room), body).await;
    assert_eq!(retry.status, 200, "{retry:?}");
    assert_eq!(
        (&retry.body["id"], retry.body["content"].as_str()),
        (&message["id"], Some(""))
    );
    assert_eq!(retry.body["attachments"], json!([]));
    assert!(retry.body["deleted_at"].is_string());
    assert_eq!(contents(&bob.get(&messages_of(&room)).await), left);
}
