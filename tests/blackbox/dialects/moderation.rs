//! Who keeps order in rooms that nobody owns: an admin of the server, who is in none of them.

use serde_json::Value;

use super::rig::{ALICE, BOB, FlatGuest, StreamGuest, find_rooms, member, open_room};
use crate::{api::Client, rest::analytics::first_admin, server::Server};

/// The room that guests know by this name, as the admin finds it: in the list of rooms, and in what is counted.
async fn find(admin: &Client, name: &str) -> String {
    let found = find_rooms(admin, name).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["guests"], true);
    let room = found[0]["id"].as_str().unwrap().to_owned();
    let top = admin.get("/v1/analytics/rooms/top").await;
    let counted = top.body["rooms"].as_array().unwrap().iter();
    let mut counted = counted.filter(|it| it["room_id"] == room);
    assert!(counted.next().is_some(), "{room}: {top:?}");
    room
}

async fn messages(client: &Client, room: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/rooms/{room}/messages")).await;
    assert_eq!(page.status, 200, "{page:?}");
    page.body["messages"].as_array().unwrap().clone()
}

fn path(room: &str, what: &str, of: &Value) -> String {
    format!("/v1/rooms/{room}/{what}/{}", of.as_str().unwrap())
}

#[tokio::test]
async fn an_admin_deletes_messages_takes_guests_out_and_deletes_the_room() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let mut alice = FlatGuest::enter_room(&server, ALICE, "tea").await;
    let mut bob = FlatGuest::enter_room(&server, BOB, "tea").await;
    alice.joined(BOB).await;
    bob.say("rude").await;
    let told = alice.chat(BOB, "rude").await;
    bob.chat(BOB, "rude").await;

    let room = find(&admin, "tea").await;
    let read = messages(&admin, &room).await;
    assert_eq!(read.len(), 1);
    // The guests' own call shows the same ids.
    assert_eq!(read[0]["id"], told["messageId"]);
    assert_eq!(read[0]["guest_id"], "bob");
    let deleted = admin.delete(&path(&room, "messages", &read[0]["id"])).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let history = server.client().get("/api/rooms/tea/messages").await;
    assert_eq!(history.body, Value::Array(Vec::new()));

    let listed = member(&admin, &room, "Bob").await;
    assert_eq!(listed["user_id"], read[0]["sender_id"]);
    let removed = admin
        .delete(&path(&room, "members", &listed["user_id"]))
        .await;
    assert_eq!(removed.status, 204, "{removed:?}");
    alice.left(BOB).await;
    assert_eq!(bob.closed().await, 4403);

    let deleted = admin.delete(&format!("/v1/rooms/{room}")).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(alice.closed().await, 4403);
    // Whoever asks for the name gets another room.
    FlatGuest::enter_room(&server, ALICE, "tea").await;
    assert_ne!(find_rooms(&admin, "tea").await[0]["id"], room);
}

#[tokio::test]
async fn an_admin_takes_out_a_guest_who_speaks_stream() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let mut ann = StreamGuest::join(&server, "Ann", 1).await;
    ann.commit("hi").await;
    ann.committed("Ann", "hi").await;
    let room = find(&admin, "global").await;
    let listed = member(&admin, &room, "Ann").await;
    let removed = admin
        .delete(&path(&room, "members", &listed["user_id"]))
        .await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(ann.closed().await, 4403);
}

#[tokio::test]
async fn an_admin_keeps_order_in_an_accounts_room_for_guests_too_but_takes_no_account_out() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let ann = server.user("Ann").await;
    let room = open_room(&ann, "Garden").await;
    let said = ann.say(&room, "hi").await;
    let refused = admin
        .delete(&path(&room, "members", &ann.id().into()))
        .await;
    refused.assert_problem(403, "not_allowed");
    let deleted = admin.delete(&path(&room, "messages", &said["id"])).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let deleted = admin.delete(&format!("/v1/rooms/{room}")).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
}

/// Asserts that somebody who is not in the room can change nothing there, nor read more of it than anybody.
async fn assert_stranger(client: &Client, room: &str, said: &Value, to_delete: (u16, &str)) {
    for list in ["messages", "members"] {
        let answer = client.get(&format!("/v1/rooms/{room}/{list}")).await;
        answer.assert_problem(404, "room_not_found");
    }
    for (what, of) in [("messages", "id"), ("members", "sender_id")] {
        let answer = client.delete(&path(room, what, &said[of])).await;
        answer.assert_problem(404, "room_not_found");
    }
    let answer = client.delete(&format!("/v1/rooms/{room}")).await;
    answer.assert_problem(to_delete.0, to_delete.1);
}

#[tokio::test]
async fn other_accounts_keep_no_order_among_guests() {
    let server = Server::start().await;
    let (admin, eve) = (first_admin(&server).await, server.user("Eve").await);
    let mut alice = FlatGuest::enter_room(&server, ALICE, "tea").await;
    alice.say("hi").await;
    alice.chat(ALICE, "hi").await;
    let room = find(&admin, "tea").await;
    let said = messages(&admin, &room).await.remove(0);
    assert_stranger(&eve, &room, &said, (403, "not_creator")).await;
    assert_eq!(messages(&admin, &room).await, [said]);
}

#[tokio::test]
async fn private_rooms_and_those_of_accounts_alone_stay_closed_to_admins() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let private = ann.room("Secrets", &[&bob]).await;
    let said = ann.say(&private, "hush").await;
    assert_stranger(&admin, &private, &said, (404, "room_not_found")).await;
    let body = serde_json::json!({"name": "Club", "visibility": "public"});
    let made = ann.post("/v1/rooms", body).await;
    let public = made.body["id"].as_str().unwrap();
    let said = ann.say(public, "hi").await;
    assert_stranger(&admin, public, &said, (403, "not_creator")).await;
}
