use serde_json::{Value, json};

use super::rig::{
    ALICE, BOB, FlatGuest, NOBODY, StreamGuest, assert_flat, find_rooms, join_room, open_room, told,
};
use crate::{
    api::Answer,
    server::{Server, Start},
};

/// The objects of an answer.
#[track_caller]
fn listed(answer: &Answer) -> &Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().unwrap()
}

/// What these objects say, each with its room.
fn said(objects: &[Value]) -> Vec<(&str, &str)> {
    objects
        .iter()
        .map(|it| {
            (
                it["roomId"].as_str().unwrap(),
                it["content"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_newcomer_is_told_the_messages_as_they_were_told_then_that_they_joined_then_what_comes() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let room = join_room(&ann, "global").await;
    alice.joined((ann.id(), "Ann")).await;
    let mut live = alice.say_many(ALICE, 3).await;
    // Who came and went is no message.
    let carol = FlatGuest::come(&server, ("carol", "Carol"), "global").await;
    alice.joined(("carol", "Carol")).await;
    carol.close().await;
    alice.left(("carol", "Carol")).await;
    ann.say(&room, "native").await;
    live.push(alice.chat((ann.id(), "Ann"), "native").await);
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    cat.commit("committed").await;
    cat.committed("Cat", "committed").await;
    let mut of_cat = alice.until("committed").await;
    live.push(of_cat.pop().unwrap());

    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    for told in &live {
        assert_eq!(bob.next().await, *told);
    }
    bob.joined(BOB).await;
    alice.joined(BOB).await;
    alice.say("live").await;
    for guest in [&mut alice, &mut bob] {
        guest.chat(ALICE, "live").await;
    }
}

#[tokio::test]
async fn the_last_50_messages_are_told_again_oldest_first_and_only_those_of_the_room() {
    let server = Server::start().await;
    let mut other = FlatGuest::enter_room(&server, BOB, "elsewhere").await;
    other.say_many(BOB, 2).await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let live = alice.say_many(ALICE, 53).await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    for told in &live[3..] {
        assert_eq!(bob.next().await, *told);
    }
    bob.joined(BOB).await;
}

#[tokio::test]
async fn how_many_messages_are_told_again_is_a_setting() {
    let start = Start::default().with("GUEST_HISTORY", "2");
    let server = start.start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let live = alice.say_many(ALICE, 4).await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    for told in &live[2..] {
        assert_eq!(bob.next().await, *told);
    }
    bob.joined(BOB).await;
}

#[tokio::test]
async fn another_socket_of_a_guest_is_told_the_messages_and_no_second_join() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let live = alice.say_many(ALICE, 2).await;
    let mut second = FlatGuest::come(&server, ALICE, "global").await;
    for told in &live {
        assert_eq!(second.next().await, *told);
    }
    alice.say("live").await;
    for guest in [&mut alice, &mut second] {
        guest.chat(ALICE, "live").await;
    }
}

#[tokio::test]
async fn who_comes_while_others_talk_is_told_each_message_once_and_none_is_missing() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut all: Vec<_> = (0..60).map(|number| format!("m{number}")).collect();
    let talk = async {
        for content in &all {
            alice.say(content).await;
        }
    };
    let ids: Vec<_> = (0..8).map(|number| format!("guest-{number}")).collect();
    let listen = async {
        let mut guests = Vec::new();
        for id in &ids {
            guests.push(FlatGuest::come(&server, (id, id), "global").await);
        }
        guests
    };
    let (mut guests, ()) = tokio::join!(listen, talk);
    alice.say("end").await;
    all.push("end".to_owned());
    for (id, guest) in ids.iter().zip(&mut guests) {
        let heard = guest.until("end").await;
        let is_own = |frame: &Value| frame["type"] == "join" && frame["userId"] == id.as_str();
        let joins: Vec<_> = (0..heard.len()).filter(|at| is_own(&heard[*at])).collect();
        assert_eq!(joins.len(), 1, "{heard:#?}");
        let (before, since) = heard.split_at(joins[0]);
        assert!(before.iter().all(|frame| frame["type"] == "chat"));
        let live = since.iter().filter(|frame| frame["type"] == "chat").count();
        let of_chats = heard.iter().filter(|frame| frame["type"] == "chat");
        let chats: Vec<_> = of_chats
            .map(|frame| frame["content"].as_str().unwrap().to_owned())
            .collect();
        assert!(all.ends_with(&chats), "{chats:?}");
        assert_eq!(before.len(), (all.len() - live).min(50));
    }
}

#[tokio::test]
async fn the_messages_of_a_room_are_listed_as_they_were_told_oldest_first() {
    let server = Server::start().await;
    let client = server.client();
    let mut alice = FlatGuest::enter_room(&server, ALICE, "tea & cake").await;
    let path = "/api/rooms/tea%20&%20cake/messages";
    assert!(listed(&client.get(path).await).is_empty());
    let live = alice.say_many(ALICE, 53).await;
    for (limit, shown) in [
        ("", &live[3..]),
        ("?limit=50", &live[3..]),
        ("?limit=1", &live[52..]),
        ("?limit=52", &live[1..]),
        ("?limit=200", &live[..]),
    ] {
        let answer = client.get(&format!("{path}{limit}")).await;
        assert_eq!(listed(&answer), shown, "{limit}");
    }
}

#[tokio::test]
async fn the_messages_of_a_native_room_for_guests_are_listed_by_its_id() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = open_room(&ann, "Square").await;
    ann.say(&room, "native").await;
    let mut alice = FlatGuest::come(&server, ALICE, &room).await;
    let replayed = alice.chat((ann.id(), "Ann"), "native").await;
    alice.joined(ALICE).await;
    alice.say("guest").await;
    let live = alice.chat(ALICE, "guest").await;
    let path = format!("/api/rooms/{room}/messages");
    let answer = server.client().get(&path).await;
    assert_eq!(listed(&answer), &[replayed, live]);
}

#[tokio::test]
async fn the_messages_of_no_other_room_are_listed() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let private = ann.room("Private", &[]).await;
    let body = json!({"name": "Public", "visibility": "public"});
    let public = ann.post("/v1/rooms", body).await.body["id"].clone();
    let body = json!({"peer_user_id": bob.id()});
    let direct = ann.post("/v1/rooms/direct", body).await.body["id"].clone();
    let (public, direct) = (public.as_str().unwrap(), direct.as_str().unwrap());
    for room in [private.as_str(), public, direct] {
        ann.say(room, "secret").await;
    }
    let others = [
        private.as_str(),
        public,
        direct,
        "Private",
        "Public",
        NOBODY,
    ];
    for room in others {
        // With a token or without.
        for client in [&server.client(), &ann] {
            let answer = client.get(&format!("/api/rooms/{room}/messages")).await;
            answer.assert_problem(404, "room_not_found");
        }
    }
    let answer = server.client().get("/api/rooms/nowhere/messages").await;
    answer.assert_problem(404, "room_not_found");
    assert!(
        find_rooms(&ann, "nowhere").await.is_empty(),
        "made by asking"
    );
}

