use std::cell::Cell;

use domain::{
    MessageId, ReactionChange, ReceiptKind, Role, RoomEventKind, Seq, User, UserId,
    values::{Emoji, GuestId, Username},
};
use serde_json::{Value, json};
use testkit::sample;
use uuid::Uuid;

use super::*;

const ROOM: RoomId = RoomId(Uuid::from_u128(1));

/// One of each.
fn codecs() -> [Codec; 3] {
    [Codec::Native, Codec::Flat("Lobby".into()), Codec::Stream]
}

/// A guest.
fn zoe() -> User {
    let guest_id = GuestId::parse("zoe-1").unwrap();
    let name = Username::parse("Zoë").unwrap();
    User::guest(UserId::of_guest(&guest_id), guest_id, name, sample::now())
}

fn message() -> Message {
    Message {
        id: MessageId(Uuid::from_u128(3)),
        ..sample::message(ROOM, Seq(7), &zoe(), "hi")
    }
}

fn event(members: Option<u64>, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: ROOM,
        seq: Seq(7),
        actor_id: zoe().id,
        at: sample::now(),
        members,
        kind,
    }
}

fn renamed() -> RoomEventKind {
    RoomEventKind::MemberRenamed {
        user_id: zoe().id,
        username: zoe().username,
        guest_id: zoe().guest_id,
    }
}

fn stream() -> LiveStream {
    LiveStream {
        id: StreamId(Uuid::from_u128(9)),
        room_id: ROOM,
        user_id: zoe().id,
        username: zoe().username,
        text: sample::content("Zoë!"),
        revision: 1,
        ..sample::live_stream()
    }
}

fn read(frame: &ByteString) -> Value {
    serde_json::from_str(frame).expect("JSON")
}

/// Each frame by its word.
fn words(frames: &[ByteString]) -> Vec<String> {
    let word = |frame: Value| {
        let word = frame["event"].as_str().or(frame["type"].as_str());
        word.expect("a word").to_owned()
    };
    frames.iter().map(|frame| word(read(frame))).collect()
}

