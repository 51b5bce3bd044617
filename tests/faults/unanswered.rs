//! Postgres commits, and its answer does not come: what nobody was told of is heard all the same.

use serde_json::json;
use testkit::postgres::Postgres;

use crate::{
    api::Client,
    server::{Server, Start},
    socket::Socket,
};

/// A Postgres that can be made to keep its answers to itself: it waits for a stand-by that there is not.
struct Withholding {
    postgres: Postgres,
    dsn: String,
}

impl Withholding {
    fn start() -> Self {
        let postgres = Postgres::start_with(&[
            ("wal_level", "replica"),
            ("max_wal_senders", "2"),
            ("synchronous_commit", "on"),
        ]);
        let dsn = postgres.database();
        Self { postgres, dsn }
    }

    async fn node(&self, audit: &str) -> Server {
        Start::default()
            .with("DATABASE_URL", &self.dsn)
            .with("DB_STATEMENT_TIMEOUT", "300ms")
            .with("BUS_AUDIT_INTERVAL", audit)
            .start()
            .await
    }

    fn set(&self, setting: &str) {
        self.postgres
            .query(&self.dsn, &format!("ALTER SYSTEM {setting}"));
        self.postgres.query(&self.dsn, "SELECT pg_reload_conf()");
    }

    /// Sends until a message is not answered, and gives the reference of that one. It is committed once this answers,
    /// and so is all that was sent.
    async fn unanswered(&self, sender: &Client, room: &str) -> String {
        self.set("SET synchronous_standby_names = 'nobody'");
        let mut number = 0;
        let reference = loop {
            number += 1;
            let reference = format!("message {number}");
            let answer = send(sender, room, &reference).await;
            if answer == 503 {
                break reference;
            }
            assert_eq!(answer, 201);
        };
        self.set("RESET synchronous_standby_names");
        let count = format!("SELECT count(*) FROM messages WHERE client_msg_id = '{reference}'");
        crate::server::eventually("the commit", async || {
            (self.postgres.query(&self.dsn, &count) == "1").then_some(())
        })
        .await;
        reference
    }
}

async fn send(sender: &Client, room: &str, reference: &str) -> u16 {
    let body = json!({"content": reference, "client_msg_id": reference});
    let path = format!("/v1/rooms/{room}/messages");
    sender.post(&path, body).await.status
}

async fn scene(node: &Server) -> (Client, String, Socket) {
    let (ann, bob) = (node.user("Ann").await, node.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let socket = bob.socket(node, &[]).await;
    (ann, room, socket)
}

#[tokio::test]
async fn a_message_that_was_committed_and_not_answered_is_heard_when_it_is_sent_again() {
    let database = Withholding::start();
    let node = database.node("1h").await;
    let (ann, room, mut socket) = scene(&node).await;
    let reference = database.unanswered(&ann, &room).await;
    assert_eq!(send(&ann, &room, &reference).await, 200);
    let heard = socket.until(&reference).await;
    let told = heard
        .iter()
        .filter(|frame| frame["data"]["content"] == *reference);
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn a_message_that_was_committed_and_not_answered_is_heard_though_nobody_sends_it_again() {
    let database = Withholding::start();
    let node = database.node("100ms").await;
    let (ann, room, mut socket) = scene(&node).await;
    let reference = database.unanswered(&ann, &room).await;
    socket.until(&reference).await;
}
