use serde_json::json;

use super::rig::{
    ALICE, BOB, FlatGuest, StreamGuest, find_rooms, join_room, member, open_room, refusal,
};
use crate::{
    api::Client,
    server::{Server, Start},
    socket::Refused,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Asserts that no door is open to guests, and that the others are.
async fn assert_closed(server: &Server) {
    let not_allowed = |refused: &Refused| {
        let told = (refused.status, refused.problem["code"].as_str());
        assert_eq!(told, (403, Some("guests_not_allowed")), "{refused:?}");
    };
    for pairs in [
        vec![("userId", "alice"), ("username", "Alice")],
        vec![("userId", "alice")],
        vec![("username", "Alice"), ("room", "tea")],
    ] {
        not_allowed(&refusal(server, &pairs).await);
    }
    let stream = StreamGuest::open(server).await;
    not_allowed(&stream.err().expect("a socket was opened"));
    for path in ["/api/rooms/global/messages", "/api/users/alice/messages"] {
        let answer = server.client().get(path).await;
        answer.assert_problem(403, "guests_not_allowed");
    }
    let page = server.client().get("/").await;
    assert_eq!(page.status, 200, "{page:?}");
    let ann = server.user("Ann").await;
    for name in ["global", "tea"] {
        assert!(find_rooms(&ann, name).await.is_empty(), "{name} was made");
    }
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(server, &[&room]).await;
    socket.say(&room, "natives go on").await;
}

/// Asserts that guests are let in by every door.
async fn assert_open(server: &Server) {
    let mut alice = FlatGuest::enter(server, ALICE).await;
    let mut cat = StreamGuest::join(server, "Cat", 2).await;
    cat.commit("hi").await;
    cat.committed("Cat", "hi").await;
    alice.until("hi").await;
    for path in ["/api/rooms/global/messages", "/api/users/alice/messages"] {
        assert_eq!(server.client().get(path).await.status, 200, "{path}");
    }
}

fn environment(name: &str) -> Start {
    let start = Start::default().with("APP_ENV", name);
    start.with("JWT_ACCESS_SECRET", SECRET)
}

#[tokio::test]
async fn guests_are_let_in_in_development_and_where_they_are_switched_on() {
    for start in [
        Start::default(),
        Start::default().with("APP_ENV", "development"),
        Start::default().with("GUESTS", "on"),
        environment("production").with("GUESTS", "on"),
    ] {
        assert_open(&start.start().await).await;
    }
}

#[tokio::test]
async fn guests_are_refused_elsewhere_and_where_they_are_switched_off() {
    for start in [
        Start::default().with("GUESTS", "off"),
        environment("production"),
        environment("staging"),
        environment("production").with("GUESTS", "off"),
    ] {
        assert_closed(&start.start().await).await;
    }
}

/// An account in `global`, and the id of a guest there, whose socket is open.
async fn with_guest(server: &Server) -> (Client, String, FlatGuest) {
    let mut alice = FlatGuest::enter(server, ALICE).await;
    let ann = server.user("Ann").await;
    let room = join_room(&ann, "global").await;
    alice.joined((ann.id(), "Ann")).await;
    let guest = member(&ann, &room, "Alice").await["user_id"].clone();
    (ann, guest.as_str().unwrap().to_owned(), alice)
}

#[tokio::test]
async fn a_guest_is_in_no_room_but_public_ones_that_allow_guests() {
    let server = Server::start().await;
    let (ann, guest, mut alice) = with_guest(&server).await;
    let private = ann.room("Private", &[]).await;
    let body = json!({"name": "Public", "visibility": "public"});
    let public = ann.post("/v1/rooms", body).await.body["id"].clone();
    let public = public.as_str().unwrap();
    for room in [private.as_str(), public] {
        let members = format!("/v1/rooms/{room}/members");
        let refused = ann.post(&members, json!({"user_id": guest})).await;
        refused.assert_problem(403, "not_allowed");
        let listed = ann.get(&members).await;
        assert_eq!(listed.body.as_array().unwrap().len(), 1, "{listed:?}");
        ann.say(room, "secret").await;
    }
    for body in [
        json!({"name": "New", "member_ids": [guest]}),
        json!({"name": "New", "members": [{"user_id": guest}]}),
        json!({"name": "New", "members": [{"user_id": guest, "role": "ADMIN"}]}),
    ] {
        let refused = ann.post("/v1/rooms", body).await;
        refused.assert_problem(400, "unknown_member");
    }
    let body = json!({"peer_user_id": guest});
    let refused = ann.post("/v1/rooms/direct", body).await;
    refused.assert_problem(404, "user_not_found");
    let rooms = ann.get("/v1/rooms").await;
    assert_eq!(rooms.body["rooms"].as_array().unwrap().len(), 3);
    alice.say("heard nothing else").await;
    alice.chat(ALICE, "heard nothing else").await;
}

#[tokio::test]
async fn nobody_logs_in_as_a_guest() {
    let server = Server::start().await;
    let (ann, guest, _alice) = with_guest(&server).await;
    let shown = ann.get(&format!("/v1/users/{guest}")).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(shown.body["guest_id"], "alice");
    let email = shown.body["email"].as_str().unwrap();
    for password in ["", " ", "Alice", "alice", "correct horse"] {
        let body = json!({"email": email, "password": password});
        let answer = server.client().post("/v1/auth/login", body).await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        assert!(answer.body["access_token"].is_null(), "{answer:?}");
    }
}

/// A room of Ann's that both guests are in.
async fn square(server: &Server) -> (Client, String, FlatGuest, FlatGuest) {
    let ann = server.user("Ann").await;
    let room = open_room(&ann, "Square").await;
    let mut bob = FlatGuest::enter_room(server, BOB, &room).await;
    let alice = FlatGuest::enter_room(server, ALICE, &room).await;
    bob.joined(ALICE).await;
    (ann, room, alice, bob)
}

async fn remove(by: &Client, room: &str, name: &str) {
    let guest = member(by, room, name).await["user_id"].clone();
    let path = format!("/v1/rooms/{room}/members/{}", guest.as_str().unwrap());
    let removed = by.delete(&path).await;
    assert_eq!(removed.status, 204, "{removed:?}");
}

#[tokio::test]
async fn a_guest_who_is_removed_is_closed_and_the_room_is_told_once() {
    let server = Server::start().await;
    let (ann, room, mut alice, mut bob) = square(&server).await;
    let mut other_of_alice = FlatGuest::come(&server, ALICE, &room).await;
    let mut elsewhere = FlatGuest::enter(&server, ALICE).await;
    remove(&ann, &room, "Alice").await;
    for guest in [&mut alice, &mut other_of_alice] {
        assert_eq!(guest.closed().await, 4403);
    }
    bob.left(ALICE).await;
    bob.say("they are gone").await;
    bob.chat(BOB, "they are gone").await;
    elsewhere.say("another room").await;
    elsewhere.chat(ALICE, "another room").await;
}

#[tokio::test]
async fn no_message_of_a_guest_follows_their_removal() {
    let server = Server::start().await;
    let (ann, room, mut alice, mut bob) = square(&server).await;
    for number in 0..100 {
        alice.say(&format!("flood {number}")).await;
    }
    remove(&ann, &room, "Alice").await;
    alice.closed().await;
    bob.say("end").await;
    let heard = bob.until("end").await;
    let mut leaves = heard.iter().enumerate();
    let (left, _) = leaves.find(|(_, frame)| frame["type"] == "leave").unwrap();
    assert_eq!(heard.len(), left + 2, "{:#?}", &heard[left..]);
    assert_eq!(heard[left]["userId"], "alice");
}

#[tokio::test]
async fn a_member_who_is_no_admin_removes_no_guest() {
    let server = Server::start().await;
    let (ann, room, mut alice, mut bob) = square(&server).await;
    let eve = server.user("Eve").await;
    let members = format!("/v1/rooms/{room}/members");
    let joined = eve.post(&members, json!({"user_id": eve.id()})).await;
    assert_eq!(joined.status, 201, "{joined:?}");
    let guest = member(&ann, &room, "Alice").await["user_id"].clone();
    let path = format!("{members}/{}", guest.as_str().unwrap());
    let refused = eve.delete(&path).await;
    refused.assert_problem(403, "not_allowed");
    alice.joined((eve.id(), "Eve")).await;
    bob.joined((eve.id(), "Eve")).await;
    alice.say("still here").await;
    for guest in [&mut alice, &mut bob] {
        guest.chat(ALICE, "still here").await;
    }
}
