use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::server::{Server, Start, eventually};

#[tokio::test]
async fn health_counts_the_open_sockets_and_needs_no_token() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (one, _two) = (
        ann.socket(&server, &[]).await,
        ann.socket(&server, &[]).await,
    );
    for path in ["/health", "/v1/health"] {
        let answer = server.client().get(path).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!("ok")));
        assert_eq!(answer.body["clients"], 2);
        assert_eq!(answer.body["version"], env!("CARGO_PKG_VERSION"));
    }
    one.close().await;
    eventually("the closed one is not counted", async || {
        (server.client().get("/health").await.body["clients"] == 1).then_some(())
    })
    .await;
    assert_eq!(
        server.client().get("/health/live").await.body,
        json!({"status": "live"})
    );
    let ready = server.client().get("/health/ready").await;
    assert_eq!(
        (ready.status, ready.body),
        (
            200,
            json!({"status": "ready", "store": "ok", "bus": "connected"})
        )
    );
}

/// Another process that holds the database, as a backup or a stuck tool does.
pub(super) fn hold(server: &Server) -> Connection {
    let other = Connection::open(server.folder().join("data/chatterstack.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn while_the_database_takes_no_writes_they_are_503_reads_go_on_and_it_heals_by_itself() {
    let server = Start::default()
        .with("DB_WAIT_TIMEOUT", "300ms")
        .start()
        .await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    ann.say(&room, "before").await;
    let messages = format!("/v1/rooms/{room}/messages");
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    let other = hold(&server);

    let body = json!({"content": "lost", "client_msg_id": "lost"});
    let answer = ann.post(&messages, body.clone()).await;
    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.headers["retry-after"], "1");
    ann.post("/v1/rooms", json!({"name": "lost"}))
        .await
        .assert_problem(503, "unavailable");
    a.command(
        "1",
        "send_message",
        json!({"room_id": room, "content": "lost"}),
    )
    .await;
    let refused = a.answer("1").await;
    assert_eq!(
        (&refused["event"], &refused["data"]["code"]),
        (&json!("error"), &json!("unavailable"))
    );

    assert_eq!(
        bob.get(&messages).await.body["messages"][0]["content"],
        "before"
    );
    assert_eq!(bob.get("/v1/rooms").await.status, 200);
    assert_eq!(
        bob.socket(&server, &[&room]).await.ready["rooms"][0]["unread"],
        1
    );
    assert_eq!(server.client().get("/health/live").await.status, 200);

    other.execute_batch("ROLLBACK").unwrap();
    let healed = ann.post(&messages, body).await;
    assert_eq!(healed.status, 201);
    a.say(&room, "after").await;
    let heard = b.until("after").await;
    let contents: Vec<_> = heard
        .iter()
        .filter(|frame| frame["event"] == "receive_message")
        .map(|frame| frame["data"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(contents, ["lost", "after"]);
}

#[tokio::test]
async fn many_writes_at_once_are_all_refused() {
    let server = Start::default()
        .with("DB_WAIT_TIMEOUT", "300ms")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let _other = hold(&server);
    let writes = (0..20).map(|i| {
        let body = json!({"content": format!("m{i}")});
        let (ann, room) = (&ann, &room);
        async move { ann.post(&format!("/v1/rooms/{room}/messages"), body).await }
    });
    for answer in futures_util::future::join_all(writes).await {
        answer.assert_problem(503, "unavailable");
    }
}

#[tokio::test]
async fn a_peer_whose_command_waits_for_the_database_does_not_count_as_silent() {
    let start = Start::default()
        .with("DB_WAIT_TIMEOUT", "2s")
        .with("WS_PING_INTERVAL", "100ms")
        .with("WS_PONG_TIMEOUT", "400ms");
    let server = start.start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let other = hold(&server);
    socket
        .command(
            "1",
            "send_message",
            json!({"room_id": room, "content": "wait"}),
        )
        .await;
    let answer = socket.answer("1").await;
    assert_eq!(
        (&answer["event"], &answer["data"]["code"]),
        (&json!("error"), &json!("unavailable"))
    );
    other.execute_batch("ROLLBACK").unwrap();
    socket.say(&room, "well again").await;
}
