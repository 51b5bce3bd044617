use reqwest::Method;
use serde_json::json;

use super::{NOBODY, contents, messages_of, raw::exchange};
use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

/// Posts these bytes as this content type.
async fn post(client: &Client, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = client.request(Method::POST, path).body(body);
    let request = if kind.is_empty() {
        request
    } else {
        request.header("content-type", kind)
    };
    client.send(request).await
}

const JSON: &str = "application/json";

#[tokio::test]
async fn what_is_no_json_is_told_apart_from_json_of_the_wrong_shape() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    let bytes: [&[u8]; 19] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"{\"content\": \"x\"",
        b"{\"content\": \"x\",}",
        b"{content: 1}",
        b"'x'",
        b"{\"content\": \"x\"} x",
        b"{\"content\": \"x\"}{}",
        b"{\"content\": NaN}",
        b"{\"content\": \"a\nb\"}",
        b"{\"content\": \"\\ud800\"}",
        b"{\"content\": \"\\udc00\\ud800\"}",
        b"{\"content\": \"\\u12\"}",
        b"{\"content\": \"\xff\"}",
        b"{\"content\": \"\xed\xa0\x80\"}",
        b"\xef\xbb\xbf{\"content\": \"x\"}",
        b"\0",
    ];
    for bytes in bytes {
        let answer = post(&ann, &path, JSON, bytes).await;
        assert_eq!(answer.status, 400, "{bytes:?}: {answer:?}");
        answer.assert_problem(400, "invalid_json");
    }
    for text in [
        "null",
        "true",
        "7",
        "\"x\"",
        "[]",
        "[\"x\"]",
        "[\"x\", [], null]",
        "{\"content\": 7}",
        "{\"content\": [\"x\"]}",
        "{\"content\": {\"x\": 1}}",
        "{\"content\": true}",
        "{\"content\": \"x\", \"content\": \"y\"}",
        "{\"content\": 1e400}",
    ] {
        let answer = post(&ann, &path, JSON, text).await;
        assert_eq!(answer.status, 400, "{text}: {answer:?}");
        assert!(
            ["invalid_body", "invalid_json"].contains(&answer.code()),
            "{text}: {answer:?}"
        );
    }
    let deep = format!(
        "{{\"content\": {}{}}}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let answer = post(&ann, &path, JSON, deep).await;
    answer.assert_problem(400, "invalid_body");
    assert!(contents(&ann.get(&path).await).is_empty());
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for (body, field) in [
        (json!({"content": 7}), "content"),
        (
            json!({"content": "x", "client_msg_id": {}}),
            "client_msg_id",
        ),
        (
            json!({"content": "x", "attachments": [{"url": 1}]}),
            "attachments[0].url",
        ),
    ] {
        let answer = ann.post(&messages_of(&room), body).await;
        answer.assert_problem(400, "invalid_body");
        assert_eq!(answer.body["errors"][0]["field"], field, "{answer:?}");
        assert_eq!(answer.body["errors"][0]["code"], "wrong_type");
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_null_is_as_good_as_absent() {
    let server = Server::start().await;
    let client = server.client();
    let body = json!({"username": "Ann", "name": null, "email": "ann@example.org", "password": "correct horse",
        "": 1, "constructor": {"x": [1, 2, {"y": null}]}, "Password": "other"});
    let made = client.post("/v1/auth/register", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    client.log_in("ann@example.org", "correct horse").await;
    let null = json!({"username": null, "email": null, "password": null});
    let refused = client.post("/v1/auth/register", null).await;
    super::assert_refused(&refused, "username", "missing");
}

#[tokio::test]
async fn a_body_is_json_by_its_content_type_too() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    let body = r#"{"content": "x"}"#;
    for good in [
        JSON,
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.x+json",
    ] {
        let answer = post(&ann, &path, good, body).await;
        assert_eq!(answer.status, 201, "{good}: {answer:?}");
    }
    for bad in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "json",
        "application/jsonp",
        "*/*",
        ";",
    ] {
        let answer = post(&ann, &path, bad, body).await;
        answer.assert_problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_answered() {
    let server = Start::default()
        .with("MAX_BODY_BYTES", "2048")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    let of_size = |bytes: usize| format!(r#"{{"content": "{}"}}"#, "a".repeat(bytes - 15));
    let fits = post(&ann, &path, JSON, of_size(2_048)).await;
    assert_eq!(fits.status, 201, "{fits:?}");
    for bytes in [2_049, 100_000, 3_000_000] {
        let answer = post(&ann, &path, JSON, of_size(bytes)).await;
        answer.assert_problem(413, "body_too_large");
    }
    // Without a length that says so from the start.
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{}",
        chunk.repeat(4)
    );
    let answer = exchange(&server, chunked.as_bytes()).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (413, &json!("body_too_large")),
        "{answer:?}"
    );
    // The door does not wait for a body that it refuses.
    let declared = format!("{head}Content-Length: 999999999\r\n\r\n");
    let answer = exchange(&server, declared.as_bytes()).await;
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (413, &json!("body_too_large")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_body_that_is_too_slow_is_refused_and_answered() {
    let server = Start::default().with("BODY_TIMEOUT", "200ms").start().await;
    let head = "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for rest in [
        "Content-Length: 100\r\n\r\n",
        "Content-Length: 100\r\n\r\n{\"email\":",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ema",
    ] {
        let answer = exchange(&server, format!("{head}{rest}").as_bytes()).await;
        assert_eq!(answer.status, 408, "{answer:?}");
        assert_eq!(answer.body["code"], "body_timeout", "{answer:?}");
        assert!(
            answer.head.contains("application/problem+json"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let server = Start::default().with("KEEP_ALIVE", "200ms").start().await;
    let answer = exchange(&server, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn what_is_no_http_is_answered_and_closed() {
    let server = Server::start().await;
    for bytes in [
        "nonsense\r\n\r\n",
        "GET /v1/rooms HTTP/1.1\r\nbad header\r\n\r\n",
        "GET /v1/rooms HTTP/9.9\r\n\r\n",
        "GET /v1/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "GET /\u{1}\u{0} HTTP/1.1\r\n\r\n",
    ] {
        let answer = exchange(&server, bytes.as_bytes()).await;
        assert_eq!(answer.status, 400, "{bytes:?}: {answer:?}");
    }
}

#[tokio::test]
async fn an_id_in_a_path_must_be_one_in_every_place() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for bad in [
        "x",
        "0",
        "null",
        "%00",
        "%FF",
        "'",
        "01890000-0000-7000-8000-00000000000g",
        "01890000-0000-7000-8000-0000000000000",
    ] {
        for (method, path) in [
            (Method::GET, format!("/v1/users/{bad}")),
            (Method::GET, format!("/v1/rooms/{bad}")),
            (Method::DELETE, format!("/v1/rooms/{bad}")),
            (Method::GET, format!("/v1/rooms/{bad}/presence")),
            (Method::GET, format!("/v1/rooms/{bad}/members")),
            (Method::DELETE, format!("/v1/rooms/{bad}/members/{NOBODY}")),
            (Method::DELETE, format!("/v1/rooms/{NOBODY}/members/{bad}")),
            (Method::GET, format!("/v1/rooms/{bad}/messages")),
            (Method::DELETE, format!("/v1/rooms/{NOBODY}/messages/{bad}")),
            (
                Method::POST,
                format!("/v1/rooms/{NOBODY}/messages/{bad}/read"),
            ),
            (
                Method::GET,
                format!("/v1/rooms/{NOBODY}/messages/{bad}/reactions"),
            ),
            (
                Method::PUT,
                format!("/v1/rooms/{NOBODY}/messages/{bad}/reactions/x"),
            ),
            (
                Method::DELETE,
                format!("/v1/rooms/{bad}/messages/{NOBODY}/reactions/x"),
            ),
        ] {
            let answer = ann.send(ann.request(method, &path)).await;
            answer.assert_problem(400, "invalid_id");
        }
    }
}

#[tokio::test]
async fn a_body_without_end_that_nobody_wants_does_not_keep_its_connection() {
    let server = Server::start().await;
    for (request, status) in [
        ("POST /v1/rooms", 401),
        ("POST /v1/rooms/x/messages", 401),
        ("POST /v1/auth/logout", 401),
        ("POST /nope", 404),
        ("PUT /v1/rooms", 405),
        ("GET /health", 200),
    ] {
        let bytes = format!(
            "{request} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        );
        // Answered, and then closed, though the body goes on.
        let answer = exchange(&server, bytes.as_bytes()).await;
        assert_eq!(answer.status, status, "{request}: {answer:?}");
    }
}
