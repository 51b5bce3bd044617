use super::{Fleet, SOME, Traffic, assert_nothing_lost, assert_sockets_stayed_open};
use crate::fleet::traffic::Outcome;

/// The codes that sockets were closed with.
fn ends(outcome: &Outcome) -> Vec<u16> {
    let sessions = outcome.heard.iter().flat_map(|record| &record.sessions);
    sessions.filter_map(|session| session.ended).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_is_killed() {
    let mut fleet = Fleet::with(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    traffic.acknowledge(SOME).await;
    fleet.nodes[0].signal("KILL");
    fleet.nodes[0].ended().await;
    traffic.acknowledge(2 * SOME).await;
    let outcome = traffic.finish(&fleet).await;
    assert_nothing_lost(&fleet, &outcome);
    // Two of the six were on that node.
    assert_eq!(ends(&outcome), [1006, 1006]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_goes_away_in_order() {
    let mut fleet = Fleet::with(&[]).await;
    let traffic = Traffic::start(&fleet).await;
    traffic.acknowledge(SOME).await;
    fleet.nodes[1].signal("TERM");
    assert!(fleet.nodes[1].ended().await.success());
    traffic.acknowledge(SOME).await;
    let outcome = traffic.finish(&fleet).await;
    assert_nothing_lost(&fleet, &outcome);
    assert_eq!(ends(&outcome), [1012, 1012]);
}

/// Everybody else takes it for dead meanwhile, and it knows of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_stops_and_goes_on() {
    let fleet = Fleet::with(&[("PRESENCE_LEASE", "1s")]).await;
    let traffic = Traffic::start(&fleet).await;
    for node in [&fleet.nodes[2], &fleet.nodes[0]] {
        traffic.acknowledge(SOME).await;
        node.signal("STOP");
        traffic.acknowledge(3 * SOME).await;
        node.signal("CONT");
        traffic.acknowledge(SOME).await;
    }
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}

#[tokio::test]
async fn a_node_goes_away_in_time_though_nothing_beneath_it_answers() {
    let mut fleet = Fleet::alone(&[("SHUTDOWN_GRACE", "4s")]).await;
    let mut leaving = fleet.nodes.remove(0);
    let ann = leaving.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&leaving, &[&room]).await;
    fleet.redis.freeze();
    fleet.postgres.freeze();
    let data = serde_json::json!({"room_id": room, "content": "hi"});
    socket.command("1", "send_message", data).await;
    leaving.signal("TERM");
    assert_eq!(socket.closed().await, 1012);
    assert!(leaving.ended().await.success());
}
