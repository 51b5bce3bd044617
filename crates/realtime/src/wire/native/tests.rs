use domain::{
    Attachment, Message, MessageId, MessageStatus, ReactionCount, ReceiptKind, Role, SessionId,
    UserId,
    values::{AttachmentUrl, Emoji, MessageContent, MimeType, Username},
};
use serde_json::Value;
use testkit::sample;
use uuid::Uuid;

use super::*;

const NOW: &str = "2026-01-02T03:04:05.000006Z";

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// How id number `n` is written.
fn written(number: u128) -> String {
    id(number).to_string()
}

const ROOM: RoomId = RoomId(Uuid::from_u128(1));

fn zoe() -> User {
    let mut user = sample::user("Zoë");
    user.id = UserId(id(2));
    user.email = domain::values::Email::parse("zoe@example.org").unwrap();
    user
}

fn message() -> Message {
    let mut message = sample::message(ROOM, Seq(7), &zoe(), "a \"b\"\n");
    message.id = MessageId(id(3));
    message.attachments = vec![Attachment {
        url: AttachmentUrl::parse("https://files.example/a.png").unwrap(),
        mime_type: MimeType::parse("image/png").unwrap(),
        size_bytes: 5,
    }];
    message.client_msg_id = Some(sample::client_msg_id("mine"));
    message
}

fn thumb() -> Emoji {
    Emoji::parse("\u{1F44D}").unwrap()
}

fn message_json() -> Value {
    json!({
        "id": written(3), "room_id": written(1), "seq": 7, "sender_id": written(2), "username": "Zoë",
        "content": "a \"b\"\n",
        "attachments": [{"url": "https://files.example/a.png", "mime_type": "image/png", "size_bytes": 5}],
        "client_msg_id": "mine", "interrupted": false, "status": "SENT", "created_at": NOW, "updated_at": NOW,
        "edited_at": null, "edited_seq": null, "deleted_at": null, "reactions": [],
    })
}

fn event(seq: u64, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: ROOM,
        seq: Seq(seq),
        actor_id: UserId(id(2)),
        at: sample::now(),
        members: None,
        kind,
    }
}

/// The frame says this and nothing else, on one line.
#[track_caller]
fn assert_says(frame: &str, expected: Value) {
    let said: Value = serde_json::from_str(frame).expect("JSON");
    assert_eq!(said, expected);
    assert!(!frame.contains('\n'));
}

#[test]
fn ready_says_who_one_is_and_where_each_room_stands() {
    let room = RoomSnapshot {
        room_id: ROOM,
        last_seq: Seq(9),
        last_read_seq: Seq(4),
        unread: 3,
    };
    let (every, spread) = (Duration::from_secs(25), Duration::from_millis(5_500));
    let frame = ready(ConnectionId(id(8)), &zoe(), every, spread, &[room]);
    assert_says(
        &frame,
        json!({"event": "ready", "data": {
            "session_id": written(8),
            "user": {"id": written(2), "username": "Zoë", "name": "Zoë", "email": "zoe@example.org",
                     "status": "OFFLINE", "is_admin": false, "shares_drafts": true, "created_at": NOW, "updated_at": NOW},
            "ping_interval_ms": 25_000, "reconnect_spread_ms": 5_500,
            "rooms": [{"room_id": written(1), "last_seq": 9, "last_read_seq": 4, "unread": 3}],
        }}),
    );
}

#[test]
fn an_answer_repeats_the_reference_as_it_was_written() {
    let number = Reference::Number(-7);
    assert_says(
        &acknowledged(&number, json!({"a": 1})),
        json!({"event": "ack", "id": -7, "data": {"a": 1}}),
    );
    let text = Reference::Text("7".to_owned());
    assert_says(
        &rejected(Some(&text), json!({"code": "c", "detail": "d"})),
        json!({"event": "error", "id": "7", "data": {"code": "c", "detail": "d"}}),
    );
    assert_says(
        &rejected(None, json!({"code": "c", "detail": "d"})),
        json!({"event": "error", "data": {"code": "c", "detail": "d"}}),
    );
}

#[test]
fn a_sent_message_is_told_whole() {
    let frame = room_event(&event(7, RoomEventKind::MessageSent(message())));
    assert_says(
        &frame,
        json!({"event": "receive_message", "seq": 7, "data": message_json()}),
    );
}

#[test]
fn an_edited_message_is_told_whole_with_the_number_of_the_edit() {
    let mut edited = message();
    edited.status = MessageStatus::Read;
    edited.edited_at = Some(sample::now());
    edited.edited_seq = Some(Seq(9));
    let mut data = message_json();
    data["status"] = json!("READ");
    data["edited_at"] = json!(NOW);
    data["edited_seq"] = json!(9);
    assert_says(
        &room_event(&event(9, RoomEventKind::MessageEdited(edited))),
        json!({"event": "message.updated", "seq": 9, "data": data}),
    );
}

