use domain::{
    Member, Message, MessageId, ReactionChange, Role, Seq, User, UserId,
    values::{Emoji, GuestId},
};
use serde_json::Value;
use testkit::sample;

use super::*;

/// When samples were made, in milliseconds, and a second later.
const NOW: i64 = 1_767_323_045_000;
const LATER: i64 = NOW + 1_000;

fn named(name: &str) -> User {
    guest(GuestId::parse("zoe-1").unwrap(), name)
}

/// A guest of this dialect, who cannot choose an id.
fn nameless(name: &str) -> User {
    guest(GuestId::given("1").unwrap(), name)
}

fn guest(guest_id: GuestId, name: &str) -> User {
    let name = Username::parse(name).unwrap();
    User::guest(UserId::of_guest(&guest_id), guest_id, name, sample::now())
}

/// A guest.
fn zoe() -> User {
    named("Zoë")
}

fn message() -> Message {
    let room = domain::RoomId(sample::id());
    sample::message(room, Seq(7), &zoe(), "a \"b\"\n👋")
}

/// Told a second after what it is about, in a room of so many.
fn event(members: Option<u64>, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: domain::RoomId(sample::id()),
        seq: Seq(7),
        actor_id: zoe().id,
        at: sample::later(1),
        members,
        kind,
    }
}

fn joined(user: &User) -> RoomEventKind {
    let member: Member = sample::member(user, Role::Member);
    RoomEventKind::MemberJoined(member)
}

/// The frames say these and nothing else, each on one line.
#[track_caller]
fn assert_say(frames: &[ByteString], expected: &[Value]) {
    let json = |frame: &ByteString| serde_json::from_str(frame).expect("JSON");
    let said: Vec<Value> = frames.iter().map(json).collect();
    assert_eq!(said, expected);
    assert!(!frames.iter().any(|frame| frame.contains('\n')));
}

fn says(text: &str) -> Value {
    json!({"type": "SYSTEM", "payload": {"text": text}})
}

fn counts(count: u64) -> Value {
    json!({"type": "PARTICIPANTS", "payload": {"count": count}})
}

#[test]
fn a_message_is_told_with_its_author_by_name_and_its_time() {
    let frames = room_event(&event(None, RoomEventKind::MessageSent(message())));
    let payload = json!({"author": "Zoë", "text": "a \"b\"\n👋", "timestamp": NOW});
    assert_say(
        &frames,
        &[json!({"type": "MESSAGE_COMMITTED", "payload": payload})],
    );
}

#[test]
fn who_comes_goes_or_is_renamed_is_told_with_how_many_there_are() {
    let renamed = RoomEventKind::MemberRenamed {
        user_id: zoe().id,
        username: zoe().username,
        guest_id: zoe().guest_id,
    };
    let left = RoomEventKind::MemberLeft {
        user_id: zoe().id,
        username: Some(zoe().username),
        guest_id: zoe().guest_id,
    };
    for (kind, text) in [
        (joined(&zoe()), "Zoë is now chatting"),
        (renamed, "Zoë is now chatting"),
        (left, "Zoë left"),
    ] {
        let frames = room_event(&event(Some(4), kind));
        assert_say(&frames, &[says(text), counts(4)]);
    }
}

#[test]
fn what_an_older_node_does_not_tell_is_not_made_up() {
    let left = RoomEventKind::MemberLeft {
        user_id: zoe().id,
        username: None,
        guest_id: None,
    };
    assert_say(&room_event(&event(None, left)), &[says("Somebody left")]);
    let frames = room_event(&event(None, joined(&zoe())));
    assert_say(&frames, &[says("Zoë is now chatting")]);
}

