use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{ALICE, BOB, FlatGuest, StreamGuest, join_room, open_room, told};
use crate::{api::Client, server::Server, socket::Socket};

/// A guest in `global`, and an account that has joined it.
async fn global(server: &Server) -> (FlatGuest, Client, String) {
    let mut alice = FlatGuest::enter(server, ALICE).await;
    let ann = server.user("Ann").await;
    let room = join_room(&ann, "global").await;
    alice.joined((ann.id(), "Ann")).await;
    (alice, ann, room)
}

/// Lets an account leave a room.
async fn leave(account: &Client, room: &str) {
    let path = format!("/v1/rooms/{room}/members/{}", account.id());
    let left = account.delete(&path).await;
    assert_eq!(left.status, 204, "{left:?}");
}

/// What a native socket is told of the log up to the message of this content: the events, and that their numbers go on from
/// where it stood when it was ready.
async fn log_until(socket: &mut Socket, content: &str) -> Vec<Value> {
    let mut frames = socket.until(content).await;
    frames.retain(|frame| frame["seq"].is_number());
    let start = socket.ready["rooms"][0]["last_seq"].as_u64().unwrap();
    let numbers: Vec<_> = frames
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    let expected: Vec<_> = (start + 1..=start + frames.len() as u64).collect();
    assert_eq!(numbers, expected, "{frames:#?}");
    frames
}

#[tokio::test]
async fn the_two_dialects_are_one_room_and_see_each_other() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut cat = StreamGuest::enter(&server, 2).await;
    let came = alice.next().await;
    let (kind, (id, name), content) = told(&came);
    let given = id.strip_prefix("guest:").unwrap();
    given.parse::<Uuid>().unwrap();
    assert!(name.starts_with("Guest-"), "{came}");
    assert_eq!((kind, content), ("join", format!("{name} joined").as_str()));
    // Another name is told in "stream" alone, and is that of what is said from then on.
    cat.send("JOIN", json!({"name": "Cat"})).await;
    cat.chatting("Cat", 2).await;
    cat.commit("from stream").await;
    let time = cat.committed("Cat", "from stream").await;
    let message = alice.chat((id, "Cat"), "from stream").await;
    let at: jiff::Timestamp = message["timestamp"].as_str().unwrap().parse().unwrap();
    assert_eq!(at.as_millisecond(), time);
    alice.say("from flat").await;
    alice.chat(ALICE, "from flat").await;
    cat.committed("Alice", "from flat").await;
    let bob = FlatGuest::come(&server, BOB, "global").await;
    alice.joined(BOB).await;
    cat.chatting("Bob", 3).await;
    bob.close().await;
    alice.left(BOB).await;
    cat.left("Bob", 2).await;
    cat.close().await;
    alice.left((id, "Cat")).await;
}

#[tokio::test]
async fn stream_is_in_no_other_room_than_global() {
    let server = Server::start().await;
    let mut cat = StreamGuest::join(&server, "Cat", 1).await;
    let mut alice = FlatGuest::enter_room(&server, ALICE, "elsewhere").await;
    alice.say("unseen").await;
    alice.chat(ALICE, "unseen").await;
    cat.commit("unheard").await;
    cat.committed("Cat", "unheard").await;
    alice.say("end").await;
    alice.chat(ALICE, "end").await;
}

#[tokio::test]
async fn a_native_member_who_comes_and_goes_is_told_in_both_dialects() {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let mut cat = StreamGuest::join(&server, "Cat", 2).await;
    alice.next().await;
    let ann = server.user("Ann").await;
    let of_ann = (ann.id(), "Ann");
    let room = join_room(&ann, "global").await;
    alice.joined(of_ann).await;
    cat.chatting("Ann", 3).await;
    // An account is a member with a socket or without.
    let socket = ann.socket(&server, &[&room]).await;
    socket.close().await;
    ann.say(&room, "no socket").await;
    alice.chat(of_ann, "no socket").await;
    cat.committed("Ann", "no socket").await;
    leave(&ann, &room).await;
    alice.left(of_ann).await;
    cat.left("Ann", 2).await;
}

