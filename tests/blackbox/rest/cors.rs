use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

const ORIGIN: &str = "https://chat.example.org";
const OTHER: &str = "http://localhost:3000";

async fn start() -> Server {
    let both = format!("{ORIGIN},{OTHER}");
    Start::default()
        .with("CORS_ALLOWED_ORIGINS", &both)
        .start()
        .await
}

async fn preflight(client: &Client, origin: &str, method: &str, headers: &str) -> Answer {
    let request = client
        .request(Method::OPTIONS, "/v1/rooms")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers);
    client.send(request).await
}

/// The words of a list in a header, in lower case and in order.
#[track_caller]
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let text = answer.headers[name].to_str().unwrap().to_lowercase();
    let mut words: Vec<_> = text.split(',').map(|w| w.trim().to_owned()).collect();
    words.sort_unstable();
    words
}

#[track_caller]
fn assert_silent(answer: &Answer) {
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
    ] {
        assert!(!answer.headers.contains_key(name), "{answer:?}");
    }
}

#[tokio::test]
async fn a_preflight_of_an_allowed_origin_is_answered_as_the_contract_says() {
    let server = start().await;
    let client = server.client();
    for origin in [ORIGIN, OTHER] {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let headers = "content-type, Authorization, x-auth-token, x-csrf-token";
            let answer = preflight(&client, origin, method, headers).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let header = |name: &str| answer.headers[name].to_str().unwrap();
            assert_eq!(header("access-control-allow-origin"), origin);
            assert_eq!(header("access-control-allow-credentials"), "true");
            assert_eq!(header("access-control-max-age"), "600");
            assert_eq!(
                header("access-control-allow-methods"),
                "GET,POST,PUT,PATCH,DELETE,OPTIONS"
            );
            let allowed = header("access-control-allow-headers");
            assert!(allowed.starts_with("Content-Type, Authorization, X-Auth-Token"));
            assert!(allowed.ends_with(", X-CSRF-Token"), "{allowed}");
            assert!(list(&answer, "vary").contains(&"origin".into()));
        }
    }
}

#[tokio::test]
async fn a_preflight_for_what_is_not_allowed_is_a_problem_without_leave() {
    let server = start().await;
    let client = server.client();
    for (origin, method, headers) in [
        ("https://evil.example", "POST", "content-type"),
        (
            "https://chat.example.org.evil.example",
            "POST",
            "content-type",
        ),
        ("https://chat.example.org:8443", "POST", "content-type"),
        ("http://chat.example.org", "POST", "content-type"),
        ("null", "POST", "content-type"),
        ("*", "POST", "content-type"),
    ] {
        let answer = preflight(&client, origin, method, headers).await;
        assert_silent(&answer);
        answer.assert_problem(403, "origin_not_allowed");
    }
    // What may be asked for is said, and the browser holds the page to it.
    let answer = preflight(&client, ORIGIN, "TRACE", "x-evil").await;
    assert!(!list(&answer, "access-control-allow-methods").contains(&"trace".into()));
    assert!(!list(&answer, "access-control-allow-headers").contains(&"x-evil".into()));
}

#[tokio::test]
async fn every_answer_to_an_allowed_origin_can_be_read_by_it() {
    let server = start().await;
    let ann = server.user("Ann").await;
    for (client, method, path, status) in [
        (&ann, Method::GET, "/v1/rooms", 200),
        (&ann, Method::POST, "/v1/rooms", 415),
        (&ann, Method::GET, "/v1/users/x", 400),
        (&ann, Method::PUT, "/v1/rooms", 405),
        (&ann, Method::GET, "/v1/nowhere", 404),
        (&server.client(), Method::GET, "/v1/rooms", 401),
        (&server.client(), Method::GET, "/health", 200),
    ] {
        let request = client.request(method, path).header("Origin", ORIGIN);
        let answer = client.send(request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let header = |name: &str| answer.headers[name].to_str().unwrap();
        assert_eq!(header("access-control-allow-origin"), ORIGIN);
        assert_eq!(header("access-control-allow-credentials"), "true");
        assert!(list(&answer, "vary").contains(&"origin".into()));
        let readable = list(&answer, "access-control-expose-headers");
        let expected = [
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-request-id",
        ];
        assert_eq!(readable, expected);
    }
}

#[tokio::test]
async fn another_origin_is_given_no_leave_to_read() {
    let server = start().await;
    let ann = server.user("Ann").await;
    let of_others = ann
        .request(Method::GET, "/v1/rooms")
        .header("Origin", "https://evil.example");
    let answer = ann.send(of_others).await;
    assert_silent(&answer);
    let no_browser = ann.get("/v1/rooms").await;
    assert_eq!(no_browser.status, 200);
    assert_silent(&no_browser);
}

#[tokio::test]
async fn with_no_origins_configured_the_servers_own_pages_work_and_others_do_not() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    // A browser sends Origin with a POST of the server's own page too.
    let own = ann
        .request(Method::POST, "/v1/rooms")
        .header("Origin", server.url())
        .json(&json!({"name": "General"}));
    assert_eq!(ann.send(own).await.status, 201);
    let answer = preflight(&ann, ORIGIN, "POST", "content-type").await;
    assert_silent(&answer);
    answer.assert_problem(403, "origin_not_allowed");
}

#[tokio::test]
async fn an_options_request_that_is_no_preflight_is_a_problem_like_any_other() {
    let server = start().await;
    let client = server.client();
    let plain = client
        .send(client.request(Method::OPTIONS, "/v1/rooms"))
        .await;
    plain.assert_problem(405, "method_not_allowed");
}