#[test]
fn a_message_is_told_with_how_often_each_emoji_stands_there() {
    let mut reacted = message();
    reacted.reactions = vec![ReactionCount {
        emoji: thumb(),
        count: 11,
        user_ids: vec![UserId(id(2)), UserId(id(5))],
        last_seq: Seq(19),
    }];
    let mut data = message_json();
    data["reactions"] = json!([{
        "emoji": "\u{1F44D}", "count": 11, "user_ids": [written(2), written(5)], "last_seq": 19,
    }]);
    assert_says(
        &room_event(&event(7, RoomEventKind::MessageSent(reacted))),
        json!({"event": "receive_message", "seq": 7, "data": data}),
    );
}

#[test]
fn a_reaction_is_told_with_how_often_its_emoji_stands_there_then() {
    let change = |count| ReactionChange {
        message_id: MessageId(id(3)),
        user_id: UserId(id(2)),
        username: zoe().username,
        emoji: thumb(),
        count,
    };
    for (event_name, count, kind) in [
        ("reaction.added", 2, RoomEventKind::ReactionAdded(change(2))),
        (
            "reaction.removed",
            0,
            RoomEventKind::ReactionRemoved(change(0)),
        ),
    ] {
        assert_says(
            &room_event(&event(9, kind)),
            json!({"event": event_name, "seq": 9, "data": {
                "room_id": written(1), "message_id": written(3), "user_id": written(2), "username": "Zoë",
                "emoji": "\u{1F44D}", "count": count, "seq": 9}}),
        );
    }
}

#[test]
fn a_deleted_message_is_told_by_its_id() {
    let message_id = MessageId(id(3));
    assert_says(
        &room_event(&event(9, RoomEventKind::MessageDeleted { message_id })),
        json!({"event": "message.deleted", "seq": 9,
               "data": {"id": written(3), "room_id": written(1), "seq": 9}}),
    );
}

fn zoe_left() -> RoomEventKind {
    RoomEventKind::MemberLeft {
        user_id: UserId(id(2)),
        username: Some(zoe().username),
        guest_id: None,
    }
}

#[test]
fn comings_and_goings_are_told() {
    let member = sample::member(&zoe(), Role::Admin);
    assert_says(
        &room_event(&event(3, RoomEventKind::MemberJoined(member))),
        json!({"event": "member.joined", "seq": 3,
               "data": {"room_id": written(1), "user_id": written(2), "username": "Zoë",
                        "role": "ADMIN", "joined_at": NOW, "seq": 3, "guest_id": null}}),
    );
    assert_says(
        &room_event(&event(4, zoe_left())),
        json!({"event": "member.left", "seq": 4,
               "data": {"room_id": written(1), "user_id": written(2), "seq": 4}}),
    );
}

#[test]
fn the_beginning_and_the_end_of_a_room_are_told() {
    let data = json!({"room_id": written(1), "seq": 1});
    assert_says(
        &room_event(&event(1, RoomEventKind::RoomCreated)),
        json!({"event": "room.created", "seq": 1, "data": data}),
    );
    assert_says(
        &room_event(&event(1, RoomEventKind::RoomDeleted)),
        json!({"event": "room.deleted", "seq": 1, "data": data}),
    );
}

#[test]
fn a_room_that_one_was_added_to_is_told_whole() {
    let mut room = sample::room(UserId(id(2)));
    room.id = ROOM;
    assert_says(
        &room_added(&room),
        json!({"event": "room_added", "data": {
            "id": written(1), "name": "The kitchen", "description": "", "is_group": true,
            "visibility": "private", "guests": false, "created_by": written(2), "created_at": NOW, "last_seq": 2,
        }}),
    );
}

#[test]
fn a_room_that_one_is_out_of_is_told_with_the_reason() {
    for (reason, word) in [
        (RemovalReason::Left, "left"),
        (RemovalReason::Removed, "removed"),
        (RemovalReason::RoomDeleted, "room_deleted"),
    ] {
        assert_says(
            &room_removed(ROOM, reason),
            json!({"event": "room_removed", "data": {"room_id": written(1), "reason": word}}),
        );
    }
}

#[test]
fn who_comes_back_is_told_from_where_on_and_up_to_where() {
    assert_says(
        &resumed(ROOM, Seq(4), Seq(9)),
        json!({"event": "resumed", "data": {
            "room_id": written(1), "from": 4, "to": 9, "recovered": true}}),
    );
}

