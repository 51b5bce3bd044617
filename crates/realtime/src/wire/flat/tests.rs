use domain::{
    MessageId, ReactionChange, Role, RoomId, Seq, User,
    values::{Emoji, Username},
};
use serde_json::{Value, json};
use testkit::sample;

use super::*;

const ROOM: RoomId = RoomId(Uuid::from_u128(1));

fn ann() -> User {
    User {
        id: UserId(Uuid::from_u128(2)),
        ..sample::user("ann")
    }
}

/// A guest.
fn zoe() -> User {
    let guest_id = GuestId::parse("zoe-1").unwrap();
    let name = Username::parse("Zoë").unwrap();
    User::guest(UserId::of_guest(&guest_id), guest_id, name, sample::now())
}

fn message(sender: &User) -> Message {
    Message {
        id: MessageId(Uuid::from_u128(3)),
        ..sample::message(ROOM, Seq(7), sender, "a \"b\"\n👋")
    }
}

/// Told a second after what it is about.
fn event(seq: u64, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: ROOM,
        seq: Seq(seq),
        actor_id: ann().id,
        at: sample::later(1),
        members: Some(4),
        kind,
    }
}

fn left(user: &User) -> RoomEventKind {
    RoomEventKind::MemberLeft {
        user_id: user.id,
        username: Some(user.username.clone()),
        guest_id: user.guest_id.clone(),
    }
}

/// The frame says this and nothing else, on one line.
#[track_caller]
fn assert_says(frame: Option<ByteString>, expected: Value) {
    let frame = frame.expect("a frame");
    let said: Value = serde_json::from_str(&frame).expect("JSON");
    assert_eq!(said, expected);
    assert!(!frame.contains('\n'));
}

#[test]
fn a_message_tells_what_its_sender_is_known_by() {
    for (sender, user_id, name) in [
        (zoe(), "zoe-1".to_owned(), "Zoë"),
        (ann(), ann().id.to_string(), "ann"),
    ] {
        let sent = RoomEventKind::MessageSent(message(&sender));
        assert_says(
            room_event("Lobby", &event(7, sent)),
            json!({"messageId": "00000000-0000-0000-0000-000000000003", "roomId": "Lobby", "type": "chat",
                   "userId": user_id, "username": name, "content": "a \"b\"\n👋",
                   "timestamp": "2026-01-02T03:04:05.000006Z"}),
        );
    }
}

/// The ids must be the same on every node, in every version, live and told again.
#[test]
fn comings_and_goings_have_an_id_of_their_place_in_the_log() {
    let joined = |user: &User| RoomEventKind::MemberJoined(sample::member(user, Role::Member));
    let (third, fourth) = (
        "77ea10ec-6975-5912-93b8-ce1e45cb8f3d",
        "aa26dfd9-4d4f-51c5-a4a4-a2bc31bd3c1f",
    );
    for (user, user_id) in [(zoe(), "zoe-1".to_owned()), (ann(), ann().id.to_string())] {
        let name = user.username.as_str();
        for (seq, kind, id, word, verb) in [
            (3, joined(&user), third, "join", "joined"),
            (4, left(&user), fourth, "leave", "left"),
        ] {
            assert_says(
                room_event("Lobby", &event(seq, kind)),
                json!({"messageId": id, "roomId": "Lobby", "type": word, "userId": user_id, "username": name,
                       "content": format!("{name} {verb}"), "timestamp": "2026-01-02T03:04:06.000006Z"}),
            );
        }
    }
}

#[test]
fn who_left_is_somebody_where_an_older_node_tells_no_name() {
    let kind = RoomEventKind::MemberLeft {
        user_id: ann().id,
        username: None,
        guest_id: None,
    };
    let told = FlatMessage::of("Lobby", &event(4, kind)).unwrap();
    assert_eq!(told.user_id, ann().id.to_string());
    let said = (told.username.as_str(), told.content.as_str());
    assert_eq!(said, ("Somebody", "Somebody left"));
}

#[test]
fn the_rest_has_no_word_here() {
    let change = ReactionChange {
        message_id: MessageId(Uuid::from_u128(3)),
        user_id: ann().id,
        username: ann().username,
        emoji: Emoji::parse("+1").unwrap(),
        count: 1,
    };
    let renamed = RoomEventKind::MemberRenamed {
        user_id: zoe().id,
        username: zoe().username,
        guest_id: zoe().guest_id,
    };
    let deleted = Message {
        content: MessageContent::empty(),
        deleted_at: Some(sample::later(1)),
        ..message(&ann())
    };
    for kind in [
        RoomEventKind::RoomCreated,
        RoomEventKind::RoomDeleted,
        renamed,
        RoomEventKind::MessageEdited(message(&ann())),
        // As a replay tells one that was deleted since.
        RoomEventKind::MessageSent(deleted),
        RoomEventKind::MessageDeleted {
            message_id: change.message_id,
        },
        RoomEventKind::ReactionAdded(change.clone()),
        RoomEventKind::ReactionRemoved(change.clone()),
        RoomEventKind::Other,
    ] {
        assert_eq!(
            room_event("Lobby", &event(9, kind.clone())),
            None,
            "{kind:?}"
        );
    }
}

