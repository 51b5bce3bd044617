use reqwest::Method;
use serde_json::{Value, json};

use super::NOBODY;
use crate::server::Server;

/// Every operation of the document: its method, its path with ids filled in, and what is said of it.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { NOBODY } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        for (method, operation) in operations.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

fn is_open(operation: &Value) -> bool {
    let security = operation["security"].as_array();
    security.is_some_and(|s| s.iter().any(|s| s.as_object().unwrap().is_empty()))
}

#[tokio::test]
async fn every_documented_operation_is_routed_and_asks_for_a_token_unless_it_says_otherwise() {
    let server = Server::start().await;
    let client = server.client();
    let document = client.get("/openapi.json").await.body;
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert!(operations.len() >= 27, "{}", operations.len());
    let ann = server.user("Ann").await;
    for (method, path, operation) in operations {
        let open = is_open(&operation);
        let is_public = path.contains("health")
            || path == "/openapi.json"
            || path.starts_with("/api/")
            || ["register", "login", "refresh"]
                .iter()
                .any(|p| path.ends_with(p));
        assert_eq!(open, is_public, "{method} {path}");
        let answer = client.send(client.request(method.clone(), &path)).await;
        assert!(
            !["not_found", "method_not_allowed"].contains(&answer.code()),
            "{method} {path}: {answer:?}"
        );
        if open {
            assert_ne!(answer.status, 401, "{method} {path}: {answer:?}");
        } else {
            answer.assert_problem(401, "token_missing");
        }
        if path.contains("/logout") {
            continue;
        }
        let body = json!({});
        let answer = ann
            .send(ann.request(method.clone(), &path).json(&body))
            .await;
        assert!(
            !["not_found", "method_not_allowed"].contains(&answer.code()),
            "{method} {path}: {answer:?}"
        );
        assert!(
            answer.status < 500 && answer.status != 401,
            "{method} {path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn every_call_of_the_contract_is_documented() {
    let server = Server::start().await;
    let document = server.client().get("/openapi.json").await.body;
    for (method, path, statuses) in [
        ("post", "/v1/auth/register", "201 400 409"),
        ("post", "/v1/auth/login", "200 400 401"),
        ("post", "/v1/auth/refresh", "200 400 401"),
        ("post", "/v1/auth/logout", "204 401"),
        ("get", "/v1/users", "200 400 401 404"),
        ("get", "/v1/users/{user_id}", "200 401 404"),
        ("patch", "/v1/users/{user_id}/status", "204 400 401 403 404"),
        ("post", "/v1/rooms", "201 400 401"),
        ("post", "/v1/rooms/direct", "200 201 400 401"),
        ("get", "/v1/rooms", "200 400 401"),
        ("delete", "/v1/rooms/{room_id}", "204 401 403 404"),
        ("get", "/v1/rooms/{room_id}/members", "200 401 404"),
        (
            "post",
            "/v1/rooms/{room_id}/members",
            "201 400 401 403 404 409",
        ),
        (
            "delete",
            "/v1/rooms/{room_id}/members/{user_id}",
            "204 401 403 404",
        ),
        (
            "post",
            "/v1/rooms/{room_id}/messages",
            "200 201 400 401 404",
        ),
        ("get", "/v1/rooms/{room_id}/messages", "200 400 401 404"),
        (
            "patch",
            "/v1/rooms/{room_id}/messages/{message_id}",
            "200 400 401 403 404",
        ),
        (
            "delete",
            "/v1/rooms/{room_id}/messages/{message_id}",
            "204 401 403 404",
        ),
        (
            "post",
            "/v1/rooms/{room_id}/messages/{message_id}/deliver",
            "204 400 401 404",
        ),
        (
            "post",
            "/v1/rooms/{room_id}/messages/{message_id}/read",
            "204 400 401 404",
        ),
        (
            "get",
            "/v1/rooms/{room_id}/messages/{message_id}/reactions",
            "200 400 401 404",
        ),
        (
            "put",
            "/v1/rooms/{room_id}/messages/{message_id}/reactions/{emoji}",
            "204 400 401 404 409",
        ),
        (
            "delete",
            "/v1/rooms/{room_id}/messages/{message_id}/reactions/{emoji}",
            "204 400 401 404",
        ),
        ("get", "/v1/messages/search", "200 400 401"),
        ("get", "/health", "200"),
        ("get", "/v1/health", "200"),
    ] {
        let responses = &document["paths"][path][method]["responses"];
        for status in statuses.split(' ') {
            assert!(responses[status].is_object(), "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for path in [
        "/v1",
        "/v1/",
        "/v1/nowhere",
        "/v2/rooms",
        "/v1/rooms/",
        "/v1//rooms",
        "/V1/rooms",
        "/v1/rooms/direct/x/y",
        "/nowhere",
        "/%00",
        "/%FF",
        "/../etc/passwd",
        "/.env",
    ] {
        let answer = ann.get(path).await;
        answer.assert_problem(404, "not_found");
    }
    for (method, path, allow) in [
        (Method::PUT, "/v1/rooms", "GET, POST"),
        (Method::DELETE, "/v1/rooms", "GET, POST"),
        (Method::GET, "/v1/auth/login", "POST"),
        (Method::POST, "/health", "GET"),
        (Method::POST, "/v1/messages/search", "GET"),
        (Method::TRACE, "/v1/rooms", "GET, POST"),
        (
            Method::from_bytes(b"BREW").unwrap(),
            "/v1/rooms",
            "GET, POST",
        ),
    ] {
        let answer = ann.send(ann.request(method, path)).await;
        answer.assert_problem(405, "method_not_allowed");
        assert_eq!(answer.headers["allow"], allow, "{path}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_is_taken_for_what_it_says_it_is() {
    let server = Server::start().await;
    let client = server.client();
    let (one, two) = (client.get("/health").await, client.get("/v1/rooms").await);
    for answer in [&one, &two] {
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("x-request-id"));
    }
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);
}