#[test]
fn who_missed_too_much_is_told_where_the_room_stands() {
    assert_says(
        &not_resumed(ROOM, Seq(4), Seq(9)),
        json!({"event": "resumed", "data": {
            "room_id": written(1), "from": 4, "last_seq": 9, "recovered": false}}),
    );
}

#[test]
fn a_token_that_expires_is_told_with_its_time() {
    assert_says(
        &token_expiring(sample::now()),
        json!({"event": "token_expiring", "data": {"expires_at": NOW}}),
    );
}

#[test]
fn typing_always_names_the_room() {
    for (active, event) in [(true, "typing_start"), (false, "typing_stop")] {
        let typing = BusEvent::Typing {
            room_id: ROOM,
            user_id: UserId(id(2)),
            username: zoe().username,
            active,
        };
        assert_says(
            &bus_frame(&typing).unwrap(),
            json!({"event": event,
                   "data": {"username": "Zoë", "user_id": written(2), "room_id": written(1)}}),
        );
    }
}

#[test]
fn presence_is_told_in_the_words_of_a_status() {
    for (online, status) in [(true, "ONLINE"), (false, "OFFLINE")] {
        let presence = BusEvent::Presence {
            room_id: ROOM,
            user_id: UserId(id(2)),
            username: zoe().username,
            online,
        };
        assert_says(
            &bus_frame(&presence).unwrap(),
            json!({"event": "presence.changed", "data": {
                "room_id": written(1), "user_id": written(2), "username": "Zoë", "status": status}}),
        );
    }
}

#[test]
fn a_receipt_names_the_message_and_its_number() {
    for (kind, status) in [
        (ReceiptKind::Delivered, "DELIVERED"),
        (ReceiptKind::Read, "READ"),
    ] {
        let receipt = BusEvent::Receipt {
            room_id: ROOM,
            user_id: UserId(id(2)),
            message_id: MessageId(id(3)),
            seq: Seq(7),
            kind,
        };
        assert_says(
            &bus_frame(&receipt).unwrap(),
            json!({"event": "receipt.updated", "data": {
                "room_id": written(1), "user_id": written(2), "message_id": written(3),
                "status": status, "message_seq": 7}}),
        );
    }
}

#[test]
fn what_is_told_in_another_way_is_no_passing_event() {
    let (user_id, session_id) = (UserId(id(2)), SessionId(id(4)));
    let revoked = BusEvent::SessionRevoked {
        user_id,
        session_id,
    };
    assert_eq!(bus_frame(&revoked), None);
    assert_eq!(bus_frame(&BusEvent::Room(event(4, zoe_left()))), None);
}

#[test]
fn a_stream_is_told_from_its_begin_to_its_end() {
    let stream = LiveStream {
        id: StreamId(id(9)),
        room_id: ROOM,
        user_id: UserId(id(2)),
        username: Username::parse("Zoë").unwrap(),
        text: MessageContent::parse("Zoë").unwrap(),
        revision: 4,
        ..sample::live_stream()
    };
    assert_says(
        &stream_started(&stream),
        json!({"event": "stream.started", "data": {
            "id": written(9), "room_id": written(1), "user_id": written(2), "username": "Zoë", "kind": "message",
            "when_lost": "drop", "is_hidden": false, "state": "open", "text": "Zoë", "index": 3, "revision": 4,
            "started_at": NOW}}),
    );
    assert_says(
        &stream_delta(ROOM, stream.id, 2, "e\n"),
        json!({"event": "stream.delta", "data": {
            "id": written(9), "room_id": written(1), "index": 2, "delta": "e\n"}}),
    );
    let finished: Value = serde_json::from_str(&stream_finished(&message())).unwrap();
    let sent = room_event(&event(7, RoomEventKind::MessageSent(message())));
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(finished["event"], "stream.finished");
    assert_eq!(finished["data"], sent["data"]);
    for (why, reason) in [
        (StreamEnd::Aborted, "aborted"),
        (StreamEnd::Lost, "lost"),
        (StreamEnd::Removed, "removed"),
        (StreamEnd::Hidden, "hidden"),
    ] {
        assert_says(
            &stream_aborted(ROOM, stream.id, why),
            json!({"event": "stream.aborted", "data": {
                "id": written(9), "room_id": written(1), "reason": reason}}),
        );
    }
    assert_says(
        &stream_stop(ROOM, stream.id, UserId(id(5))),
        json!({"event": "stream.stop", "data": {
            "id": written(9), "room_id": written(1), "user_id": written(5)}}),
    );
}
