use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::Scene;
use crate::{server::Start, socket::Socket};

/// Sends a text frame, and gives the error that answers it.
async fn error(socket: &mut Socket, text: &str) -> Value {
    socket.send_raw(Message::text(text)).await;
    let answer = socket
        .take(|frame| frame["event"] == "error" || frame["event"] == "ack")
        .await;
    assert_eq!(answer["event"], "error", "{text}: {answer}");
    let data = &answer["data"];
    assert!(
        data["code"].is_string() && data["detail"].is_string(),
        "{text}: {answer}"
    );
    answer
}

async fn assert_open(socket: &mut Socket, room: &str) {
    socket.say(room, "still open").await;
}

#[tokio::test]
async fn every_bad_frame_is_answered_with_its_own_error_and_the_socket_stays_open() {
    let Scene {
        server, ann, room, ..
    } = Scene::with(Start::default().with("WS_BAD_FRAMES", "1000")).await;
    let mut socket = ann.socket(&server, &[&room]).await;
    for (text, code, id) in [
        ("", "invalid_json", None),
        ("hello", "invalid_json", None),
        ("{", "invalid_json", None),
        (
            "{\"event\": \"send_message\", \"id\": \"r\"} trailing",
            "invalid_json",
            None,
        ),
        ("[1, 2]", "invalid_json", None),
        ("null", "invalid_json", None),
        (r#"{"id": "r"}"#, "invalid_json", Some("r")),
        (r#"{"event": 7, "id": "r"}"#, "invalid_json", Some("r")),
        (r#"{"event": "fly", "id": "r"}"#, "unknown_event", Some("r")),
        (
            r#"{"event": "receive_message", "id": "r", "data": {}}"#,
            "unknown_event",
            Some("r"),
        ),
        (
            r#"{"event": "send_message", "id": "r"}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "send_message", "id": "r", "data": null}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "send_message", "id": "r", "data": "hi"}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "send_message", "id": "r", "data": {"content": "hi"}}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "typing_start", "id": "r", "data": {"room_id": "x"}}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "typing_start", "id": "r", "data": 1}"#,
            "invalid_body",
            Some("r"),
        ),
        (
            r#"{"event": "typing_start", "id": {"a": 1}, "data": {}}"#,
            "invalid_reference",
            None,
        ),
        (
            r#"{"event": "typing_start", "id": 1.5, "data": {}}"#,
            "invalid_reference",
            None,
        ),
        (
            r#"{"event": "typing_start", "id": true, "data": {}}"#,
            "invalid_reference",
            None,
        ),
        (
            r#"{"event": "typing_start", "id": 99999999999999999999, "data": {}}"#,
            "invalid_reference",
            None,
        ),
    ] {
        let answer = error(&mut socket, text).await;
        let told = (answer["data"]["code"].as_str(), answer["id"].as_str());
        assert_eq!(told, (Some(code), id), "{text}: {answer}");
    }
    let long = json!({"event": "typing_stop", "id": "x".repeat(65)}).to_string();
    assert_eq!(
        error(&mut socket, &long).await["data"]["code"],
        "invalid_reference"
    );
    assert_open(&mut socket, &room).await;
}

#[tokio::test]
async fn every_bad_field_of_a_message_has_its_own_error() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let script = json!([{"url": "javascript:alert(1)", "mime_type": "text/html", "size_bytes": 1}]);
    for (data, field, code) in [
        (
            json!({"room_id": "x", "content": "hi"}),
            "room_id",
            "not_an_id",
        ),
        (json!({"room_id": room, "content": ""}), "content", "empty"),
        (
            json!({"room_id": room, "content": " \n\t "}),
            "content",
            "empty",
        ),
        (
            json!({"room_id": room, "content": "a\0b"}),
            "content",
            "nul",
        ),
        (
            json!({"room_id": room, "content": "a".repeat(4_001)}),
            "content",
            "too_long",
        ),
        (
            json!({"room_id": room, "content": "hi", "client_msg_id": ""}),
            "client_msg_id",
            "empty",
        ),
        (
            json!({"room_id": room, "content": "hi", "client_msg_id": "x".repeat(65)}),
            "client_msg_id",
            "too_long",
        ),
        (
            json!({"room_id": room, "content": "hi", "attachments": script}),
            "attachments[0].url",
            "not_a_url",
        ),
    ] {
        let frame = json!({"event": "send_message", "id": "r", "data": data}).to_string();
        let answer = error(&mut socket, &frame).await;
        assert_eq!(
            (&answer["id"], &answer["data"]["code"]),
            (&json!("r"), &json!("validation_failed"))
        );
        let fault = &answer["data"]["errors"][0];
        assert_eq!(
            (&fault["field"], &fault["code"]),
            (&json!(field), &json!(code)),
            "{answer}"
        );
    }
    assert_open(&mut socket, &room).await;
}

#[tokio::test]
async fn wrong_types_and_lone_surrogates_are_wrong_shapes() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let mut socket = ann.socket(&server, &[&room]).await;
    for data in [
        format!(r#"{{"room_id": "{room}", "content": "\ud800"}}"#),
        format!(r#"{{"room_id": "{room}", "content": "\udc00\ud800"}}"#),
        format!(r#"{{"room_id": "{room}", "content": 7}}"#),
        format!(r#"{{"room_id": "{room}", "content": null}}"#),
        format!(r#"{{"room_id": "{room}", "content": "a", "content": "b"}}"#),
        format!(r#"{{"room_id": "{room}", "content": "a", "client_msg_id": 1}}"#),
        format!(r#"{{"room_id": "{room}", "content": "a", "attachments": "x"}}"#),
        r#"{"room_id": 7, "content": "a"}"#.to_owned(),
    ] {
        let frame = format!(r#"{{"event": "send_message", "id": "r", "data": {data}}}"#);
        let answer = error(&mut socket, &frame).await;
        let told = (&answer["id"], &answer["data"]["code"]);
        assert_eq!(
            told,
            (&json!("r"), &json!("invalid_body")),
            "{data}: {answer}"
        );
    }
    assert_open(&mut socket, &room).await;
}

#[tokio::test]
async fn a_foreign_room_and_one_that_does_not_exist_are_the_same_error() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let foreign = ann.room("Private", &[]).await;
    let mut socket = bob.socket(&server, &[&room]).await;
    let mut answers = Vec::new();
    for room in [foreign.as_str(), "0190b5a0-0000-7000-8000-000000000000"] {
        let data = json!({"room_id": room, "content": "hi"});
        socket.command("r", "send_message", data).await;
        answers.push(socket.answer("r").await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0]["data"]["code"], "room_not_found");
    assert_open(&mut socket, &room).await;
}

#[tokio::test]
async fn text_of_every_kind_arrives_as_it_was_sent() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[&room]).await;
    let mut b = bob.socket(&server, &[&room]).await;
    let longest = "\u{1F600}".repeat(4_000);
    for text in [
        "\"}]\\",
        "\u{7f}\u{1b}[31m",
        "\u{202e}abc",
        "é\u{301}",
        "<script>",
        " padded \n",
        &longest,
    ] {
        a.say(&room, text).await;
        assert_eq!(b.hear("receive_message").await["data"]["content"], text);
    }
}

#[tokio::test]
async fn the_errors_of_deeply_nested_and_long_input_are_short() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let nested = format!(
        r#"{{"event": "send_message", "data": {}"#,
        "[".repeat(60_000)
    );
    let name = json!({"event": "x".repeat(60_000)}).to_string();
    let field = json!({"event": "send_message", "data": {"room_id": room, "content": {"y".repeat(60_000): 1}}});
    let text = json!({"event": "typing_start", "data": {"room_id": "z".repeat(60_000)}});
    for frame in [nested, name, field.to_string(), text.to_string()] {
        let answer = error(&mut socket, &frame).await;
        assert!(
            answer.to_string().len() < 1_000,
            "{}",
            answer.to_string().len()
        );
    }
    assert_open(&mut socket, &room).await;
}

#[tokio::test]
async fn a_client_that_goes_on_without_the_protocol_is_closed_and_one_that_errs_now_and_then_is_not()
 {
    let scene = Scene::with(Start::default().with("WS_BAD_FRAMES", "3")).await;
    let Scene {
        server, ann, room, ..
    } = scene;
    let mut socket = ann.socket(&server, &[&room]).await;
    for _ in 0..4 {
        error(&mut socket, "hello").await;
        error(&mut socket, "{}").await;
        assert_open(&mut socket, &room).await;
    }
    for _ in 0..3 {
        socket.send_raw(Message::text("hello")).await;
    }
    assert_eq!(socket.closed().await, 4400);
}
