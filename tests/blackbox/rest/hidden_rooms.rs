use serde_json::json;

use super::{NOBODY, at, contents, messages_of, names};
use crate::{api::Client, server::Server};

/// Every call on a room, as one who may not see it; each answers the same as for a room that does not exist.
async fn assert_hidden(client: &Client, room: &str, message: &str, member: &str) {
    let (base, messages) = (format!("/v1/rooms/{room}"), messages_of(room));
    let content = json!({"content": "x"});
    let answers = [
        client.get(&base).await,
        client.delete(&base).await,
        client.get(&format!("{base}/presence")).await,
        client.get(&format!("{base}/members")).await,
        client
            .post(&format!("{base}/members"), json!({"user_id": client.id()}))
            .await,
        client
            .post(
                &format!("{base}/members"),
                json!({"user_id": client.id(), "role": "ADMIN"}),
            )
            .await,
        client.delete(&format!("{base}/members/{member}")).await,
        client
            .delete(&format!("{base}/members/{}", client.id()))
            .await,
        client.post(&messages, content.clone()).await,
        client.get(&messages).await,
        client
            .get(&format!("{messages}?around_message_id={message}"))
            .await,
        client.get(&format!("{messages}?before={message}")).await,
        client
            .patch(&format!("{messages}/{message}"), content)
            .await,
        client.delete(&format!("{messages}/{message}")).await,
        client.poke(&format!("{messages}/{message}/deliver")).await,
        client.poke(&format!("{messages}/{message}/read")).await,
        client.get(&format!("{messages}/{message}/reactions")).await,
        client
            .put(&format!("{messages}/{message}/reactions/x"))
            .await,
        client
            .delete(&format!("{messages}/{message}/reactions/x"))
            .await,
        client
            .get(&format!("/v1/messages/search?q=secret&room_id={room}"))
            .await,
    ];
    for answer in &answers {
        answer.assert_problem(404, "room_not_found");
    }
}

#[tokio::test]
async fn a_room_that_one_may_not_see_is_the_same_as_one_that_does_not_exist() {
    let server = Server::start().await;
    let (ann, bob, eve) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Eve").await,
    );
    let room = ann.room("Secret", &[&bob]).await;
    let message = ann.say(&room, "secret").await;
    let id = message["id"].as_str().unwrap();
    assert_hidden(&eve, &room, id, bob.id()).await;
    assert_hidden(&eve, NOBODY, id, bob.id()).await;
    let found = eve.get("/v1/messages/search?q=secret").await;
    assert!(contents(&found).is_empty());
    for listing in ["/v1/rooms", "/v1/rooms?scope=public"] {
        assert!(names(&eve.get(listing).await).is_empty());
    }
    // Nothing of all that has changed anything.
    assert_eq!(contents(&ann.get(&messages_of(&room)).await), ["secret"]);
}

#[tokio::test]
async fn a_room_is_hidden_from_one_who_was_removed() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("Secret", &[&bob]).await;
    let body = json!({"content": "secret", "client_msg_id": "c-1"});
    let message = bob.post(&messages_of(&room), body.clone()).await.body;
    let removed = ann
        .delete(&format!("/v1/rooms/{room}/members/{}", bob.id()))
        .await;
    assert_eq!(removed.status, 204, "{removed:?}");
    let id = message["id"].as_str().unwrap();
    assert_hidden(&bob, &room, id, ann.id()).await;
    let found = bob.get("/v1/messages/search?q=secret").await;
    assert!(contents(&found).is_empty());
    // A retry of the message from before does not answer it either.
    let retry = bob.post(&messages_of(&room), body).await;
    retry.assert_problem(404, "room_not_found");
    let back = ann
        .post(
            &format!("/v1/rooms/{room}/members"),
            json!({"user_id": bob.id()}),
        )
        .await;
    assert_eq!(back.status, 201, "{back:?}");
    assert_eq!(contents(&bob.get(&messages_of(&room)).await), ["secret"]);
}

#[tokio::test]
async fn a_message_is_found_in_its_own_room_alone() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (one, other) = (ann.room("One", &[]).await, ann.room("Other", &[]).await);
    let message = ann.say(&one, "here").await;
    let path = at(&message).replace(&one, &other);
    let answers = [
        ann.patch(&path, json!({"content": "x"})).await,
        ann.delete(&path).await,
        ann.poke(&format!("{path}/deliver")).await,
        ann.poke(&format!("{path}/read")).await,
        ann.get(&format!("{path}/reactions")).await,
        ann.put(&format!("{path}/reactions/x")).await,
        ann.delete(&format!("{path}/reactions/x")).await,
        ann.get(&format!(
            "{}?around_message_id={}",
            messages_of(&other),
            message["id"].as_str().unwrap()
        ))
        .await,
        ann.get(&format!(
            "{}?after={}",
            messages_of(&other),
            message["id"].as_str().unwrap()
        ))
        .await,
    ];
    for answer in &answers {
        answer.assert_problem(404, "message_not_found");
    }
    assert_eq!(contents(&ann.get(&messages_of(&one)).await), ["here"]);
}

#[tokio::test]
async fn a_public_room_is_found_by_all_and_read_by_its_members() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let body = json!({"name": "Square", "visibility": "public"});
    let made = ann.post("/v1/rooms", body).await;
    let room = made.body["id"].as_str().unwrap();
    let message = ann.say(room, "welcome").await;
    assert_eq!(names(&bob.get("/v1/rooms?scope=public").await), ["Square"]);
    assert_eq!(
        names(&bob.get("/v1/rooms?scope=public&q=squ").await),
        ["Square"]
    );
    assert!(names(&bob.get("/v1/rooms").await).is_empty());
    assert_eq!(bob.get(&format!("/v1/rooms/{room}")).await.status, 200);
    let members = format!("/v1/rooms/{room}/members");
    for path in [members.clone(), messages_of(room)] {
        bob.get(&path).await.assert_problem(404, "room_not_found");
    }
    let said = bob.post(&messages_of(room), json!({"content": "x"})).await;
    said.assert_problem(404, "room_not_found");
    let read = bob.poke(&format!("{}/read", at(&message))).await;
    read.assert_problem(404, "room_not_found");
    let deleted = bob.delete(&format!("/v1/rooms/{room}")).await;
    deleted.assert_problem(403, "not_creator");
    // One joins as a member, and as nothing more.
    for (role, status, code) in [
        ("ADMIN", 403, "not_allowed"),
        ("OWNER", 400, "validation_failed"),
    ] {
        let body = json!({"user_id": bob.id(), "role": role});
        let refused = bob.post(&members, body).await;
        refused.assert_problem(status, code);
    }
    let joined = bob.post(&members, json!({"user_id": bob.id()})).await;
    assert_eq!(joined.status, 201, "{joined:?}");
    assert_eq!(joined.body["role"], "MEMBER");
    let again = bob.post(&members, json!({"user_id": bob.id()})).await;
    again.assert_problem(409, "already_member");
    assert_eq!(contents(&bob.get(&messages_of(room)).await), ["welcome"]);
    let left = bob.delete(&format!("{members}/{}", bob.id())).await;
    assert_eq!(left.status, 204, "{left:?}");
    let gone = bob.get(&messages_of(room)).await;
    gone.assert_problem(404, "room_not_found");
    let back = bob.post(&members, json!({"user_id": bob.id()})).await;
    assert_eq!(back.status, 201, "{back:?}");
}
