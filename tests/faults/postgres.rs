//! Postgres goes away or stops.

use std::time::Duration;

use serde_json::json;

use crate::{
    api::Client,
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, lasts, rounds},
    rig::{Rig, wait_for_store},
    traffic::Traffic,
};

/// Waits until every node says that it cannot serve, and asks what clients are told meanwhile.
async fn assert_away(rig: &Rig, traffic: &Traffic) {
    for (node, user) in rig.fleet.nodes.iter().zip(&traffic.users) {
        wait_for_store(node, false).await;
        assert_refused(user, &traffic.room).await;
    }
}

/// Reads and writes say that they cannot be done now, and when to try again.
async fn assert_refused(client: &Client, room: &str) {
    let messages = format!("/v1/rooms/{room}/messages");
    for answer in [
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

async fn wait_until_ready(rig: &Rig) {
    for node in &rig.fleet.nodes {
        wait_for_store(node, true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_is_killed_and_restarted() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        rig.fleet.postgres.kill();
        assert_away(&rig, &traffic).await;
        rig.fleet.postgres.restart();
        wait_until_ready(&rig).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("Postgres killed and restarted", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_stops_answering_and_goes_on() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let time = lasts(Duration::from_secs(1), Duration::from_secs(30));
    for _ in 0..rounds() {
        rig.fleet.postgres.freeze();
        assert_away(&rig, &traffic).await;
        traffic.go_on_for(time).await;
        rig.fleet.postgres.thaw();
        wait_until_ready(&rig).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("Postgres stopped", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_postgres_and_redis_are_away_together() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        rig.fleet.redis.kill();
        rig.fleet.postgres.kill();
        assert_away(&rig, &traffic).await;
        rig.fleet.postgres.restart();
        wait_until_ready(&rig).await;
        traffic.acknowledge(SOME).await;
        rig.fleet.redis.restart();
        rig.wait_until_healed().await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("Postgres and Redis killed together", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// What was under way then may have been committed or not, and nobody was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_connections_to_postgres_are_cut_again_and_again() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for i in 0..10 * rounds() {
        traffic.acknowledge(SOME / 4).await;
        if i % 2 == 0 {
            // By the network, and so not in order.
            rig.links.iter().for_each(|links| links.postgres.reset());
            continue;
        }
        rig.fleet.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    traffic.acknowledge(SOME).await;
    let outcome = judge("connections to Postgres cut", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}