#[test]
fn who_has_no_name_yet_is_counted_and_not_named() {
    for name in ["Guest-10", "Guest-99", "Guest-00"] {
        let frames = room_event(&event(Some(4), joined(&nameless(name))));
        assert_say(&frames, &[counts(4)]);
        // Who is really called so.
        let account = User {
            guest_id: None,
            ..nameless(name)
        };
        for user in [named(name), account] {
            let frames = room_event(&event(Some(4), joined(&user)));
            let told = says(&format!("{name} is now chatting"));
            assert_say(&frames, &[told, counts(4)]);
        }
    }
    for name in [
        "Guest-1",
        "Guest-100",
        "Guest-ab",
        "Guest-1²",
        "guest-10",
        "Guest 10",
        "My Guest-10",
    ] {
        let frames = room_event(&event(Some(4), joined(&nameless(name))));
        assert_say(
            &frames,
            &[says(&format!("{name} is now chatting")), counts(4)],
        );
    }
}

#[test]
fn who_calls_themselves_so_is_named_all_the_same() {
    let user = named("Guest-10");
    let renamed = RoomEventKind::MemberRenamed {
        user_id: user.id,
        username: user.username,
        guest_id: user.guest_id,
    };
    let frames = room_event(&event(Some(4), renamed));
    assert_say(&frames, &[says("Guest-10 is now chatting"), counts(4)]);
}

#[test]
fn who_has_no_name_is_called_guest_and_two_digits() {
    for (number, name) in [
        (0, "Guest-10"),
        (1, "Guest-11"),
        (89, "Guest-99"),
        (90, "Guest-10"),
        (u128::MAX, "Guest-85"),
    ] {
        assert_eq!(unnamed(number).as_str(), name, "{number}");
    }
    for number in 0..90 {
        let member = sample::member(&nameless(unnamed(number).as_str()), Role::Member);
        assert!(is_unnamed(&member));
    }
}

#[test]
fn the_rest_has_no_word_here() {
    let change = ReactionChange {
        message_id: MessageId(sample::id()),
        user_id: zoe().id,
        username: zoe().username,
        emoji: Emoji::parse("+1").unwrap(),
        count: 1,
    };
    let deleted = Message {
        deleted_at: Some(sample::later(1)),
        ..message()
    };
    for kind in [
        RoomEventKind::RoomCreated,
        RoomEventKind::RoomDeleted,
        RoomEventKind::MessageEdited(message()),
        // As a replay tells one that was deleted since.
        RoomEventKind::MessageSent(deleted),
        RoomEventKind::MessageDeleted {
            message_id: change.message_id,
        },
        RoomEventKind::ReactionAdded(change.clone()),
        RoomEventKind::ReactionRemoved(change.clone()),
        RoomEventKind::Other,
    ] {
        assert_say(&room_event(&event(None, kind)), &[]);
    }
}

#[test]
fn what_is_being_written_is_shown_whole_and_cleared_in_the_end() {
    let stream = LiveStream {
        username: zoe().username,
        text: sample::content("so \"far\"\n"),
        ..sample::live_stream()
    };
    let chunk_of = |chunk: &str| json!({"type": "STREAM_CHUNK", "payload": {"author": "Zoë", "chunk": chunk, "timestamp": LATER}});
    let now = sample::later(1);
    assert_say(&[chunk(&stream, now)], &[chunk_of("so \"far\"\n")]);
    assert_say(&[cleared(&zoe().username, now)], &[chunk_of("")]);
}

#[test]
fn the_server_says_something_and_counts() {
    assert_say(&[system("a \"b\"\n")], &[says("a \"b\"\n")]);
    assert_say(
        &[participants(0), participants(12)],
        &[counts(0), counts(12)],
    );
}

fn join(name: &str) -> StreamCommand {
    StreamCommand::Join {
        name: name.to_owned(),
    }
}

#[test]
fn each_command_is_read_with_its_text_as_it_is() {
    let (chunk, text) = ("so \n".to_owned(), " a \"b\"".to_owned());
    for (frame, command) in [
        (
            r#"{"type":"JOIN","payload":{"name":" Zo\u00eb"}}"#,
            join(" Zoë"),
        ),
        (
            r#"{"type":"STREAM_CHUNK","payload":{"chunk":"so \n"}}"#,
            StreamCommand::StreamChunk { chunk },
        ),
        (
            r#"{"type":"STREAM_CHUNK","payload":{"chunk":""}}"#,
            StreamCommand::StreamChunk {
                chunk: String::new(),
            },
        ),
        (
            r#"{"type":"COMMIT_MESSAGE","payload":{"text":" a \"b\""}}"#,
            StreamCommand::CommitMessage { text },
        ),
    ] {
        assert_eq!(parse(frame), Ok(command), "{frame}");
    }
}

