use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::rig::{
    ALICE, BOB, FlatGuest, NOBODY, Who, find_rooms, join_room, member, open_room, query, refusal,
    told,
};
use crate::{
    server::{Server, Start},
    socket::{Refused, Socket},
};

/// Asserts that this field is why a guest was refused.
#[track_caller]
fn assert_refused(refused: &Refused, field: &str) {
    assert_problem(refused, 400, "validation_failed");
    let errors = refused.problem["errors"].as_array().unwrap();
    let named = errors.iter().map(|error| &error["field"]);
    assert_eq!(named.collect::<Vec<_>>(), [field], "{refused:?}");
}

#[track_caller]
fn assert_problem(refused: &Refused, status: u16, code: &str) {
    let told = (refused.status, refused.problem["code"].as_str());
    assert_eq!(told, (status, Some(code)), "{refused:?}");
    assert_eq!(refused.problem["status"], status, "{refused:?}");
}

#[tokio::test]
async fn a_guest_needs_no_token_and_is_who_they_say_in_the_room_they_name() {
    let server = Server::start().await;
    let mut alice = FlatGuest::open(
        &server,
        &[("userId", "alice"), ("username", "Alice"), ("room", "tea")],
    )
    .await
    .unwrap();
    alice.joined(ALICE).await;
    alice.say("hi").await;
    alice.chat(ALICE, "hi").await;
}

#[tokio::test]
async fn who_names_no_room_is_in_global() {
    let server = Server::start().await;
    let pairs = [("userId", "alice"), ("username", "Alice")];
    let mut alice = FlatGuest::open(&server, &pairs).await.unwrap();
    alice.joined(ALICE).await;
    let mut bob = FlatGuest::enter_room(&server, BOB, "global").await;
    alice.joined(BOB).await;
    bob.say("both").await;
    alice.chat(BOB, "both").await;
}

#[tokio::test]
async fn who_says_no_id_is_given_a_uuid_of_their_own() {
    let server = Server::start().await;
    let mut given = Vec::new();
    for pairs in [
        vec![("username", "Alice"), ("room", "one")],
        vec![("userId", ""), ("username", "Alice"), ("room", "two")],
        vec![("userId", "  "), ("username", "Alice"), ("room", "three")],
    ] {
        let mut guest = FlatGuest::open(&server, &pairs).await.unwrap();
        let joined = guest.next().await;
        let (kind, (id, name), content) = told(&joined);
        assert_eq!((kind, name, content), ("join", "Alice", "Alice joined"));
        given.push(id.parse::<Uuid>().unwrap());
        guest.say("mine").await;
        guest.chat((id, "Alice"), "mine").await;
    }
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), 3);
}

#[tokio::test]
async fn who_says_no_name_is_anonymous() {
    let server = Server::start().await;
    for (pairs, room) in [
        (vec![("userId", "alice")], "one"),
        (vec![("userId", "alice"), ("username", "")], "two"),
        (vec![("userId", "alice"), ("username", " ")], "three"),
    ] {
        let pairs = [pairs, vec![("room", room)]].concat();
        let mut guest = FlatGuest::open(&server, &pairs).await.unwrap();
        guest.joined(("alice", "Anonymous")).await;
    }
}

#[tokio::test]
async fn a_name_has_50_characters_an_id_128_and_a_room_s_name_100_at_most() {
    let server = Server::start().await;
    let (name, id, room) = ("é".repeat(50), "x".repeat(128), "😀".repeat(100));
    let mut guest = FlatGuest::enter_room(&server, (&id, &name), &room).await;
    guest.say("hi").await;
    guest.chat((&id, &name), "hi").await;
    for (field, value) in [
        ("username", format!("{name}é")),
        ("username", "x".repeat(1_000)),
        ("userId", format!("{id}x")),
        ("room", format!("{room}x")),
    ] {
        let mut pairs = vec![("userId", "bob"), ("username", "Bob"), ("room", "tea")];
        for (name, given) in &mut pairs {
            if *name == field {
                *given = value.as_str();
            }
        }
        assert_refused(&refusal(&server, &pairs).await, field);
    }
}

#[tokio::test]
async fn a_name_is_of_one_line_without_control_characters() {
    let server = Server::start().await;
    for name in ["a\nb", "a\rb", "a\tb", "a\u{7}b", "a\u{1b}[1m", "a\0b"] {
        let refused = refusal(&server, &[("userId", "bob"), ("username", name)]).await;
        assert_refused(&refused, "username");
    }
    let refused = refusal(&server, &[("userId", "bob"), ("room", "a\nb")]).await;
    assert_refused(&refused, "room");
}