#[test]
fn what_the_server_says_is_of_the_system() {
    let id = Uuid::from_u128(9);
    let said = FlatMessage::system("Lobby", id, "too many messages".to_owned(), sample::now());
    assert_says(
        Some(said.encode()),
        json!({"messageId": "00000000-0000-0000-0000-000000000009", "roomId": "Lobby", "type": "system",
               "userId": "system", "username": "System", "content": "too many messages",
               "timestamp": "2026-01-02T03:04:05.000006Z"}),
    );
}

/// A frame that sends this text.
fn sending(content: &str) -> String {
    json!({"type": "chat", "content": content}).to_string()
}

#[track_caller]
fn code(frame: &str) -> &'static str {
    match parse(frame) {
        Err(FlatError::Content(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_text_is_taken_as_it_is() {
    for text in ["hi", " hi\n", "Grüße 👋🏽", "\"\\\u{202e}<b>", "null"] {
        assert_eq!(parse(&sending(text)).unwrap().as_str(), text);
    }
    for (frame, text) in [
        (
            r#"{"type":"chat","content":"\u00e9\t\ud83d\ude00\/"}"#,
            "é\t😀/",
        ),
        (" \n{ \"content\" : \"hi\", \"type\" : \"chat\" }\r\n", "hi"),
        (r#"{"\u0074ype":"ch\u0061t","content":"hi"}"#, "hi"),
    ] {
        assert_eq!(parse(frame).unwrap().as_str(), text, "{frame}");
    }
}

#[test]
fn whatever_else_stands_in_a_frame_is_not_looked_at() {
    let frame = r#"{"messageId":7,"roomId":["x"],"type":"chat","userId":null,"username":{"a":1},"content":"hi",
                    "timestamp":"yesterday","unheard":[[[]]]}"#;
    assert_eq!(parse(frame).unwrap().as_str(), "hi");
}

#[test]
fn a_message_has_a_thousand_characters_at_most_whatever_their_bytes() {
    for letter in ["a", "é", "👋", "\n"] {
        let longest = format!("{}.", letter.repeat(999));
        assert_eq!(parse(&sending(&longest)).unwrap().as_str(), longest);
        assert_eq!(code(&sending(&format!("{longest}."))), "too_long");
    }
    // More than any message of the product.
    assert_eq!(code(&sending(&"a".repeat(4_001))), "too_long");
    assert_eq!(code(&sending(&"a".repeat(1_000_000))), "too_long");
}

#[test]
fn a_message_says_something_that_can_be_kept() {
    for blank in ["", " ", "\n\t\r\n", "\u{a0}\u{2003}\u{3000}"] {
        assert_eq!(code(&sending(blank)), "empty", "{blank:?}");
    }
    assert_eq!(code(&sending(&" ".repeat(1_001))), "empty");
    assert_eq!(code(&sending("a\0b")), "nul");
}

#[test]
fn a_client_sends_messages_and_nothing_else() {
    for word in ["system", "join", "leave", "CHAT", "chat ", ""] {
        let frame = json!({"type": word, "content": "hi"}).to_string();
        assert_eq!(parse(&frame), Err(FlatError::NotChat), "{word:?}");
    }
}

#[test]
fn what_is_no_object_of_the_dialect_is_refused() {
    for frame in [
        "",
        " ",
        "hello",
        "null",
        "7",
        "\"chat\"",
        "{}",
        // Fields in the order of a struct are no object.
        r#"["chat","hi"]"#,
        r#"[{"type":"chat","content":"hi"}]"#,
        "\u{feff}{\"type\":\"chat\",\"content\":\"hi\"}",
        r#"{"type":"chat","content":"hi""#,
        r#"{"type":"chat","content":"hi"}{}"#,
        r#"{"type":"chat","content":"hi",}"#,
        r#"{'type':'chat','content':'hi'}"#,
        r#"{"type":"chat"}"#,
        r#"{"content":"hi"}"#,
        r#"{"Type":"chat","content":"hi"}"#,
        r#"{"type":7,"content":"hi"}"#,
        r#"{"type":null,"content":"hi"}"#,
        r#"{"type":["chat"],"content":"hi"}"#,
        r#"{"type":"chat","content":null}"#,
        r#"{"type":"chat","content":7}"#,
        r#"{"type":"chat","content":["hi"]}"#,
        r#"{"type":"chat","content":{"text":"hi"}}"#,
        r#"{"type":"chat","content":"hi","content":"ho"}"#,
        // Half of a character, and a line that does not end.
        r#"{"type":"chat","content":"\ud83d"}"#,
        "{\"type\":\"chat\",\"content\":\"a\nb\"}",
    ] {
        let got = parse(frame);
        assert!(
            matches!(got, Err(FlatError::Malformed(_))),
            "{frame}: {got:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_in_a_few_words() {
    for (frame, told) in [
        (
            r#"{"type":"join","content":"hi"}"#.to_owned(),
            "the type must be chat",
        ),
        (sending(" "), "content: must not be blank"),
        (
            sending(&"a".repeat(1_001)),
            "content: must have at most 1000 characters",
        ),
        (
            "[]".to_owned(),
            "the frame is not a JSON object {\"type\": \"chat\", \"content\": …}: not an object",
        ),
    ] {
        assert_eq!(parse(&frame).unwrap_err().to_string(), told);
    }
}
