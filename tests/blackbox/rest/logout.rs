use reqwest::Method;
use serde_json::json;

use crate::{api::Client, server::Server};

const LOGOUT: &str = "/v1/auth/logout";

async fn again(server: &Server) -> Client {
    server
        .client()
        .log_in("ann@example.org", "correct horse")
        .await
}

#[track_caller]
fn assert_ended(client: &Client) -> impl Future<Output = ()> {
    let client = client.clone();
    async move {
        let read = client.get("/v1/rooms").await;
        read.assert_problem(401, "session_ended");
        let body = json!({"refresh_token": client.refresh_token()});
        let renewed = client.post("/v1/auth/refresh", body).await;
        renewed.assert_problem(401, "refresh_token_invalid");
        client
            .poke(LOGOUT)
            .await
            .assert_problem(401, "session_ended");
    }
}

async fn stands(client: &Client) -> bool {
    client.get("/v1/rooms").await.status == 200
}

#[tokio::test]
async fn a_log_out_without_a_body_ends_this_log_in_at_once() {
    let server = Server::start().await;
    let (ann, phone) = (server.user("Ann").await, again(&server).await);
    let out = ann.poke(LOGOUT).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert_ended(&ann).await;
    assert!(stands(&phone).await);
}

#[tokio::test]
async fn a_log_out_takes_its_caller_from_the_token_and_not_from_the_body() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let out = ann.post(LOGOUT, json!({"user_id": bob.id()})).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert_ended(&ann).await;
    assert!(stands(&bob).await);
    let out = bob.post(LOGOUT, json!({"user_id": bob.id()})).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert_ended(&bob).await;
}

#[tokio::test]
async fn a_log_out_with_a_refresh_token_ends_that_log_in_too() {
    let server = Server::start().await;
    let (ann, phone) = (server.user("Ann").await, again(&server).await);
    let tablet = again(&server).await;
    let body = json!({"refresh_token": phone.refresh_token()});
    assert_eq!(ann.post(LOGOUT, body).await.status, 204);
    assert_ended(&ann).await;
    assert_ended(&phone).await;
    assert!(stands(&tablet).await);
}

#[tokio::test]
async fn a_log_out_cannot_end_somebody_elses_log_in() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let body = json!({"refresh_token": bob.refresh_token()});
    assert_eq!(ann.post(LOGOUT, body).await.status, 204);
    assert_ended(&ann).await;
    assert!(stands(&bob).await);
    // A token that means nothing, an empty object and other fields are all fine.
    for body in [
        json!({"refresh_token": "nonsense"}),
        json!({}),
        json!({"everywhere": true}),
        json!({"user_id": null}),
    ] {
        let ann = again(&server).await;
        assert_eq!(ann.post(LOGOUT, body).await.status, 204);
        assert_ended(&ann).await;
    }
}

#[tokio::test]
async fn a_log_out_that_is_refused_ends_nothing() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let wrong = ann.post(LOGOUT, json!({"user_id": 7})).await;
    wrong.assert_problem(400, "invalid_body");
    let request = ann.request(Method::POST, LOGOUT).body("{");
    let request = request.header("content-type", "application/json");
    ann.send(request).await.assert_problem(400, "invalid_json");
    assert!(stands(&ann).await);
    let nobody = server.client().poke(LOGOUT).await;
    nobody.assert_problem(401, "token_missing");
}

#[tokio::test]
async fn a_log_out_closes_the_sockets_of_the_log_in() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let mut socket = ann.socket(&server, &[]).await;
    assert_eq!(ann.poke(LOGOUT).await.status, 204);
    assert!(socket.closed().await >= 4000);
}
