use reqwest::Method;
use serde_json::json;

use super::{NOBODY, with_query};
use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

/// Asks for the rooms with these headers and nothing else.
async fn rooms_with(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let client = server.client();
    let mut request = client.request(Method::GET, "/v1/rooms");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

#[tokio::test]
async fn a_token_is_good_in_each_of_its_places() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let token = ann.access_token();
    for (name, value) in [
        ("Authorization", format!("Bearer {token}")),
        ("Authorization", format!("bearer {token}")),
        ("X-Auth-Token", token.to_owned()),
        ("Cookie", format!("theme=dark; cs_access={token}")),
    ] {
        let answer = rooms_with(&server, &[(name, &value)]).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn the_first_token_that_is_present_decides() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let (good, other) = (ann.access_token(), bob.access_token());
    ann.room("Ann's", &[]).await;
    bob.room("Bob's", &[]).await;
    let (bearer, cookie) = (format!("Bearer {good}"), format!("cs_access={other}"));
    for headers in [
        vec![("Authorization", &*bearer), ("X-Auth-Token", other)],
        vec![("Authorization", &*bearer), ("X-Auth-Token", "nonsense")],
        vec![
            ("Authorization", &*bearer),
            ("Cookie", "cs_access=nonsense"),
        ],
        vec![("X-Auth-Token", good), ("Cookie", &*cookie)],
        vec![("X-Auth-Token", good), ("Cookie", "cs_access=nonsense")],
    ] {
        let answer = rooms_with(&server, &headers).await;
        assert_eq!(super::names(&answer), ["Ann's"], "{headers:?}");
    }
    for headers in [
        vec![("Authorization", "Bearer nonsense"), ("X-Auth-Token", good)],
        vec![("Authorization", "Basic YTpi"), ("X-Auth-Token", good)],
        vec![("Authorization", "Bearer"), ("X-Auth-Token", good)],
        vec![("Authorization", ""), ("X-Auth-Token", good)],
        vec![("Authorization", good), ("X-Auth-Token", good)],
        vec![("X-Auth-Token", "nonsense"), ("Cookie", &*cookie)],
        vec![("X-Auth-Token", ""), ("Cookie", &*cookie)],
        vec![("X-Auth-Token", &*bearer)],
        vec![("Cookie", "cs_access=nonsense")],
        vec![("Cookie", "cs_access=")],
    ] {
        let answer = rooms_with(&server, &headers).await;
        answer.assert_problem(401, "token_invalid");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_none_outside_the_socket() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let path = with_query("/v1/rooms", &[("access_token", ann.access_token())]);
    let answer = server.client().get(&path).await;
    answer.assert_problem(401, "token_missing");
    let nothing = rooms_with(&server, &[]).await;
    nothing.assert_problem(401, "token_missing");
    assert_eq!(nothing.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let parts: Vec<_> = ann.access_token().split('.').collect();
    let [head, claims, signature] = parts[..] else {
        panic!("a JWT has three parts")
    };
    // {"alg":"none"}, and {"alg":"HS256","typ":"JWT"} without the key's id.
    let (none, bare) = (
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    );
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    for bad in [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{bare}.{claims}.{signature}"),
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{head}.{claims}.{first}{}", &signature[1..]),
        format!("{head}.e30.{signature}"),
        "..".into(),
        "😀".into(),
    ] {
        let mut thief = ann.clone();
        thief.tokens = json!({"access_token": bad});
        let answer = thief.get("/v1/rooms").await;
        answer.assert_problem(401, "token_invalid");
    }
}

#[tokio::test]
async fn a_token_of_another_installation_is_refused() {
    let secret = |letter: &str| Start::default().with("JWT_ACCESS_SECRET", &letter.repeat(40));
    let (one, other) = (secret("a").start().await, secret("b").start().await);
    let ann = one.user("Ann").await;
    let answer = rooms_with(&other, &[("X-Auth-Token", ann.access_token())]).await;
    answer.assert_problem(401, "token_invalid");
}

#[tokio::test]
async fn an_access_token_expires() {
    let server = Start::default().with("JWT_ACCESS_TTL", "1ms").start().await;
    let ann = server.user("Ann").await;
    let late = ann.get("/v1/rooms").await;
    late.assert_problem(401, "token_expired");
}

#[tokio::test]
async fn who_is_not_known_learns_nothing_about_the_rest_of_the_request() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    let calls = async |client: &Client, code: &str| {
        let body = json!({"content": 7});
        for path in [
            format!("/v1/rooms/{NOBODY}/messages"),
            "/v1/rooms/no-id/messages".into(),
        ] {
            let answer = client.post(&path, body.clone()).await;
            answer.assert_problem(401, code);
        }
        let answer = client.get("/v1/users/no-id").await;
        answer.assert_problem(401, code);
        let answer = client.get("/v1/messages/search?limit=x").await;
        answer.assert_problem(401, code);
    };
    calls(&server.client(), "token_missing").await;
    calls(&ann, "session_ended").await;
}
