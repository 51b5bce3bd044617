mod refused;

use uuid::Uuid;

use super::*;

const ROOM: &str = "00000000-0000-0000-0000-000000000001";

fn command_of(text: &str) -> Command {
    ClientFrame::parse(text).command.expect("a good frame")
}

fn error_of(text: &str) -> FrameError {
    ClientFrame::parse(text).command.expect_err("a bad frame")
}

fn id_of(id: &str) -> ClientFrame {
    ClientFrame::parse(&format!(
        r#"{{"event": "typing_stop", "id": {id}, "data": {{}}}}"#
    ))
}

#[test]
fn a_message_with_everything_is_read() {
    let text = r#"{"event": "send_message", "id": "7", "data": {"room_id": "a room", "content": "hi",
        "attachments": [{"url": "https://a.example/b", "mime_type": "image/png", "size_bytes": 3}],
        "client_msg_id": "mine"}}"#;
    let frame = ClientFrame::parse(text);
    assert_eq!(frame.id, Some(Reference::Text("7".to_owned())));
    let attachment = RawAttachment {
        url: "https://a.example/b".to_owned(),
        mime_type: "image/png".to_owned(),
        size_bytes: 3,
    };
    let message = SendMessage {
        room_id: "a room".to_owned(),
        content: "hi".to_owned(),
        attachments: vec![attachment],
        client_msg_id: Some("mine".to_owned()),
    };
    assert_eq!(frame.command, Ok(Command::SendMessage(message)));
}

