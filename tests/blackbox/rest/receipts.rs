use serde_json::Value;

use super::{NOBODY, at, messages_of};
use crate::{
    api::{Answer, Client},
    server::Server,
};

async fn mark(client: &Client, message: &Value, kind: &str) -> Answer {
    client.poke(&format!("{}/{kind}", at(message))).await
}

/// The statuses of a room's messages as this user sees them, oldest first.
async fn statuses(client: &Client, room: &str) -> Vec<String> {
    let listed = client.get(&messages_of(room)).await;
    let mut messages = listed.body["messages"].as_array().unwrap().clone();
    messages.reverse();
    let status = |m: &Value| m["status"].as_str().unwrap().to_owned();
    messages.iter().map(status).collect()
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read_as_its_sender_sees_it() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let message = ann.say(&room, "hi").await;
    assert_eq!(statuses(&ann, &room).await, ["SENT"]);
    assert_eq!(mark(&bob, &message, "deliver").await.status, 204);
    assert_eq!(statuses(&ann, &room).await, ["DELIVERED"]);
    assert_eq!(mark(&bob, &message, "read").await.status, 204);
    assert_eq!(statuses(&ann, &room).await, ["READ"]);
    // Never back, and as often as a client likes.
    for kind in ["deliver", "read"] {
        assert_eq!(mark(&bob, &message, kind).await.status, 204);
        assert_eq!(statuses(&ann, &room).await, ["READ"]);
    }
}

#[tokio::test]
async fn a_mark_counts_for_what_was_sent_before_and_not_for_what_follows() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let mut sent = Vec::new();
    for i in 0..4 {
        sent.push(ann.say(&room, &i.to_string()).await);
    }
    assert_eq!(mark(&bob, &sent[2], "deliver").await.status, 204);
    assert_eq!(mark(&bob, &sent[1], "read").await.status, 204);
    let expected = ["READ", "READ", "DELIVERED", "SENT"];
    assert_eq!(statuses(&ann, &room).await, expected);
    assert_eq!(mark(&bob, &sent[0], "read").await.status, 204);
    assert_eq!(statuses(&ann, &room).await, expected);
}

#[tokio::test]
async fn ones_own_mark_says_nothing_about_ones_own_message() {
    let server = Server::start().await;
    let (ann, bob, cem) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Cem").await,
    );
    let room = ann.room("General", &[&bob, &cem]).await;
    let message = ann.say(&room, "hi").await;
    for kind in ["deliver", "read"] {
        assert_eq!(mark(&ann, &message, kind).await.status, 204);
        assert_eq!(statuses(&ann, &room).await, ["SENT"]);
    }
    assert_eq!(mark(&bob, &message, "deliver").await.status, 204);
    assert_eq!(mark(&cem, &message, "read").await.status, 204);
    assert_eq!(statuses(&ann, &room).await, ["READ"]);
}

#[tokio::test]
async fn a_mark_is_on_a_message_that_one_may_read() {
    let server = Server::start().await;
    let (ann, eve) = (server.user("Ann").await, server.user("Eve").await);
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "hi").await;
    for kind in ["deliver", "read"] {
        let outside = mark(&eve, &message, kind).await;
        outside.assert_problem(404, "room_not_found");
        let unknown = format!("{}/{NOBODY}/{kind}", messages_of(&room));
        let unknown = ann.poke(&unknown).await;
        unknown.assert_problem(404, "message_not_found");
        let malformed = format!("{}/1/{kind}", messages_of(&room));
        let malformed = ann.poke(&malformed).await;
        malformed.assert_problem(400, "invalid_id");
        let malformed = format!("/v1/rooms/x/messages/{NOBODY}/{kind}");
        ann.poke(&malformed).await.assert_problem(400, "invalid_id");
        // A body is of no matter.
        let path = format!("{}/{kind}", at(&message));
        let with_body = ann.post(&path, serde_json::json!({"at": 1})).await;
        assert_eq!(with_body.status, 204, "{with_body:?}");
    }
}
