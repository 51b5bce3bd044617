//! A node is killed, stopped, or told to go.

use std::time::Duration;

use serde_json::json;

use crate::{
    checker::judge,
    length::{SOME, lasts, rounds},
    rig::Rig,
    traffic::{CUT, Resumed, Traffic},
};

/// Everybody who was on it comes back on the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_is_killed() {
    let mut rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for round in 0..rounds() {
        let node = round % 3;
        traffic.acknowledge(SOME).await;
        rig.fleet.nodes[node].signal("KILL");
        rig.fleet.nodes[node].ended().await;
        traffic.acknowledge(2 * SOME).await;
        rig.restart(node).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("node killed", &rig, traffic).await;
    // Two of the six were on that node, and perhaps the comer.
    let ends = outcome.ends();
    assert!(
        ends.iter().filter(|code| **code == CUT).count() >= 2,
        "{ends:?}"
    );
}

/// Everybody else takes it for dead meanwhile, and it knows of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_stops_and_goes_on() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    // Longer than a client waits for a sign, and than a lease.
    let time = lasts(Duration::from_secs(7), Duration::from_secs(60));
    for node in [&rig.fleet.nodes[2], &rig.fleet.nodes[0]]
        .iter()
        .take(rounds())
    {
        traffic.acknowledge(SOME).await;
        node.signal("STOP");
        traffic.go_on_for(time).await;
        node.signal("CONT");
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("node stopped", &rig, traffic).await;
    // Two of the six were on that node, and took up on another one.
    let ends = outcome.ends();
    assert!(
        ends.iter().filter(|code| **code == CUT).count() >= 2,
        "{ends:?}"
    );
    assert!(outcome.resumed(Resumed::Replayed) >= 2, "{outcome}");
}

#[tokio::test]
async fn a_node_goes_away_in_time_though_nothing_beneath_it_answers() {
    let mut fleet = crate::fleet::Fleet::alone(&[("SHUTDOWN_GRACE", "4s")]).await;
    let mut leaving = fleet.nodes.remove(0);
    let ann = leaving.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&leaving, &[&room]).await;
    fleet.redis.freeze();
    fleet.postgres.freeze();
    let data = json!({"room_id": room, "content": "hi"});
    socket.command("1", "send_message", data).await;
    leaving.signal("TERM");
    assert_eq!(socket.closed().await, 1012);
    assert!(leaving.ended().await.success());
}
