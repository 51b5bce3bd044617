//! Redis goes away, stops, or keeps to itself what is published.

use std::time::Duration;

use testkit::Faults;

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, lasts, rounds},
    rig::{Rig, wait_for_bus},
    traffic::Traffic,
};

async fn wait_for_buses(rig: &Rig, bus: &str) {
    for node in &rig.fleet.nodes {
        wait_for_bus(node, bus).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_redis_is_killed_and_comes_back_empty() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        rig.fleet.redis.kill();
        traffic.acknowledge(SOME).await;
        wait_for_buses(&rig, "degraded").await;
        traffic.acknowledge(SOME).await;
        rig.fleet.redis.restart();
        wait_for_buses(&rig, "connected").await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("Redis killed, back empty", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_redis_stops_answering_and_goes_on() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let time = lasts(Duration::from_secs(2), Duration::from_secs(30));
    for _ in 0..rounds() {
        rig.fleet.redis.freeze();
        wait_for_buses(&rig, "degraded").await;
        traffic.go_on_for(time).await;
        traffic.acknowledge(SOME).await;
        rig.fleet.redis.thaw();
        wait_for_buses(&rig, "connected").await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("Redis stopped", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// So short that no node notices: what was published into it is lost, or late. Then its connections are cut, and its
/// data deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_redis_stops_unnoticed_or_forgets_or_cuts_its_connections() {
    let rig = Rig::alone(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let redis = &rig.fleet.redis;
    for _ in 0..5 * rounds() {
        traffic.acknowledge(10).await;
        redis.freeze();
        traffic.acknowledge(10).await;
        redis.thaw();
        redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        traffic.acknowledge(10).await;
        redis.cli(&["FLUSHALL"]);
        redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    }
    let outcome = judge("Redis stopped for moments, cut, flushed", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// Commands go on, so that only the heartbeats show it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_only_what_is_published_is_swallowed() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        for links in &rig.links {
            links.redis.set(Faults::swallowing_marked()).await;
        }
        wait_for_buses(&rig, "degraded").await;
        traffic.acknowledge(2 * SOME).await;
        for links in &rig.links {
            assert!(links.redis.swallowed() > 0);
            links.redis.heal().await;
        }
        wait_for_buses(&rig, "connected").await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("pub/sub swallowed", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}
