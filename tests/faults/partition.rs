//! One node is cut off: from Redis, from Postgres, from its clients.

use std::time::Duration;

use testkit::Faults;

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, lasts, rounds},
    rig::{Rig, wait_for_bus, wait_for_store},
    traffic::{Resumed, Traffic},
};

/// The others notice nothing of it, so that only their audits find what that node's senders say. First its connections
/// are cut, then nothing comes through and nobody says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_node_alone_is_cut_off_from_redis() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let link = &rig.links[0].redis;
    for _ in 0..rounds() {
        for is_silent in [false, true] {
            if is_silent {
                link.set(Faults::partitioned()).await;
            } else {
                link.cut().await;
            }
            wait_for_bus(&rig.fleet.nodes[0], "degraded").await;
            traffic.acknowledge(SOME).await;
            wait_for_bus(&rig.fleet.nodes[1], "connected").await;
            link.heal().await;
            wait_for_bus(&rig.fleet.nodes[0], "connected").await;
            traffic.acknowledge(SOME).await;
        }
    }
    let outcome = judge("one node without Redis", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// It says that it cannot serve, and the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_node_alone_is_cut_off_from_postgres() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let link = &rig.links[1].postgres;
    for _ in 0..rounds() {
        for is_silent in [false, true] {
            if is_silent {
                link.set(Faults::partitioned()).await;
            } else {
                link.cut().await;
            }
            wait_for_store(&rig.fleet.nodes[1], false).await;
            traffic.acknowledge(SOME).await;
            wait_for_store(&rig.fleet.nodes[0], true).await;
            link.heal().await;
            wait_for_store(&rig.fleet.nodes[1], true).await;
            traffic.acknowledge(SOME).await;
        }
    }
    let outcome = judge("one node without Postgres", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// Its clients go elsewhere after a while, and it learns of that only when the network is mended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_node_alone_is_cut_off_from_its_clients() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let time = lasts(Duration::from_secs(6), Duration::from_secs(40));
    for _ in 0..rounds() {
        rig.links[2].clients.set(Faults::partitioned()).await;
        traffic.go_on_for(time).await;
        wait_for_store(&rig.fleet.nodes[2], true).await;
        rig.links[2].clients.heal().await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("one node without its clients", &rig, traffic).await;
    assert!(outcome.resumed(Resumed::Replayed) >= 2, "{outcome}");
}

/// What they miss meanwhile is more than a node gives: they are told so, and read the room's events over REST.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_missed_too_much_is_told_so_at_once_and_reads_it_anew() {
    let rig = Rig::shared(&[("RESUME_MAX_EVENTS", "20")]).await;
    let mut traffic = Traffic::of_members(&rig).await;
    traffic.add_receivers(3, 2).await;
    for _ in 0..rounds() {
        rig.links[2].clients.cut().await;
        rig.links[0].clients.set(Faults::partitioned()).await;
        traffic.acknowledge(SOME).await;
        rig.links[0].clients.heal().await;
        rig.links[2].clients.heal().await;
        rig.links.iter().for_each(|links| links.clients.reset());
        traffic.acknowledge(SOME).await;
    }
    let time = lasts(Duration::from_secs(6), Duration::from_secs(10));
    rig.links[1].clients.set(Faults::partitioned()).await;
    traffic.go_on_for(time).await;
    rig.links[1].clients.heal().await;
    traffic.acknowledge(SOME).await;
    let outcome = judge("more missed than is given", &rig, traffic).await;
    assert!(outcome.resumed(Resumed::ReadAnew) > 0, "{outcome}");
    assert!(outcome.resumed(Resumed::Replayed) > 0, "{outcome}");
}

/// The last message has no successor that would show that it is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_on_a_node_that_is_cut_off_from_redis_is_heard_on_the_others() {
    let rig = Rig::shared(&[]).await;
    let [a, b, _] = &rig.fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[&room]).await;
    let mut at_b = bob.socket(b, &[&room]).await;
    rig.links[0].redis.cut().await;
    wait_for_bus(a, "degraded").await;
    ann.say(&room, "from the island").await;
    at_b.until("from the island").await;
    bob.say(&room, "from the mainland").await;
    at_a.until("from the mainland").await;
}
