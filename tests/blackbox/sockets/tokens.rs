use serde_json::{Value, json};

use super::Scene;
use crate::{
    api::Client,
    server::{Server, Start},
    socket::Socket,
};

async fn authenticate(socket: &mut Socket, token: &str) -> Value {
    let data = json!({"access_token": token});
    socket.command("a", "authenticate", data).await;
    socket.answer("a").await
}

async fn renewed(client: &Client) -> Client {
    let body = json!({"refresh_token": client.refresh_token()});
    let answer = client.post("/v1/auth/refresh", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    client.with_tokens(answer.body)
}

async fn server_with_short_tokens(seconds: u32) -> Server {
    let ttl = format!("{seconds}s");
    Start::default().with("JWT_ACCESS_TTL", &ttl).start().await
}

#[tokio::test]
async fn a_socket_is_warned_before_its_token_expires_and_closed_when_it_does() {
    let server = server_with_short_tokens(3).await;
    let ann = server.user("Ann").await;
    let mut a = ann.socket(&server, &[]).await;
    let warning = a.hear("token_expiring").await;
    let expires_at = warning["data"]["expires_at"].as_str().unwrap();
    assert!(expires_at.ends_with('Z'), "{warning}");
    assert_eq!(a.closed().await, 4401);
    let again = Socket::connect(&server, &format!("access_token={}", ann.access_token())).await;
    assert_eq!(again.err().map(|refused| refused.status), Some(401));
}

#[tokio::test]
async fn a_socket_that_sends_a_new_token_lives_on() {
    let server = server_with_short_tokens(3).await;
    let mut ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut a = ann.socket(&server, &[]).await;
    for _ in 0..3 {
        let warning = a.hear("token_expiring").await;
        ann = renewed(&ann).await;
        let answer = authenticate(&mut a, ann.access_token()).await;
        assert_eq!(answer["event"], "ack", "{answer}");
        let (old, new) = (
            &warning["data"]["expires_at"],
            &answer["data"]["expires_at"],
        );
        assert!(old.as_str() < new.as_str(), "{old} {new}");
    }
    a.say(&room, "still here").await;
}

#[tokio::test]
async fn a_token_that_is_not_good_or_another_users_changes_nothing() {
    let Scene {
        server, ann, bob, ..
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    for token in [bob.access_token(), "nonsense", ""] {
        let answer = authenticate(&mut a, token).await;
        assert_eq!(answer["data"]["code"], "token_invalid", "{answer}");
    }
    let ended = ann.log_in("ann@example.org", "correct horse").await;
    assert_eq!(ended.poke("/v1/auth/logout").await.status, 204);
    let answer = authenticate(&mut a, ended.access_token()).await;
    assert_eq!(answer["data"]["code"], "session_ended", "{answer}");
    let room = ann.room("General", &[]).await;
    a.hear("room_added").await;
    a.say(&room, "still here").await;
}

#[tokio::test]
async fn a_socket_ends_with_the_log_in_whose_token_it_sent_last() {
    let Scene { server, ann, .. } = Scene::new().await;
    let second = ann.log_in("ann@example.org", "correct horse").await;
    let mut a = ann.socket(&server, &[]).await;
    let answer = authenticate(&mut a, second.access_token()).await;
    assert_eq!(answer["event"], "ack", "{answer}");
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    let room = second.room("General", &[]).await;
    a.hear("room_added").await;
    a.say(&room, "the first log-in is not its own any more")
        .await;
    assert_eq!(second.poke("/v1/auth/logout").await.status, 204);
    assert_eq!(a.closed().await, 4401);
}
