use serde_json::{Value, json};

use super::{Scene, events, fields};
use crate::{
    server::{Server, Start, eventually},
    socket::{Refused, Socket},
};

async fn refusal(server: &Server, query: &str, headers: &[(&'static str, &str)]) -> Refused {
    match Socket::connect_as(server, query, headers).await {
        Ok(_) => panic!("{query} {headers:?} opened a socket"),
        Err(refused) => refused,
    }
}

async fn open_sockets(server: &Server) -> Value {
    server.client().get("/health").await.body["clients"].clone()
}

#[tokio::test]
async fn a_socket_without_a_good_token_is_refused_with_401() {
    let server = Server::start().await;
    for (query, headers, code) in [
        ("", vec![], "token_missing"),
        ("access_token=", vec![], "token_invalid"),
        ("access_token=not.a.jwt", vec![], "token_invalid"),
        (
            "",
            vec![("authorization", "Bearer not.a.jwt")],
            "token_invalid",
        ),
        ("", vec![("authorization", "Basic YTpi")], "token_invalid"),
        ("", vec![("x-auth-token", "not.a.jwt")], "token_invalid"),
        ("", vec![("cookie", "cs_access=not.a.jwt")], "token_invalid"),
    ] {
        let refused = refusal(&server, query, &headers).await;
        let told = (refused.status, refused.problem["code"].as_str());
        assert_eq!(told, (401, Some(code)), "{query} {headers:?}");
    }
    assert_eq!(open_sockets(&server).await, 0);
}

#[tokio::test]
async fn an_expired_token_is_refused_with_401() {
    let server = Start::default().with("JWT_ACCESS_TTL", "3s").start().await;
    let ann = server.user("Ann").await;
    eventually("the token expires", async || {
        (ann.get("/v1/rooms").await.status == 401).then_some(())
    })
    .await;
    let query = format!("access_token={}", ann.access_token());
    let refused = refusal(&server, &query, &[]).await;
    assert_eq!(
        (refused.status, &refused.problem["code"]),
        (401, &json!("token_expired"))
    );
}

#[tokio::test]
async fn a_token_of_a_log_in_that_has_ended_is_refused_with_401() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    let query = format!("access_token={}", ann.access_token());
    let refused = refusal(&server, &query, &[]).await;
    assert_eq!(
        (refused.status, &refused.problem["code"]),
        (401, &json!("session_ended"))
    );
}

#[tokio::test]
async fn a_foreign_room_and_one_that_does_not_exist_are_refused_with_the_same_403() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let foreign = ann.room("Private", &[]).await;
    let nowhere = "0190b5a0-0000-7000-8000-000000000000";
    let mut answers = Vec::new();
    for rooms in [
        format!("room_id={foreign}"),
        format!("room_id={nowhere}"),
        "room_id=no-uuid".to_owned(),
        format!("room_id={room}&room_id={foreign}"),
        format!("room_id={nowhere}&room_id={room}"),
    ] {
        let query = format!("{rooms}&access_token={}", bob.access_token());
        let mut refused = refusal(&server, &query, &[]).await;
        assert_eq!(refused.status, 403, "{rooms}");
        assert!(refused.problem["request_id"].take().is_string());
        answers.push(refused.problem);
    }
    assert_eq!(answers[0]["code"], "room_forbidden");
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(open_sockets(&server).await, 0);
}

#[tokio::test]
async fn pages_of_a_foreign_origin_are_refused_with_403_and_others_are_not() {
    let start = Start::default().with(
        "CORS_ALLOWED_ORIGINS",
        "https://app.example,https://b.example",
    );
    let server = start.start().await;
    let ann = server.user("Ann").await;
    let query = format!("access_token={}", ann.access_token());
    for origin in [
        "https://evil.example",
        "https://app.example.evil.example",
        "http://app.example",
        "null",
    ] {
        let refused = refusal(&server, &query, &[("origin", origin)]).await;
        let told = (refused.status, &refused.problem["code"]);
        assert_eq!(told, (403, &json!("origin_not_allowed")), "{origin}");
    }
    let own = format!("http://{}", server.sockets());
    for origin in ["https://app.example", "https://b.example", &own] {
        let mut socket = Socket::connect_as(&server, &query, &[("origin", origin)])
            .await
            .unwrap();
        socket.expect("ready").await;
    }
}

