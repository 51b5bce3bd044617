//! Frames that are no commands.

use super::*;

#[test]
fn what_is_not_an_object_with_an_event_is_malformed() {
    for text in [
        "",
        "   ",
        "hello",
        "7",
        "null",
        r#""typing_stop""#,
        "{",
        "{}",
        r#"{"data": {}}"#,
        r#"{"event": null}"#,
        r#"{"event": 7}"#,
        r#"{"event": "typing_stop"} {}"#,
        r#"{"event": "typing_stop",}"#,
        r#"["typing_stop"]"#,
        r#"["typing_stop", 1, {}]"#,
    ] {
        assert_eq!(error_of(text).code(), "invalid_json", "{text}");
    }
}

#[test]
fn data_that_is_not_an_object_is_of_the_wrong_shape() {
    for data in ["7", r#""text""#, r#"["r", "hi", [], null]"#, "true"] {
        let text = format!(r#"{{"event": "send_message", "data": {data}}}"#);
        assert_eq!(error_of(&text).code(), "invalid_body", "{data}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_the_event() {
    for data in [
        r#"{"room_id": 7, "content": "hi"}"#,
        r#"{"room_id": "r", "content": null}"#,
        r#"{"room_id": "r", "content": "hi", "attachments": {}}"#,
        r#"{"room_id": "r", "content": "hi", "attachments": null}"#,
        r#"{"room_id": "r", "content": "hi", "client_msg_id": 7}"#,
        r#"{"room_id": "r", "content": "hi", "attachments": [{"url": "u", "mime_type": "m", "size_bytes": -1}]}"#,
        r#"{"room_id": "r", "content": "hi", "attachments": [{"url": "u", "mime_type": "m", "size_bytes": 1.5}]}"#,
    ] {
        let text = format!(r#"{{"event": "send_message", "data": {data}}}"#);
        let FrameError::WrongShape { event, .. } = error_of(&text) else {
            panic!("{data}");
        };
        assert_eq!(event, "send_message");
    }
}

#[test]
fn an_id_that_cannot_be_repeated_is_refused_and_not_repeated() {
    let too_long = format!("\"{}\"", "a".repeat(Reference::MAX_CHARS + 1));
    for raw in [
        too_long.as_str(),
        "9223372036854775808",
        "1.5",
        "true",
        "{}",
        "[1]",
        r#""\ud800""#,
    ] {
        let frame = id_of(raw);
        assert_eq!(frame.id, None, "{raw}");
        let error = frame.command.expect_err(raw);
        assert_eq!(error, FrameError::BadReference);
        assert_eq!(error.code(), "invalid_reference");
    }
}

#[test]
fn every_error_of_a_command_carries_its_id() {
    for text in [
        r#"{"id": 7, "event": "dance"}"#,
        r#"{"id": 7, "event": "send_message", "data": 1}"#,
        r#"{"id": 7, "event": "send_message", "data": {"room_id": "r", "content": "\ud800"}}"#,
        r#"{"id": 7, "data": {}}"#,
        r#"{"id": 7, "event": 1}"#,
        r#"{"id": 7, "event": "\ud800"}"#,
    ] {
        let frame = ClientFrame::parse(text);
        assert_eq!(frame.id, Some(Reference::Number(7)), "{text}");
        assert!(frame.command.is_err(), "{text}");
    }
}

#[test]
fn a_lone_surrogate_is_refused_wherever_it_stands() {
    let text = r#"{"event": "send_message", "data": {"room_id": "r", "content": "a\ud800b"}}"#;
    assert_eq!(error_of(text).code(), "invalid_body");
    let text = r#"{"event": "typing\ud800"}"#;
    assert_eq!(error_of(text).code(), "invalid_json");
}

#[test]
fn a_key_that_is_given_twice_is_refused() {
    for (text, code) in [
        (
            r#"{"event": "typing_stop", "event": "typing_start"}"#,
            "invalid_json",
        ),
        (
            r#"{"event": "typing_stop", "id": 1, "id": 2}"#,
            "invalid_json",
        ),
        (
            r#"{"event": "typing_stop", "data": {}, "data": {}}"#,
            "invalid_json",
        ),
        (
            r#"{"event": "send_message", "data": {"room_id": "r", "content": "a", "content": "b"}}"#,
            "invalid_body",
        ),
    ] {
        assert_eq!(error_of(text).code(), code, "{text}");
    }
}

#[test]
fn an_answer_to_a_bad_frame_is_short_however_long_the_frame() {
    let long = "\u{7}".repeat(60_000).replace('\u{7}', r"\u0007");
    for text in [
        format!(r#"{{"event": "{long}"}}"#),
        format!(r#""{long}""#),
        format!(r#"{{"event": ["{long}"]}}"#),
        format!(r#"{{"event": "typing_stop", "id": "{long}"}}"#),
        format!(r#"{{"event": "send_message", "data": "{long}"}}"#),
        format!(r#"{{"event": "send_message", "data": {{"attachments": "{long}"}}}}"#),
        format!(r#"{{"event": "typing_start", "data": {{"room_id": "{long}"}}}}"#),
    ] {
        let told = error_of(&text).to_string();
        assert!(told.len() < 1_500, "{} bytes: {:.80}", told.len(), told);
    }
}

#[test]
fn deep_nesting_is_refused_or_ignored_without_harm() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let _ = ClientFrame::parse(&deep);
    let _ = id_of(&deep).command;
    let frame = format!(r#"{{"event": "typing_stop", "data": {{"x": {deep}}}}}"#);
    let _ = ClientFrame::parse(&frame);
}