#[tokio::test]
async fn the_messages_of_natives_are_told_in_both_dialects_whichever_way_they_were_sent() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    alice.next().await;
    let mut native = ann.socket(&server, &[&room]).await;
    let by_socket = native.say(&room, "over a socket").await;
    let by_rest = ann.say(&room, "over REST").await;
    for sent in [by_socket, by_rest] {
        let content = sent["content"].as_str().unwrap();
        let heard = alice.chat((ann.id(), "Ann"), content).await;
        let same = (&heard["messageId"], &heard["timestamp"]);
        assert_eq!(same, (&sent["id"], &sent["created_at"]));
        let at: jiff::Timestamp = sent["created_at"].as_str().unwrap().parse().unwrap();
        let time = cat.committed("Ann", content).await;
        assert_eq!(time, at.as_millisecond());
    }
}

#[tokio::test]
async fn a_native_client_sees_guests_come_talk_and_go() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let mut native = ann.socket(&server, &[&room]).await;
    let mut bob = FlatGuest::enter(&server, BOB).await;
    alice.joined(BOB).await;
    bob.say("hi").await;
    let message = bob.chat(BOB, "hi").await;
    alice.chat(BOB, "hi").await;
    bob.close().await;
    alice.left(BOB).await;
    ann.say(&room, "end").await;

    let heard = log_until(&mut native, "end").await;
    let [joined, received, left, end] = &heard[..] else {
        panic!("{heard:#?}");
    };
    let (data, user) = (&joined["data"], &joined["data"]["user_id"]);
    user.as_str().unwrap().parse::<Uuid>().unwrap();
    assert_eq!(joined["event"], "member.joined");
    for (field, value) in [
        ("room_id", json!(room)),
        ("username", json!("Bob")),
        ("guest_id", json!("bob")),
        ("role", json!("MEMBER")),
        ("seq", joined["seq"].clone()),
    ] {
        assert_eq!(data[field], value, "{field}: {data}");
    }
    let data = &received["data"];
    assert_eq!(received["event"], "receive_message");
    for (field, value) in [
        ("id", &message["messageId"]),
        ("room_id", &json!(room)),
        ("sender_id", user),
        ("username", &json!("Bob")),
        ("guest_id", &json!("bob")),
        ("content", &json!("hi")),
        ("created_at", &message["timestamp"]),
        ("attachments", &json!([])),
    ] {
        assert_eq!(data[field], *value, "{field}: {data}");
    }
    let data = &left["data"];
    assert_eq!(left["event"], "member.left");
    assert_eq!((&data["room_id"], &data["user_id"]), (&json!(room), user));
    // An account has no such id.
    assert_eq!(end["data"]["guest_id"], Value::Null);
}

#[tokio::test]
async fn the_name_that_a_guest_joins_by_is_told_natively() {
    let server = Server::start().await;
    let (_alice, ann, room) = global(&server).await;
    let mut native = ann.socket(&server, &[&room]).await;
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    cat.commit("end").await;
    cat.committed("Cat", "end").await;
    let heard = log_until(&mut native, "end").await;
    let [joined, renamed, received] = &heard[..] else {
        panic!("{heard:#?}");
    };
    let user = &joined["data"]["user_id"];
    let name = joined["data"]["username"].as_str().unwrap();
    assert!(name.starts_with("Guest-"), "{joined}");
    assert!(joined["data"]["guest_id"].is_string(), "{joined}");
    assert_eq!(renamed["event"], "member.renamed");
    let expected =
        json!({"room_id": room, "user_id": user, "username": "Cat", "seq": renamed["seq"]});
    assert_eq!(renamed["data"], expected);
    let data = &received["data"];
    assert_eq!(
        (&data["sender_id"], &data["username"], &data["guest_id"]),
        (user, &json!("Cat"), &joined["data"]["guest_id"])
    );
}