#[test]
fn a_message_needs_a_room_and_a_text_alone() {
    let text =
        r#"{"event":"send_message","data":{"room_id":"r","content":"","client_msg_id":null}}"#;
    let message = SendMessage {
        room_id: "r".to_owned(),
        content: String::new(),
        attachments: Vec::new(),
        client_msg_id: None,
    };
    assert_eq!(command_of(text), Command::SendMessage(message));
    for data in [r#"{"content": "hi"}"#, r#"{"room_id": "r"}"#, "{}", "null"] {
        let text = format!(r#"{{"event": "send_message", "data": {data}}}"#);
        assert_eq!(error_of(&text).code(), "invalid_body", "{data}");
    }
    let text = r#"{"event": "send_message"}"#;
    assert_eq!(error_of(text).code(), "invalid_body");
}

#[test]
fn typing_may_name_its_room() {
    let room_id = Some(RoomId(Uuid::from_u128(1)));
    let text = format!(r#"{{"event": "typing_start", "data": {{"room_id": "{ROOM}"}}}}"#);
    assert_eq!(command_of(&text), Command::TypingStart(Typing { room_id }));
    let text = text.replace("start", "stop");
    assert_eq!(command_of(&text), Command::TypingStop(Typing { room_id }));
    for text in [
        r#"{"event": "typing_start"}"#,
        r#"{"event": "typing_start", "data": null}"#,
        r#"{"event": "typing_start", "data": {"room_id": null}}"#,
    ] {
        let typing = Typing { room_id: None };
        assert_eq!(command_of(text), Command::TypingStart(typing), "{text}");
    }
    let text = r#"{"event": "typing_start", "data": {"room_id": "kitchen"}}"#;
    assert_eq!(error_of(text).code(), "invalid_body");
}

#[test]
fn one_room_is_followed_or_no_longer() {
    let follow = || FollowOne {
        room_id: RoomId(Uuid::from_u128(1)),
    };
    let text = format!(r#"{{"event": "subscribe", "data": {{"room_id": "{ROOM}"}}}}"#);
    assert_eq!(command_of(&text), Command::Subscribe(follow()));
    let text = text.replace("subscribe", "unsubscribe");
    assert_eq!(command_of(&text), Command::Unsubscribe(follow()));
    for event in ["subscribe", "unsubscribe"] {
        for data in ["{}", "null", r#"{"room_id": null}"#, r#"{"room_id": "a"}"#] {
            let text = format!(r#"{{"event": "{event}", "data": {data}}}"#);
            assert_eq!(error_of(&text).code(), "invalid_body", "{text}");
        }
    }
}

#[test]
fn where_a_client_stands_is_a_number_for_each_room() {
    let resume = |rooms: &str| {
        let text = format!(r#"{{"event": "resume", "data": {{"rooms": {rooms}}}}}"#);
        ClientFrame::parse(&text).command
    };
    let other = "00000000-0000-0000-0000-000000000002";
    let rooms = HashMap::from([
        (RoomId(Uuid::from_u128(1)), Seq(0)),
        (RoomId(Uuid::from_u128(2)), Seq(u64::MAX)),
    ]);
    let text = format!(r#"{{"{ROOM}": 0, "{other}": 18446744073709551615}}"#);
    assert_eq!(resume(&text), Ok(Command::Resume(Resume { rooms })));
    let rooms = HashMap::new();
    assert_eq!(resume("{}"), Ok(Command::Resume(Resume { rooms })));
    let written = |value: &str| format!(r#"{{"{ROOM}": {value}}}"#);
    for bad in [
        written("-1"),
        written("1.5"),
        written(r#""7""#),
        written("null"),
        written("18446744073709551616"),
        r#"{"kitchen": 7}"#.to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
    ] {
        assert_eq!(resume(&bad).unwrap_err().code(), "invalid_body", "{bad}");
    }
    assert_eq!(error_of(r#"{"event": "resume"}"#).code(), "invalid_body");
}

#[test]
fn a_new_token_is_read_and_not_shown() {
    let text = r#"{"event": "authenticate", "data": {"access_token": "secret"}}"#;
    let access_token = "secret".to_owned();
    let command = command_of(text);
    assert!(!format!("{command:?}").contains("secret"));
    assert_eq!(
        command,
        Command::Authenticate(Authenticate { access_token })
    );
    let text = text.replace(r#""secret""#, "7");
    assert_eq!(error_of(&text).code(), "invalid_body");
}

#[test]
fn what_is_not_known_is_ignored_but_for_the_event() {
    let text = r#"{"v": 2, "event": "typing_stop", "data": {"mood": [[["deep"]]]}}"#;
    assert_eq!(
        command_of(text),
        Command::TypingStop(Typing { room_id: None })
    );
    let error = error_of(r#"{"event": "dance", "data": {}}"#);
    assert_eq!(error, FrameError::UnknownEvent("dance".to_owned()));
    assert_eq!(error.code(), "unknown_event");
}

#[test]
fn an_id_is_an_integer_or_a_short_string() {
    let longest = "é".repeat(Reference::MAX_CHARS);
    let good = [
        ("0".to_owned(), Reference::Number(0)),
        (
            "-9223372036854775808".to_owned(),
            Reference::Number(i64::MIN),
        ),
        (
            "9223372036854775807".to_owned(),
            Reference::Number(i64::MAX),
        ),
        (r#""""#.to_owned(), Reference::Text(String::new())),
        (r#""7""#.to_owned(), Reference::Text("7".to_owned())),
        (r#""a\u0000""#.to_owned(), Reference::Text("a\0".to_owned())),
        (format!("\"{longest}\""), Reference::Text(longest)),
    ];
    for (raw, id) in good {
        let frame = id_of(&raw);
        assert_eq!(frame.id, Some(id), "{raw}");
        assert!(frame.command.is_ok(), "{raw}");
    }
}

#[test]
fn no_id_and_a_null_are_the_same() {
    assert_eq!(id_of("null").id, None);
    assert!(id_of("null").command.is_ok());
}

#[test]
fn a_pair_of_surrogates_is_one_character() {
    let text = r#"{"event": "send_message", "data": {"room_id": "r", "content": "\ud83d\ude00"}}"#;
    let Command::SendMessage(message) = command_of(text) else {
        panic!("another command");
    };
    assert_eq!(message.content, "\u{1F600}");
}

#[test]
fn a_nul_is_left_to_the_rules_of_the_value() {
    let text = r#"{"event": "send_message", "data": {"room_id": "r", "content": "a\u0000"}}"#;
    let Command::SendMessage(message) = command_of(text) else {
        panic!("another command");
    };
    assert_eq!(message.content, "a\0");
    assert_eq!(
        ClientFrame::parse("{\"event\": \"a\0\"}")
            .command
            .unwrap_err()
            .code(),
        "invalid_json"
    );
}

#[test]
fn the_commands_of_streams_are_read() {
    let id = StreamId(Uuid::from_u128(1));
    let read = |event: &str, data: &str| {
        let text = format!(r#"{{"event": "stream.{event}", "data": {data}}}"#);
        ClientFrame::parse(&text).command
    };
    let start = |when_lost| {
        Command::StreamStart(StartStream {
            room_id: RoomId(Uuid::from_u128(1)),
            kind: StreamKind::Draft,
            when_lost,
        })
    };
    let data = format!(r#"{{"room_id": "{ROOM}", "kind": "draft"}}"#);
    assert_eq!(read("start", &data), Ok(start(WhenLost::Drop)));
    let data = format!(r#"{{"room_id": "{ROOM}", "kind": "draft", "when_lost": "finish"}}"#);
    assert_eq!(read("start", &data), Ok(start(WhenLost::Finish)));
    let data = format!(r#"{{"id": "{ROOM}", "index": 3, "delta": "x"}}"#);
    let append = AppendToStream {
        id,
        index: 3,
        delta: "x".to_owned(),
    };
    assert_eq!(read("append", &data), Ok(Command::StreamAppend(append)));
    let data = format!(r#"{{"id": "{ROOM}", "text": ""}}"#);
    let replace = ReplaceStream {
        id,
        text: String::new(),
    };
    assert_eq!(read("replace", &data), Ok(Command::StreamReplace(replace)));
    let data = format!(r#"{{"id": "{ROOM}"}}"#);
    let one = || OneStream { id };
    assert_eq!(read("finish", &data), Ok(Command::StreamFinish(one())));
    assert_eq!(read("abort", &data), Ok(Command::StreamAbort(one())));
    assert_eq!(read("stop", &data), Ok(Command::StreamStop(one())));
    for (event, data) in [
        ("start", format!(r#"{{"room_id": "{ROOM}"}}"#)),
        (
            "start",
            format!(r#"{{"room_id": "{ROOM}", "kind": "poem"}}"#),
        ),
        (
            "append",
            format!(r#"{{"id": "{ROOM}", "index": -1, "delta": "x"}}"#),
        ),
        ("append", format!(r#"{{"id": "{ROOM}", "delta": "x"}}"#)),
        ("finish", r#"{"id": "x"}"#.to_owned()),
    ] {
        let error = read(event, &data).expect_err(&data);
        assert_eq!(error.code(), "invalid_body", "{event} {data}");
    }
}
