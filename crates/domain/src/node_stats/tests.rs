use super::*;
use uuid::Uuid;

fn distribution(values: &[(u64, u64)]) -> Distribution {
    values.iter().copied().collect()
}

fn users(numbers: std::ops::Range<u64>) -> UserCount {
    let numbers: Vec<_> = numbers.collect();
    let ids = numbers
        .into_iter()
        .map(|number| UserId(Uuid::from_u64_pair(7, number)));
    UserCount::of(ids)
}

fn node(second: i64) -> NodeStats {
    let at = |second| Timestamp::from_second(second).unwrap();
    NodeStats {
        node_id: NodeId(Uuid::from_u128(u128::from(second.unsigned_abs()))),
        started_at: at(second),
        at: at(second + 60),
        bus_connected: true,
        sockets: SocketStats {
            open: 2,
            peak: 3,
            users: users(0..2),
            queue_bytes: 100,
            largest_queue: second.unsigned_abs(),
            slow_closes: 1,
            resumes: 4,
            gaps_healed: 5,
            latency: distribution(&[(900, 1), (1_000, 1)]),
        },
        commits: CommitStats {
            changes: 3,
            sizes: distribution(&[(1, 1), (2, 1)]),
        },
    }
}

#[test]
fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
    let hundred: Distribution = (1..=100).map(|value| (value, 1)).collect();
    for percent in [1, 50, 95, 99, 100] {
        assert_eq!(hundred.percentile(percent), Some(percent));
    }
    let few = distribution(&[(10, 1), (20, 1), (30, 1)]);
    let told = [50, 95, 99].map(|percent| few.percentile(percent));
    assert_eq!(told, [Some(20), Some(30), Some(30)]);
    assert_eq!(few.percentile(0), Some(10));
    assert_eq!(Distribution::default().percentile(50), None);
}

#[test]
fn values_that_come_in_any_order_and_twice_are_counted_together() {
    let mut one = distribution(&[(5, 1), (1, 2), (5, 3), (9, 0)]);
    assert_eq!(Vec::from_iter(one.values()), [(1, 2), (5, 4)]);
    one.merge(distribution(&[(3, 1), (5, 1)]));
    assert_eq!(Vec::from_iter(one.values()), [(1, 2), (3, 1), (5, 5)]);
    assert_eq!(one.count(), 8);
}

#[test]
fn a_user_of_two_nodes_counts_once_while_both_can_name_theirs() {
    let mut few = users(0..10);
    few.merge(users(5..15));
    assert_eq!(few.count(), 15);
    let most = UserCount::MOST_MARKS as u64;
    few.merge(users(0..most + 1));
    assert_eq!(few.count(), 15 + most + 1);
}

#[test]
fn a_fleet_counts_what_its_nodes_count() {
    let mut other = node(50);
    other.bus_connected = false;
    other.sockets.users = users(1..4);
    let mut fleet = FleetStats::from(node(70));
    fleet.merge(other);
    fleet.merge(node(60));
    let at = Timestamp::from_second(50).unwrap();
    assert_eq!((fleet.nodes, fleet.connected, fleet.started_at), (3, 2, at));
    let sockets = fleet.sockets;
    assert_eq!((sockets.open, sockets.peak), (6, 9));
    assert_eq!(sockets.users.count(), 4);
    assert_eq!((sockets.queue_bytes, sockets.largest_queue), (300, 70));
    let since_start = (sockets.slow_closes, sockets.resumes, sockets.gaps_healed);
    assert_eq!(since_start, (3, 12, 15));
    assert_eq!(sockets.latency, distribution(&[(900, 3), (1_000, 3)]));
    assert_eq!(fleet.commits.changes, 9);
    assert_eq!(fleet.commits.sizes, distribution(&[(1, 3), (2, 3)]));
}

#[test]
fn what_a_node_of_another_version_leaves_out_counts_nothing() {
    let whole = serde_json::to_value(node(70)).unwrap();
    assert_eq!(whole["sockets"]["latency"][0][0], 900);
    let read: NodeStats = serde_json::from_value(whole.clone()).unwrap();
    assert_eq!(read, node(70));
    let mut part = whole;
    part.as_object_mut().unwrap().remove("commits");
    let sockets = part["sockets"].as_object_mut().unwrap();
    sockets.remove("latency");
    sockets.insert("moods".to_owned(), 7.into());
    let read: NodeStats = serde_json::from_value(part).unwrap();
    assert_eq!(read.commits, CommitStats::default());
    assert_eq!(read.sockets.latency, Distribution::default());
    assert_eq!(read.sockets.open, 2);
}