#[tokio::test]
async fn the_messages_of_a_user_are_listed_from_every_room_that_allows_guests() {
    let server = Server::start().await;
    let client = server.client();
    let ann = server.user("Ann").await;
    let square = open_room(&ann, "Square").await;
    let mut in_global = FlatGuest::enter(&server, ALICE).await;
    let mut in_tea = FlatGuest::enter_room(&server, ALICE, "tea").await;
    let mut in_square = FlatGuest::enter_room(&server, ALICE, &square).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    in_global.joined(BOB).await;
    bob.say("of another").await;
    in_global.chat(BOB, "of another").await;
    in_global.say("one").await;
    let one = in_global.chat(ALICE, "one").await;
    bob.until("one").await;
    in_tea.say("two").await;
    let two = in_tea.chat(ALICE, "two").await;
    in_square.say("three").await;
    let three = in_square.chat(ALICE, "three").await;
    let answer = client.get("/api/users/alice/messages").await;
    assert_eq!(listed(&answer), &[one, two.clone(), three.clone()]);
    let answer = client.get("/api/users/alice/messages?limit=2").await;
    assert_eq!(listed(&answer), &[two, three]);
    // They stay when the guest has left.
    in_global.close().await;
    bob.left(ALICE).await;
    let answer = client.get("/api/users/alice/messages?limit=200").await;
    let expected = [("global", "one"), ("tea", "two"), (&*square, "three")];
    assert_eq!(said(listed(&answer)), expected);
}

#[tokio::test]
async fn fifty_messages_of_a_user_are_listed_unless_another_number_is_asked_for() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    for number in 0..51 {
        let content = number.to_string();
        alice.say(&content).await;
        alice.chat(ALICE, &content).await;
    }
    let answer = server.client().get("/api/users/alice/messages").await;
    let listed = said(listed(&answer));
    let expected: Vec<_> = (1..51).map(|number| number.to_string()).collect();
    assert!(
        listed.iter().map(|(_, content)| *content).eq(&expected),
        "{listed:?}"
    );
}

#[tokio::test]
async fn the_messages_of_an_account_are_listed_from_no_room_that_guests_may_not_enter() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let global = join_room(&ann, "global").await;
    alice.joined((ann.id(), "Ann")).await;
    let square = open_room(&ann, "Square").await;
    let private = ann.room("Private", &[&bob]).await;
    let body = json!({"name": "Public", "visibility": "public"});
    let public = ann.post("/v1/rooms", body).await.body["id"].clone();
    for (room, content) in [
        (&private, "secret"),
        (&global, "one"),
        (&public.as_str().unwrap().to_owned(), "for accounts"),
        (&square, "two"),
        (&private, "secret too"),
    ] {
        ann.say(room, content).await;
    }
    let path = format!("/api/users/{}/messages", ann.id());
    for client in [&server.client(), &ann, &bob] {
        let answer = client.get(&path).await;
        let objects = listed(&answer);
        assert_eq!(said(objects), [("global", "one"), (&*square, "two")]);
        for (object, (room, content)) in objects.iter().zip(said(objects)) {
            assert_flat(object, room);
            assert_eq!(told(object), ("chat", (ann.id(), "Ann"), content));
        }
    }
}

#[tokio::test]
async fn nobody_has_said_nothing() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for user in ["nobody", "Ann", NOBODY, ann.id()] {
        let path = format!("/api/users/{user}/messages");
        let answer = server.client().get(&path).await;
        assert!(listed(&answer).is_empty(), "{answer:?}");
    }
}

#[tokio::test]
async fn the_lists_take_a_limit_of_1_to_200() {
    let server = Server::start().await;
    let client = server.client();
    let _alice = FlatGuest::enter(&server, ALICE).await;
    for path in ["/api/rooms/global/messages", "/api/users/alice/messages"] {
        for good in ["1", "200"] {
            let answer = client.get(&format!("{path}?limit={good}")).await;
            assert_eq!(listed(&answer).len(), 0);
        }
        for bad in ["0", "201", "4294967295"] {
            let answer = client.get(&format!("{path}?limit={bad}")).await;
            answer.assert_problem(400, "validation_failed");
            assert_eq!(answer.body["errors"][0]["field"], "limit", "{answer:?}");
        }
        for bad in ["-1", "x", ""] {
            let answer = client.get(&format!("{path}?limit={bad}")).await;
            assert_eq!(answer.status, 400, "{answer:?}");
        }
    }
}
