use serde_json::json;

use super::{Fleet, SOME, Traffic, assert_nothing_lost, assert_sockets_stayed_open, readiness};
use crate::{api::Client, server::eventually};

/// Waits until every node says that it cannot serve, and asks what clients are told meanwhile.
async fn assert_away(fleet: &Fleet, traffic: &Traffic) {
    for (node, reader) in fleet.nodes.iter().zip(&traffic.readers) {
        eventually("the node is not ready", async || {
            let ready = readiness(node).await;
            (ready.status == 503 && ready.body["store"] == "unavailable").then_some(())
        })
        .await;
        assert_eq!(node.client().get("/health/live").await.status, 200);
        assert_refused(reader, &traffic.room).await;
    }
}

/// Reads and writes say that they cannot be done now, and when to try again.
async fn assert_refused(client: &Client, room: &str) {
    let messages = format!("/v1/rooms/{room}/messages");
    let body = json!({"content": "now?", "client_msg_id": "refused"});
    for answer in [
        client.post(&messages, body).await,
        client.get(&messages).await,
        client.post("/v1/rooms", json!({"name": "now?"})).await,
    ] {
        answer.assert_problem(503, "unavailable");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    let log_in = json!({"email": "user0@example.org", "password": "correct horse"});
    let answer = client.post("/v1/auth/login", log_in).await;
    answer.assert_problem(503, "unavailable");
}

async fn wait_until_ready(fleet: &Fleet) {
    for node in &fleet.nodes {
        eventually("the node is ready again", async || {
            (readiness(node).await.status == 200).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_is_killed_and_restarted() {
    let fleet = Fleet::alone(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    for _ in 0..2 {
        traffic.acknowledge(SOME).await;
        fleet.postgres.kill();
        assert_away(&fleet, &traffic).await;
        fleet.postgres.restart();
        wait_until_ready(&fleet).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_stops_answering_and_goes_on() {
    let fleet = Fleet::alone(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    for _ in 0..2 {
        traffic.acknowledge(SOME).await;
        fleet.postgres.freeze();
        assert_away(&fleet, &traffic).await;
        fleet.postgres.thaw();
        wait_until_ready(&fleet).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_and_redis_are_away_together() {
    let fleet = Fleet::alone(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    traffic.acknowledge(SOME).await;
    fleet.redis.kill();
    fleet.postgres.kill();
    assert_away(&fleet, &traffic).await;
    fleet.postgres.restart();
    wait_until_ready(&fleet).await;
    traffic.acknowledge(SOME).await;
    fleet.redis.restart();
    for node in &fleet.nodes {
        super::wait_for_bus(node, "connected").await;
    }
    traffic.acknowledge(SOME).await;
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}

/// What was under way then may have been committed or not, and nobody was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_connections_to_postgres_are_cut_again_and_again() {
    let fleet = Fleet::with(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    for _ in 0..10 {
        traffic.acknowledge(SOME / 4).await;
        fleet.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    traffic.acknowledge(SOME).await;
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}
