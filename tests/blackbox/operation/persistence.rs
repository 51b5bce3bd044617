use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{history, moved_to};
use crate::server::Start;

#[tokio::test]
async fn a_restart_in_the_same_folder_keeps_everything_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    for i in 0..20 {
        ann.say(&room, &format!("m{i}")).await;
    }
    let before = history(&ann, &room).await;
    let mut socket = bob.socket(&server, &[]).await;
    let last_heard = socket.ready["rooms"][0]["last_seq"].as_u64().unwrap();
    server.signal("TERM");
    assert_eq!(socket.closed().await, 1012);
    assert_eq!(server.ended().await.code(), Some(0));

    let server = Start::default().in_folder(folder.path()).start().await;
    let (ann, bob) = (moved_to(&server, &ann), moved_to(&server, &bob));
    assert_eq!(history(&ann, &room).await, before);
    assert_eq!(ann.say(&room, "after").await["seq"], last_heard + 1);
    // The client comes back, and asks for what it missed.
    let mut socket = bob.socket(&server, &[]).await;
    assert_eq!(socket.ready["rooms"][0]["last_seq"], last_heard + 1);
    let missed = bob
        .get(&format!("/v1/rooms/{room}/messages?after={last_heard}"))
        .await
        .body;
    assert_eq!(missed["messages"].as_array().unwrap().len(), 1);
    assert_eq!(missed["messages"][0]["content"], "after");
    ann.say(&room, "live").await;
    assert_eq!(socket.hear("receive_message").await["seq"], last_heard + 2);
}

#[tokio::test]
async fn tokens_are_good_after_a_restart_and_an_ended_log_in_stays_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let ann = server.user("Ann").await;
    let ended = ann.log_in("ann@example.org", "correct horse").await;
    assert_eq!(ended.poke("/v1/auth/logout").await.status, 204);
    let secret = folder.path().join("data/jwt_secret");
    let first = std::fs::read(&secret).unwrap();
    assert_eq!(
        std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777,
        0o600
    );
    server.signal("TERM");
    server.ended().await;

    let server = Start::default().in_folder(folder.path()).start().await;
    assert_eq!(std::fs::read(&secret).unwrap(), first);
    assert_eq!(moved_to(&server, &ann).get("/v1/rooms").await.status, 200);
    let refresh = json!({"refresh_token": ann.refresh_token()});
    let renewed = server
        .client()
        .post("/v1/auth/refresh", refresh.clone())
        .await;
    assert_eq!(renewed.status, 200);
    assert_eq!(
        server
            .client()
            .post("/v1/auth/refresh", refresh)
            .await
            .status,
        401
    );
    moved_to(&server, &ended)
        .get("/v1/rooms")
        .await
        .assert_problem(401, "session_ended");
    server
        .client()
        .log_in("ann@example.org", "correct horse")
        .await;
}