#[tokio::test]
async fn all_three_protocols_tell_one_log_without_gaps() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let of_ann = (ann.id(), "Ann");
    let mut native = ann.socket(&server, &[&room]).await;
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    let came = alice.next().await;
    let of_cat = (told(&came).1.0, "Cat");
    alice.say("flat").await;
    alice.chat(ALICE, "flat").await;
    cat.committed("Alice", "flat").await;
    cat.commit("stream").await;
    cat.committed("Cat", "stream").await;
    alice.chat(of_cat, "stream").await;
    native.say(&room, "native").await;
    alice.chat(of_ann, "native").await;
    cat.committed("Ann", "native").await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    for (who, content) in [(ALICE, "flat"), (of_cat, "stream"), (of_ann, "native")] {
        bob.chat(who, content).await;
    }
    bob.joined(BOB).await;
    alice.joined(BOB).await;
    cat.chatting("Bob", 4).await;
    cat.close().await;
    for guest in [&mut alice, &mut bob] {
        guest.left(of_cat).await;
    }
    ann.say(&room, "end").await;
    let heard = log_until(&mut native, "end").await;
    let events: Vec<_> = heard.iter().map(|frame| &frame["event"]).collect();
    let expected = [
        "member.joined",
        "member.renamed",
        "receive_message",
        "receive_message",
        "receive_message",
        "member.joined",
        "member.left",
        "receive_message",
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn an_edit_and_a_deletion_are_not_told_and_what_is_deleted_is_not_told_again() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let of_ann = (ann.id(), "Ann");
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    alice.next().await;
    let message = ann.say(&room, "frist").await;
    alice.chat(of_ann, "frist").await;
    cat.committed("Ann", "frist").await;
    let path = format!(
        "/v1/rooms/{room}/messages/{}",
        message["id"].as_str().unwrap()
    );
    let edited = ann.patch(&path, json!({"content": "first"})).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    assert_eq!(ann.delete(&path).await.status, 204);
    ann.say(&room, "next").await;
    let next = alice.chat(of_ann, "next").await;
    cat.committed("Ann", "next").await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    assert_eq!(bob.next().await, next);
    bob.joined(BOB).await;
    let client = server.client();
    for path in [
        "/api/rooms/global/messages".to_owned(),
        format!("/api/users/{}/messages", ann.id()),
    ] {
        let listed = client.get(&path).await;
        assert_eq!((listed.status, &listed.body), (200, &json!([next])));
    }
}

#[tokio::test]
async fn what_else_natives_do_is_not_told_in_the_dialects() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    alice.next().await;
    alice.say("hi").await;
    alice.chat(ALICE, "hi").await;
    cat.committed("Alice", "hi").await;
    let listed = ann.get(&format!("/v1/rooms/{room}/messages")).await;
    let message = listed.body["messages"][0].clone();
    let mut native = ann.socket(&server, &[&room]).await;
    for event in ["typing_start", "typing_stop"] {
        native.command(event, event, json!({"room_id": room})).await;
        assert_eq!(native.answer(event).await["event"], "ack");
    }
    ann.react(&message, "👍").await;
    ann.unreact(&message, "👍").await;
    let id = message["id"].as_str().unwrap();
    let read = ann
        .poke(&format!("/v1/rooms/{room}/messages/{id}/read"))
        .await;
    assert_eq!(read.status, 204, "{read:?}");
    ann.say(&room, "end").await;
    alice.chat((ann.id(), "Ann"), "end").await;
    cat.committed("Ann", "end").await;
}

#[tokio::test]
async fn a_name_leads_to_the_room_that_guests_made_by_it_and_to_no_other() {
    let server = Server::start().await;
    let (mut alice, ann, room) = global(&server).await;
    let mut cat = StreamGuest::join(&server, "Cat", 3).await;
    alice.next().await;
    let private = ann.room("global", &[]).await;
    let square = open_room(&ann, "global").await;
    for other in [&private, &square] {
        ann.say(other, "elsewhere").await;
    }
    ann.say(&room, "end").await;
    alice.chat((ann.id(), "Ann"), "end").await;
    cat.committed("Ann", "end").await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    bob.chat((ann.id(), "Ann"), "end").await;
    bob.joined(BOB).await;
    let listed = server.client().get("/api/rooms/global/messages").await;
    assert_eq!(listed.body.as_array().unwrap().len(), 1, "{listed:?}");
}