#[test]
fn each_event_is_told_in_the_words_of_each_protocol_and_left_out_where_it_has_none() {
    let change = ReactionChange {
        message_id: message().id,
        user_id: zoe().id,
        username: zoe().username,
        emoji: Emoji::parse("+1").unwrap(),
        count: 1,
    };
    let joined = RoomEventKind::MemberJoined(sample::member(&zoe(), Role::Member));
    let left = RoomEventKind::MemberLeft {
        user_id: zoe().id,
        username: Some(zoe().username),
        guest_id: zoe().guest_id,
    };
    let message_id = message().id;
    let both: &[&str] = &["SYSTEM", "PARTICIPANTS"];
    let of_members: [(RoomEventKind, &str, &[&str]); 3] = [
        (joined, "member.joined", &["join"]),
        (left, "member.left", &["leave"]),
        (renamed(), "member.renamed", &[]),
    ];
    for (kind, native, flat) in of_members {
        let event = event(Some(4), kind);
        let told = codecs().map(|codec| words(&codec.room_event(&event)));
        assert_eq!(told[0], [native]);
        assert_eq!((&*told[1], &*told[2]), (&*strings(flat), &*strings(both)));
    }
    let sent = event(None, RoomEventKind::MessageSent(message()));
    let told = codecs().map(|codec| words(&codec.room_event(&sent)));
    assert_eq!(
        told.concat(),
        ["receive_message", "chat", "MESSAGE_COMMITTED"]
    );
    for (kind, native) in [
        (RoomEventKind::RoomCreated, "room.created"),
        (RoomEventKind::RoomDeleted, "room.deleted"),
        (RoomEventKind::MessageEdited(message()), "message.updated"),
        (
            RoomEventKind::MessageDeleted { message_id },
            "message.deleted",
        ),
        (
            RoomEventKind::ReactionAdded(change.clone()),
            "reaction.added",
        ),
        (RoomEventKind::ReactionRemoved(change), "reaction.removed"),
        (RoomEventKind::Other, "room.event"),
    ] {
        let event = event(None, kind);
        let told = codecs().map(|codec| words(&codec.room_event(&event)));
        assert_eq!(told.concat(), [native]);
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_guest_is_told_to_native_sockets_with_what_they_are_known_by() {
    let (id, name, room) = (zoe().id, "Zoë", ROOM);
    let now = "2026-01-02T03:04:05.000006Z";
    let joined = RoomEventKind::MemberJoined(sample::member(&zoe(), Role::Member));
    for (kind, word, data) in [
        (
            joined,
            "member.joined",
            json!({"room_id": room, "user_id": id, "username": name, "guest_id": "zoe-1", "role": "MEMBER",
                   "joined_at": now, "seq": 7}),
        ),
        (
            renamed(),
            "member.renamed",
            json!({"room_id": room, "user_id": id, "username": name, "seq": 7}),
        ),
        (
            RoomEventKind::MessageSent(message()),
            "receive_message",
            json!({"id": message().id, "room_id": room, "seq": 7, "sender_id": id, "username": name,
                   "guest_id": "zoe-1", "content": "hi", "attachments": [], "client_msg_id": null,
                   "interrupted": false, "status": "SENT", "created_at": now, "updated_at": now,
                   "edited_at": null, "edited_seq": null, "deleted_at": null, "reactions": []}),
        ),
    ] {
        let frames = Codec::Native.room_event(&event(Some(4), kind));
        let expected = json!({"event": word, "seq": 7, "data": data});
        assert_eq!(frames.iter().map(read).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn the_room_goes_by_the_name_that_the_socket_has_for_it() {
    let sent = event(None, RoomEventKind::MessageSent(message()));
    for name in ["Lobby", "01900000-0000-7000-8000-00000000000a"] {
        let frames = Codec::Flat(name.into()).room_event(&sent);
        assert_eq!(read(&frames[0])["roomId"], name);
    }
}

#[test]
fn what_passes_is_told_to_native_sockets_alone() {
    let (room_id, user_id, username) = (ROOM, zoe().id, zoe().username);
    let typing = BusEvent::Typing {
        room_id,
        user_id,
        username: username.clone(),
        active: true,
    };
    let presence = BusEvent::Presence {
        room_id,
        user_id,
        username,
        online: true,
    };
    let receipt = BusEvent::Receipt {
        room_id,
        user_id,
        message_id: message().id,
        seq: Seq(7),
        kind: ReceiptKind::Read,
    };
    for (event, word) in [
        (typing, "typing_start"),
        (presence, "presence.changed"),
        (receipt, "receipt.updated"),
    ] {
        let told = codecs().map(|codec| words(&codec.passing(&event)));
        assert_eq!(told.concat(), [word]);
    }
    // What is told in another way, in all of them.
    let changed = BusEvent::UserChanged { user_id };
    assert!(
        codecs()
            .iter()
            .all(|codec| codec.passing(&changed).is_empty())
    );
}

fn chunk(text: &str) -> Value {
    let timestamp = 1_767_323_046_000_i64;
    json!({"type": "STREAM_CHUNK", "payload": {"author": "Zoë", "chunk": text, "timestamp": timestamp}})
}

#[test]
fn what_is_being_written_is_told_by_its_changes_or_whole_or_not_at_all() {
    let now = sample::later(1);
    let begun = LiveStream {
        revision: 0,
        ..stream()
    };
    assert!(Codec::Stream.stream_shown(&begun, now).is_empty());
    let shown = codecs().map(|codec| codec.stream_shown(&stream(), now));
    assert_eq!(words(&shown[0]), ["stream.started"]);
    assert_eq!(read(&shown[0][0])["data"]["text"], "Zoë!");
    assert!(shown[1].is_empty());
    assert_eq!(
        shown[2].iter().map(read).collect::<Vec<_>>(),
        [chunk("Zoë!")]
    );

    let changed = codecs().map(|codec| codec.stream_changed(&stream(), 2, now));
    let id = stream().id;
    let delta = json!({"event": "stream.delta",
                       "data": {"id": id, "room_id": ROOM, "index": 2, "delta": "ë!"}});
    assert_eq!(changed[0].iter().map(read).collect::<Vec<_>>(), [delta]);
    assert_eq!(changed[1..], shown[1..]);
}

#[test]
fn a_stream_that_becomes_a_message_ends_with_it_where_only_messages_are_told() {
    let told = codecs().map(|codec| words(&codec.stream_finished(&message())));
    assert_eq!(told.concat(), ["stream.finished"]);
}

#[test]
fn a_stream_that_becomes_nothing_is_cleared_where_it_was_shown() {
    let written = stream();
    let ended = |stream| EndedStream {
        room_id: ROOM,
        id: written.id,
        why: StreamEnd::Aborted,
        stream,
        at: sample::later(1),
    };
    let aborted = json!({"event": "stream.aborted",
                         "data": {"id": written.id, "room_id": ROOM, "reason": "aborted"}});
    let known = codecs().map(|codec| codec.stream_aborted(&ended(Some(&written))));
    let said: Vec<Value> = known.concat().iter().map(read).collect();
    assert_eq!(said, [aborted.clone(), chunk("")]);
    // Who wrote it is not known here: nothing was shown, either.
    let unknown = codecs().map(|codec| codec.stream_aborted(&ended(None)));
    let said: Vec<Value> = unknown.concat().iter().map(read).collect();
    assert_eq!(said, [aborted]);
}

#[test]
fn authors_see_their_own_drafts_where_the_client_does_not_keep_them() {
    let shows = codecs().map(|codec| codec.shows_authors_their_own());
    assert_eq!(shows, [false, false, true]);
    assert_eq!(
        codecs().map(|codec| codec.is_native()),
        [true, false, false]
    );
}

#[test]
fn an_event_is_encoded_once_for_all_sockets_of_a_protocol_and_for_those_that_there_are() {
    let sent = event(None, RoomEventKind::MessageSent(message()));
    let encoded = Cell::new(0);
    let frames = PerCodec::new(|codec: &Codec| {
        encoded.set(encoded.get() + 1);
        codec.room_event(&sent)
    });
    assert_eq!(encoded.get(), 0, "for nobody");
    let [native, flat, stream] = codecs();
    for _ in 0..3 {
        assert_eq!(words(&frames.get(&flat)), ["chat"]);
        assert_eq!(words(&frames.get(&native)), ["receive_message"]);
    }
    assert_eq!(encoded.get(), 2);
    // The same bytes, not equal ones.
    let bytes = || frames.get(&flat)[0].as_bytes().as_ptr();
    assert_eq!(bytes(), bytes());
    for _ in 0..3 {
        assert_eq!(words(&frames.get(&stream)), ["MESSAGE_COMMITTED"]);
    }
    assert_eq!(encoded.get(), 3);
}

#[test]
fn sockets_that_name_the_room_differently_are_not_told_the_name_of_the_others() {
    let sent = event(None, RoomEventKind::MessageSent(message()));
    let frames = PerCodec::new(|codec: &Codec| codec.room_event(&sent));
    for name in ["lobby", "01900000-0000-7000-8000-00000000000a", "lobby"] {
        let told = frames.get(&Codec::Flat(name.into()));
        assert_eq!(read(&told[0])["roomId"], name);
    }
}

/// That a protocol has no word for it is known after the first socket, too.
#[test]
fn what_has_no_word_is_not_asked_for_twice() {
    let encoded = Cell::new(0);
    let frames = PerCodec::new(|_: &Codec| {
        encoded.set(encoded.get() + 1);
        Frames::new()
    });
    for _ in 0..3 {
        assert!(frames.get(&Codec::Stream).is_empty());
    }
    assert_eq!(encoded.get(), 1);
}