#[test]
fn neither_the_order_of_fields_nor_others_between_them_matter() {
    for frame in [
        r#"{"payload":{"name":"Zoë"},"type":"JOIN"}"#,
        " \n{ \"type\" : \"JOIN\" , \"payload\" : { \"name\" : \"Zoë\" } }\r\n",
        r#"{"id":7,"type":"JOIN","unheard":[[]],"payload":{"color":"red","name":"Zoë","age":{}}}"#,
        r#"{"payload":{"color":"red","name":"Zoë"},"unheard":null,"type":"JOIN"}"#,
    ] {
        assert_eq!(parse(frame), Ok(join("Zoë")), "{frame}");
    }
}

/// The use cases know what is too long, and say so.
#[test]
fn a_long_text_is_read_whole() {
    let text = "👋".repeat(10_000);
    let frame = json!({"type": "COMMIT_MESSAGE", "payload": {"text": text}}).to_string();
    assert_eq!(parse(&frame), Ok(StreamCommand::CommitMessage { text }));
}

#[test]
fn what_is_no_command_is_refused() {
    for frame in [
        "",
        "hello",
        "null",
        "\"JOIN\"",
        "{}",
        // Fields in the order of a struct are no object.
        r#"["JOIN",{"name":"Zoë"}]"#,
        r#"{"type":"JOIN","payload":["Zoë"]}"#,
        r#"{"payload":["Zoë"],"type":"JOIN"}"#,
        r#"{"type":"JOIN","payload":{"name":"Zoë"}"#,
        r#"{"type":"JOIN","payload":{"name":"Zoë"}}{}"#,
        r#"{"type":"JOIN"}"#,
        r#"{"payload":{"name":"Zoë"}}"#,
        r#"{"type":"JOIN","payload":null}"#,
        r#"{"type":"JOIN","payload":"Zoë"}"#,
        r#"{"type":"JOIN","payload":{}}"#,
        r#"{"type":"JOIN","payload":{"name":null}}"#,
        r#"{"type":"JOIN","payload":{"name":7}}"#,
        r#"{"type":"JOIN","payload":{"name":["Zoë"]}}"#,
        r#"{"type":"JOIN","payload":{"name":"\ud83d"}}"#,
        r#"{"type":"JOIN","name":"Zoë"}"#,
        r#"{"type":"COMMIT_MESSAGE","payload":{"name":"Zoë"}}"#,
        r#"{"type":"STREAM_CHUNK","payload":{"text":"so far"}}"#,
        r#"{"type":"join","payload":{"name":"Zoë"}}"#,
        r#"{"type":"StreamChunk","payload":{"chunk":""}}"#,
        r#"{"type":"SYSTEM","payload":{"text":"hi"}}"#,
        r#"{"type":["JOIN"],"payload":{"name":"Zoë"}}"#,
        r#"{"type":null,"payload":{"name":"Zoë"}}"#,
        r#"{"type":0,"payload":{"name":"Zoë"}}"#,
        r#"{"type":"JOIN","payload":{"name":"a","name":"b"}}"#,
        r#"{"type":"JOIN","type":"JOIN","payload":{"name":"a"}}"#,
        r#"{"type":"JOIN","payload":{"name":"a"},"payload":{"name":"b"}}"#,
    ] {
        let got = parse(frame);
        assert!(got.is_err(), "{frame}: {got:?}");
    }
}

#[test]
fn what_is_wrong_is_told_in_a_few_words_however_long_the_frame_is() {
    let word = "X".repeat(100_000);
    let frame = json!({"type": word, "payload": {"name": "Zoë"}}).to_string();
    let told = parse(&frame).unwrap_err();
    assert_eq!(told.chars().count(), 200);
}
