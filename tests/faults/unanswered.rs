//! Postgres commits, and its answer does not come: what nobody was told of is heard all the same.

use serde_json::{Value, json};
use testkit::postgres::Postgres;

use crate::{
    api::{Client, reaction},
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
        let try_one = async |reference: &str| send(sender, room, reference).await;
        self.until_unanswered(try_one, |reference| {
            format!("SELECT count(*) FROM messages WHERE client_msg_id = '{reference}'")
        })
        .await
    }

    /// As [`unanswered`](Self::unanswered), of reactions to a message; gives the emoji.
    async fn unanswered_reaction(&self, by: &Client, message: &Value) -> String {
        let try_one = async |emoji: &str| by.put(&reaction(message, emoji)).await.status;
        self.until_unanswered(try_one, |emoji| {
            format!("SELECT count(*) FROM reactions WHERE emoji = '{emoji}'")
        })
        .await
    }

    async fn until_unanswered(
        &self,
        try_one: impl AsyncFn(&str) -> u16,
        count: impl Fn(&str) -> String,
    ) -> String {
        self.set("SET synchronous_standby_names = 'nobody'");
        let mut number = 0;
        let name = loop {
            number += 1;
            let name = format!("number-{number}");
            let status = try_one(&name).await;
            if status == 503 {
                break name;
            }
            assert!(matches!(status, 201 | 204), "{status}");
        };
        self.set("RESET synchronous_standby_names");
        let count = count(&name);
        crate::server::eventually("the commit", async || {
            (self.postgres.query(&self.dsn, &count) == "1").then_some(())
        })
        .await;
        name
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

#[tokio::test]
async fn a_reaction_that_was_committed_and_not_answered_is_heard_when_it_is_added_again() {
    let database = Withholding::start();
    let node = database.node("1h").await;
    let (ann, room, mut socket) = scene(&node).await;
    let message = ann.say(&room, "soup").await;
    let emoji = database.unanswered_reaction(&ann, &message).await;
    ann.react(&message, &emoji).await;
    // Before anything else makes the node look into the log.
    let is_told = |frame: &Value| frame["data"]["emoji"] == *emoji;
    socket.take(is_told).await;
    ann.say(&room, "end").await;
    let heard = socket.until("end").await;
    assert!(!heard.iter().any(is_told), "{heard:?}");
}