#[tokio::test]
async fn nobody_takes_the_id_of_an_account() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for id in [ann.id().to_owned(), ann.id().to_uppercase()] {
        let refused = refusal(&server, &[("userId", &id), ("username", "Ann")]).await;
        assert_problem(&refused, 409, "user_id_taken");
    }
    // The id of nobody is as good as another.
    FlatGuest::enter(&server, (NOBODY, "Alice")).await;
}

#[tokio::test]
async fn a_room_is_made_on_first_use_public_and_open_to_guests_and_has_no_owner() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    assert!(find_rooms(&ann, "Tea room").await.is_empty());
    let mut alice = FlatGuest::enter_room(&server, ALICE, "Tea room").await;
    let mut bob = FlatGuest::enter_room(&server, BOB, "Tea room").await;
    let mut eve = FlatGuest::enter_room(&server, ("eve", "Eve"), "Another").await;
    alice.joined(BOB).await;
    let rooms = find_rooms(&ann, "Tea room").await;
    assert_eq!(rooms.len(), 1, "{rooms:#?}");
    let made = (&rooms[0]["visibility"], &rooms[0]["guests"]);
    assert_eq!(made, (&json!("public"), &json!(true)));
    let room = join_room(&ann, "Tea room").await;
    let of_ann = (ann.id(), "Ann");
    for name in ["Ann", "Alice", "Bob"] {
        assert_eq!(member(&ann, &room, name).await["role"], "MEMBER", "{name}");
    }
    let listed = ann.get(&format!("/v1/rooms/{room}/members")).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 3, "{listed:?}");
    // It is one room, and the other is another.
    alice.say("here").await;
    eve.say("there").await;
    for guest in [&mut alice, &mut bob] {
        guest.joined(of_ann).await;
        guest.chat(ALICE, "here").await;
    }
    eve.chat(("eve", "Eve"), "there").await;
}

#[tokio::test]
async fn guests_who_come_to_a_new_room_at_once_are_in_one_room() {
    let server = Server::start().await;
    let names: Vec<_> = (0..8).map(|number| format!("guest-{number}")).collect();
    let coming = names
        .iter()
        .map(|name| FlatGuest::come(&server, (name, name), "new"));
    let mut guests = join_all(coming).await;
    for (name, guest) in names.iter().zip(&mut guests) {
        let own = format!("{name} is here");
        guest.until_joined(name).await;
        guest.say(&own).await;
    }
    for guest in &mut guests {
        let mut heard = Vec::new();
        while heard.len() < names.len() {
            let frame = guest.next().await;
            if frame["type"] == "chat" {
                heard.push(frame["userId"].as_str().unwrap().to_owned());
            }
        }
        heard.sort_unstable();
        assert_eq!(heard, names);
    }
    let ann = server.user("Ann").await;
    assert_eq!(find_rooms(&ann, "new").await.len(), 1);
}

#[tokio::test]
async fn a_native_room_that_is_public_and_allows_guests_is_entered_by_its_id() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = open_room(&ann, "Square").await;
    let mut alice = FlatGuest::enter_room(&server, ALICE, &room).await;
    alice.say("by id").await;
    alice.chat(ALICE, "by id").await;
    ann.say(&room, "welcome").await;
    alice.chat((ann.id(), "Ann"), "welcome").await;
}

#[tokio::test]
async fn every_other_room_is_refused_by_its_id_with_the_same_answer() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let private = ann.room("Private", &[&bob]).await;
    let body = json!({"name": "Public", "visibility": "public"});
    let public = ann.post("/v1/rooms", body).await.body["id"].clone();
    let body = json!({"peer_user_id": bob.id()});
    let direct = ann.post("/v1/rooms/direct", body).await.body["id"].clone();
    let deleted = open_room(&ann, "Deleted").await;
    let gone = ann.delete(&format!("/v1/rooms/{deleted}")).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    let mut answers = Vec::new();
    for room in [
        private.as_str(),
        public.as_str().unwrap(),
        direct.as_str().unwrap(),
        deleted.as_str(),
        NOBODY,
    ] {
        let pairs = [("userId", "alice"), ("username", "Alice"), ("room", room)];
        let mut refused = refusal(&server, &pairs).await;
        assert_problem(&refused, 403, "room_forbidden");
        assert!(refused.problem["request_id"].take().is_string());
        answers.push(refused.problem);
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    let members = ann.get(&format!("/v1/rooms/{private}/members")).await;
    assert_eq!(members.body.as_array().unwrap().len(), 2, "{members:?}");
}