#[tokio::test]
async fn the_token_may_come_by_query_header_or_cookie() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let token = ann.access_token();
    let (bearer, cookie) = (format!("Bearer {token}"), format!("cs_access={token}"));
    let query = format!("access_token={token}");
    for (query, headers) in [
        (query.as_str(), vec![]),
        ("", vec![("authorization", bearer.as_str())]),
        ("", vec![("x-auth-token", token)]),
        ("", vec![("cookie", &cookie)]),
        ("access_token=bad", vec![("authorization", &bearer)]),
        (
            "access_token=bad",
            vec![("x-auth-token", token), ("cookie", "cs_access=bad")],
        ),
    ] {
        let socket = Socket::connect_as(&server, query, &headers).await;
        let ready = socket.unwrap().expect("ready").await;
        assert_eq!(ready["data"]["user"]["id"], ann.id());
    }
    let bad_first = [
        ("authorization", "Bearer bad"),
        ("x-auth-token", token),
        ("cookie", &cookie),
    ];
    assert_eq!(refusal(&server, &query, &bad_first).await.status, 401);
}

#[tokio::test]
async fn what_is_no_handshake_is_a_problem_and_no_socket() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let url = format!("{}/ws?access_token={}", server.url(), ann.access_token());
    let http = reqwest::Client::new();
    let plain = http.get(&url).send().await.unwrap();
    assert_eq!(plain.status(), 400);
    assert_eq!(plain.headers()["content-type"], "application/problem+json");
    assert_eq!(
        plain.json::<Value>().await.unwrap()["code"],
        "invalid_handshake"
    );
    assert_eq!(http.post(&url).send().await.unwrap().status(), 405);
    let query = format!("access_token={}", ann.access_token());
    let old = refusal(&server, &query, &[("sec-websocket-version", "8")]).await;
    assert_eq!(
        (old.status, &old.problem["code"]),
        (400, &json!("invalid_handshake"))
    );
    eventually("no socket is counted", async || {
        (open_sockets(&server).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_offer_to_compress_is_not_taken_up() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let query = format!("access_token={}", ann.access_token());
    let offer = [("sec-websocket-extensions", "permessage-deflate")];
    // The client library fails a handshake that answers an extension.
    let mut socket = Socket::connect_as(&server, &query, &offer).await.unwrap();
    socket.expect("ready").await;
}

#[tokio::test]
async fn without_room_id_a_socket_follows_every_room_else_those_alone() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let (second, third) = (
        ann.room("Second", &[&bob]).await,
        ann.room("Third", &[&bob]).await,
    );
    let mut all = bob.socket(&server, &[]).await;
    let mut two = bob.socket(&server, &[&room, &third, &room]).await;
    let mut followed: Vec<_> = two.ready["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["room_id"])
        .collect();
    followed.sort_by_key(|id| id.to_string());
    assert_eq!(followed, [&json!(room), &json!(third)]);
    assert_eq!(all.ready["rooms"].as_array().unwrap().len(), 3);
    for (room, content) in [(&room, "one"), (&second, "two"), (&third, "three")] {
        ann.say(room, content).await;
    }
    assert_eq!(events(&all.until("three").await), ["receive_message"; 3]);
    let heard = two.until("three").await;
    assert_eq!(
        (heard.len(), &heard[0]["data"]["content"]),
        (2, &json!("one"))
    );
    assert_eq!(fields(&heard[0]), ["data", "event", "seq"]);
    assert_eq!(open_sockets(&server).await, 2);
}
