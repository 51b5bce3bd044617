use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

/// The `Set-Cookie` header of this cookie: its value, and its attributes.
fn cookie(answer: &Answer, name: &str) -> Option<(String, String)> {
    let headers = answer.headers.get_all("set-cookie").into_iter();
    let prefix = format!("{name}=");
    let mut found = headers.filter_map(|value| value.to_str().unwrap().strip_prefix(&prefix));
    let (value, attributes) = found.next()?.split_once("; ").unwrap();
    Some((value.to_owned(), attributes.to_owned()))
}

async fn log_in(server: &Server, cookies: Value) -> Answer {
    let body = json!({"email": "ann@example.org", "password": "correct horse", "cookies": cookies});
    server.client().post("/v1/auth/login", body).await
}

/// Makes a room with the cookies alone, and with this CSRF token.
async fn make_room(client: &Client, access: &str, csrf: Option<&str>) -> Answer {
    let request = client
        .request(Method::POST, "/v1/rooms")
        .header("Cookie", format!("cs_access={access}"))
        .json(&json!({"name": "General"}));
    let request = match csrf {
        Some(csrf) => request.header("X-CSRF-Token", csrf),
        None => request,
    };
    client.send(request).await
}

#[tokio::test]
async fn a_log_in_sets_cookies_only_when_it_is_asked_to() {
    let server = Server::start().await;
    server.user("Ann").await;
    let without = log_in(&server, json!(false)).await;
    assert!(without.headers.get("set-cookie").is_none());
    let with = log_in(&server, json!(true)).await;
    let (access, attributes) = cookie(&with, "cs_access").unwrap();
    assert_eq!(access, with.body["access_token"]);
    for wanted in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=900"] {
        assert!(attributes.contains(wanted), "{wanted}: {attributes}");
    }
    let (_, attributes) = cookie(&with, "cs_csrf").unwrap();
    assert!(!attributes.contains("HttpOnly"), "scripts must read it");
    assert!(attributes.contains("SameSite=Strict"));
    let wrong = log_in(&server, json!("yes")).await;
    wrong.assert_problem(400, "invalid_body");
}

#[tokio::test]
async fn with_the_cookie_a_change_needs_the_csrf_header_and_a_read_does_not() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (answer, other) = (
        log_in(&server, json!(true)).await,
        log_in(&server, json!(true)).await,
    );
    let (access, _) = cookie(&answer, "cs_access").unwrap();
    let (csrf, _) = cookie(&answer, "cs_csrf").unwrap();
    let (of_other, _) = cookie(&other, "cs_csrf").unwrap();
    let client = server.client();
    for bad in [None, Some(""), Some("x"), Some(&*of_other)] {
        let refused = make_room(&client, &access, bad).await;
        refused.assert_problem(403, "csrf_token_missing");
    }
    let made = make_room(&client, &access, Some(&csrf)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let read = client
        .request(Method::GET, "/v1/rooms")
        .header("Cookie", format!("cs_access={access}"));
    assert_eq!(client.send(read).await.status, 200);
    // A token in a header is not sent by a browser unasked: it needs no more.
    let by_header = make_room(&ann, "nonsense", None).await;
    assert_eq!(by_header.status, 201, "{by_header:?}");
}

#[tokio::test]
async fn every_kind_of_change_needs_the_csrf_header() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "hi").await;
    let client = server.client();
    let cookie = format!("cs_access={}", ann.access_token());
    let message = super::at(&message);
    for (method, path) in [
        (Method::POST, "/v1/auth/logout".to_owned()),
        (Method::PATCH, format!("/v1/users/{}/status", ann.id())),
        (Method::DELETE, format!("/v1/rooms/{room}")),
        (Method::PATCH, message.clone()),
        (Method::DELETE, message.clone()),
        (Method::POST, format!("{message}/read")),
        (Method::PUT, format!("{message}/reactions/x")),
    ] {
        let request = client.request(method, &path).header("Cookie", &cookie);
        let answer = client.send(request).await;
        answer.assert_problem(403, "csrf_token_missing");
    }
    assert_eq!(ann.get(&super::messages_of(&room)).await.status, 200);
}

#[tokio::test]
async fn a_renewal_sets_the_cookies_anew_and_a_log_out_takes_them_away() {
    let server = Server::start().await;
    server.user("Ann").await;
    let answer = log_in(&server, json!(true)).await;
    let client = server.client();
    let body = json!({"refresh_token": answer.body["refresh_token"], "cookies": true});
    let renewed = client.post("/v1/auth/refresh", body).await;
    let (access, _) = cookie(&renewed, "cs_access").unwrap();
    let (csrf, _) = cookie(&renewed, "cs_csrf").unwrap();
    assert_eq!(access, renewed.body["access_token"]);
    let request = client
        .request(Method::POST, "/v1/auth/logout")
        .header("Cookie", format!("cs_access={access}"))
        .header("X-CSRF-Token", csrf);
    let out = client.send(request).await;
    assert_eq!(out.status, 204, "{out:?}");
    for name in ["cs_access", "cs_csrf"] {
        let (value, attributes) = cookie(&out, name).unwrap();
        assert_eq!(value, "");
        assert!(attributes.contains("Max-Age=0"), "{attributes}");
        assert!(attributes.contains("Path=/"), "{attributes}");
    }
}

#[tokio::test]
async fn outside_development_cookies_are_for_https_alone() {
    let server = Start::default()
        .with("APP_ENV", "staging")
        .with("JWT_ACCESS_SECRET", &"s".repeat(40))
        .start()
        .await;
    server.user("Ann").await;
    let answer = log_in(&server, json!(true)).await;
    for name in ["cs_access", "cs_csrf"] {
        let (_, attributes) = cookie(&answer, name).unwrap();
        assert!(attributes.contains("Secure"), "{attributes}");
    }
}
