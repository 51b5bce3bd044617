use serde_json::json;

use super::{assert_refused, assert_user};
use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

async fn refresh(server: &Server, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    server.client().post("/v1/auth/refresh", body).await
}

async fn may_read(client: &Client) -> Answer {
    client.get("/v1/rooms").await
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_gives_a_new_pair() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let renewed = refresh(&server, ann.refresh_token()).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_user(&renewed.body["user"], "Ann", "ann@example.org");
    assert_eq!(renewed.body["token_type"], "Bearer");
    assert_eq!(renewed.body["expires_in"], 900);
    assert_eq!(renewed.headers["cache-control"], "no-store");
    let newer = ann.with_tokens(renewed.body);
    assert_ne!(newer.refresh_token(), ann.refresh_token());
    assert_ne!(newer.access_token(), ann.access_token());
    assert_eq!(may_read(&newer).await.status, 200);
    // An access token that is under way stays good.
    assert_eq!(may_read(&ann).await.status, 200);
    let again = refresh(&server, newer.refresh_token()).await;
    assert_eq!(again.status, 200, "{again:?}");
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_its_whole_log_in_and_no_other() {
    let server = Server::start().await;
    let stolen = server.user("Ann").await;
    let other = server
        .client()
        .log_in("ann@example.org", "correct horse")
        .await;
    let renewed = stolen.with_tokens(refresh(&server, stolen.refresh_token()).await.body);
    let reused = refresh(&server, stolen.refresh_token()).await;
    reused.assert_problem(401, "refresh_token_invalid");
    for ended in [&stolen, &renewed] {
        may_read(ended).await.assert_problem(401, "session_ended");
        let again = refresh(&server, ended.refresh_token()).await;
        again.assert_problem(401, "refresh_token_invalid");
    }
    assert_eq!(may_read(&other).await.status, 200);
    assert_eq!(refresh(&server, other.refresh_token()).await.status, 200);
}

#[tokio::test]
async fn of_many_renewals_with_one_token_at_most_one_succeeds() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let tries = (0..12).map(|_| refresh(&server, ann.refresh_token()));
    let answers = futures_util::future::join_all(tries).await;
    let good = answers.iter().filter(|a| a.status == 200).count();
    assert_eq!(good, 1);
    let refused: Vec<_> = answers.iter().filter(|a| a.status != 200).collect();
    refused
        .iter()
        .for_each(|a| a.assert_problem(401, "refresh_token_invalid"));
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    for bad in ["", "x", "\0", "😀", ann.access_token(), &"a".repeat(9_000)] {
        refresh(&server, bad)
            .await
            .assert_problem(401, "refresh_token_invalid");
    }
    let empty = server.client().post("/v1/auth/refresh", json!({})).await;
    assert_refused(&empty, "refresh_token", "missing");
    // It is a secret of its own, and no access token.
    let swapped = ann.with_tokens(json!({"access_token": ann.refresh_token()}));
    may_read(&swapped)
        .await
        .assert_problem(401, "token_invalid");
}

#[tokio::test]
async fn a_refresh_token_expires() {
    let server = Start::default()
        .with("JWT_REFRESH_TTL", "1ms")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let late = refresh(&server, ann.refresh_token()).await;
    late.assert_problem(401, "refresh_token_invalid");
}