#[tokio::test]
async fn who_has_a_token_is_native_whatever_else_they_say() {
    for start in [Start::default(), Start::default().with("GUESTS", "off")] {
        let server = start.start().await;
        let ann = server.user("Ann").await;
        let token = ann.access_token();
        let flat = query(&[("userId", "alice"), ("username", "A"), ("room", "tea")]);
        let with_token = format!("{flat}&access_token={token}");
        let bearer = format!("Bearer {token}");
        for (query, headers) in [
            (&with_token, vec![]),
            (&flat, vec![("authorization", bearer.as_str())]),
            (&flat, vec![("x-auth-token", token)]),
        ] {
            let socket = Socket::connect_as(&server, query, &headers).await;
            let ready = socket.unwrap().expect("ready").await;
            assert_eq!(ready["data"]["user"]["id"], ann.id());
        }
        let bad = format!("{flat}&access_token=not.a.jwt");
        let refused = Socket::connect(&server, &bad).await.err().unwrap();
        assert_problem(&refused, 401, "token_invalid");
        assert!(find_rooms(&ann, "tea").await.is_empty());
    }
}

#[tokio::test]
async fn what_somebody_is_known_by_and_called_may_be_in_any_script() {
    let server = Server::start().await;
    let who: Who = ("zoë & co/1?#%", "Ζωή 👋 <b>");
    let mut zoe = FlatGuest::enter(&server, who).await;
    zoe.say("γειά").await;
    zoe.chat(who, "γειά").await;
}

/// A page of anybody can make a browser ask for it, as a picture.
#[tokio::test]
async fn what_is_no_handshake_lets_nobody_in() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let client = server.client();
    for query in ["userId=alice&username=Evil", "userId=eve&room=new"] {
        let answer = client.get(&format!("/ws?{query}")).await;
        answer.assert_problem(400, "invalid_handshake");
    }
    let made = client.get("/api/rooms/new/messages").await;
    made.assert_problem(404, "room_not_found");
    // Nothing came before it: nobody was renamed, and nobody came.
    alice.say("still me").await;
    alice.chat(ALICE, "still me").await;
}

/// Their browser sends the cookie of the web page along.
#[tokio::test]
async fn who_says_who_they_are_as_a_guest_is_one_whatever_their_cookie_says() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for (token, room) in [(ann.access_token(), "tea"), ("expired", "coffee")] {
        let query = query(&[("userId", "alice"), ("username", "Alice"), ("room", room)]);
        let cookie = format!("cs_access={token}");
        let alice = Socket::connect_as(&server, &query, &[("Cookie", &cookie)]).await;
        assert_eq!(alice.unwrap().next().await["type"], "join");
    }
}

#[tokio::test]
async fn what_the_server_gives_and_what_it_is_known_by_is_nobody_s_to_choose() {
    let server = Server::start().await;
    let refused = refusal(&server, &[("userId", "guest:1"), ("username", "Eve")]).await;
    assert_refused(&refused, "userId");
    let refused = refusal(&server, &[("userId", "System"), ("username", "System")]).await;
    assert_problem(&refused, 409, "user_id_taken");
}

#[tokio::test]
async fn rooms_that_guests_make_and_what_they_say_are_counted_by_their_address() {
    let start = Start::default()
        .with("RATE_GUEST_ROOMS_IP", "2/1h")
        .with("RATE_GUEST_MESSAGES_IP", "2/1h");
    let server = start.start().await;
    let mut alice = FlatGuest::enter_room(&server, ALICE, "tea").await;
    let mut bob = FlatGuest::enter_room(&server, BOB, "coffee").await;
    let refused = refusal(&server, &[("userId", "eve"), ("room", "water")]).await;
    assert_problem(&refused, 429, "rate_limited");
    // One that is there is not made.
    let _eve = FlatGuest::enter_room(&server, ("eve", "Eve"), "tea").await;
    alice.until_joined("eve").await;
    alice.say("one").await;
    alice.chat(ALICE, "one").await;
    bob.say("two").await;
    bob.chat(BOB, "two").await;
    bob.say("three").await;
    assert_eq!(
        bob.complaint().await,
        "too many messages of guests from this address"
    );
}
