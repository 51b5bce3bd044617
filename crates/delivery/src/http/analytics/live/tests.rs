use domain::{CommitStats, FleetStats, NodeStats, SocketStats, UserCount};
use serde_json::json;
use testkit::sample::node_stats;

use super::*;

/// Each number is another one, so that none can stand for another.
fn report() -> LiveReport {
    let known = node_stats();
    let mut fleet = FleetStats::from(NodeStats {
        sockets: SocketStats {
            open: 12,
            peak: 13,
            users: UserCount::of([].into_iter()),
            queue_bytes: 1_400,
            largest_queue: 150,
            slow_closes: 16,
            resumes: 17,
            gaps_healed: 18,
            // In microseconds.
            latency: [(7_000, 90), (8_500, 7), (90_000, 3)].into_iter().collect(),
        },
        commits: CommitStats {
            changes: 19,
            sizes: [(1, 3), (4, 2)].into_iter().collect(),
        },
        ..known
    });
    (fleet.nodes, fleet.connected) = (3, 2);
    LiveReport {
        fleet,
        messages_last_minute: 20,
    }
}

#[test]
fn a_tick_tells_each_number_by_its_name_and_times_in_milliseconds() {
    let told = serde_json::to_value(LiveBody::from(&report())).unwrap();
    let expected = json!({
        "nodes": 3,
        "nodes_connected": 2,
        "sockets": 12,
        "users_online": 0,
        "peak_sockets": 13,
        "queued_bytes": 1_400,
        "slow_closes": 16,
        "resumes": 17,
        "gaps_healed": 18,
        "messages_last_minute": 20,
        "commits": {"changes": 19, "count": 5, "size_p50": 1, "size_p99": 4},
        "latency": {"deliveries": 100, "p50_ms": 7.0, "p95_ms": 8.5, "p99_ms": 90.0},
    });
    assert_eq!(told, expected);
}

fn counted() -> OverviewReport {
    OverviewReport {
        messages: 1,
        senders: 2,
        accounts: 3,
        messages_today: 4,
        new_accounts_today: 5,
        daily_active_users: 6,
        weekly_active_users: 7,
        monthly_active_users: 8,
        busiest_hours: vec![HourActivity {
            hour: 17,
            messages: 1,
        }],
    }
}

#[test]
fn the_overview_tells_the_same_of_the_nodes_beside_what_is_counted() {
    let told = serde_json::to_value(OverviewBody::of(counted(), &report())).unwrap();
    let expected = json!({
        "messages": 1,
        "senders": 2,
        "accounts": 3,
        "messages_today": 4,
        "new_accounts_today": 5,
        "daily_active_users": 6,
        "weekly_active_users": 7,
        "monthly_active_users": 8,
        "busiest_hours": [{"hour": 17, "messages": 1}],
        "sockets": 12,
        "users_online": 0,
        "peak_sockets": 13,
        "nodes": 3,
        "nodes_connected": 2,
        "queued_bytes": 1_400,
        "slow_closes": 16,
        "resumes": 17,
        "gaps_healed": 18,
        "messages_last_minute": 20,
        "commits": {"changes": 19, "count": 5, "size_p50": 1, "size_p99": 4},
    });
    assert_eq!(told, expected);
}

#[test]
fn as_csv_each_number_of_the_overview_stands_below_its_name() {
    let body = OverviewBody::of(counted(), &report());
    let mut csv = ::csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    csv.serialize(body.row()).unwrap();
    let line = String::from_utf8(csv.into_inner().unwrap()).unwrap();
    let row: Vec<_> = OVERVIEW.split(',').zip(line.trim().split(',')).collect();
    let expected = [
        ("messages", "1"),
        ("senders", "2"),
        ("accounts", "3"),
        ("messages_today", "4"),
        ("new_accounts_today", "5"),
        ("daily_active_users", "6"),
        ("weekly_active_users", "7"),
        ("monthly_active_users", "8"),
        ("sockets", "12"),
        ("users_online", "0"),
        ("peak_sockets", "13"),
        ("nodes", "3"),
        ("nodes_connected", "2"),
        ("queued_bytes", "1400"),
        ("slow_closes", "16"),
        ("resumes", "17"),
        ("gaps_healed", "18"),
        ("messages_last_minute", "20"),
        ("committed_changes", "19"),
        ("commits", "5"),
        ("commit_size_p50", "1"),
        ("commit_size_p99", "4"),
    ];
    assert_eq!(row, expected);
    assert_eq!(line.split(',').count(), expected.len());
}

#[test]
fn while_nothing_was_told_or_committed_there_is_no_latency_and_no_size() {
    let mut report = report();
    report.fleet.sockets.latency = Distribution::default();
    report.fleet.commits = CommitStats::default();
    let told = serde_json::to_value(LiveBody::from(&report)).unwrap();
    assert_eq!(
        (&told["latency"], &told["commits"]),
        (
            &json!({"deliveries": 0, "p50_ms": null, "p95_ms": null, "p99_ms": null}),
            &json!({"changes": 0, "count": 0, "size_p50": null, "size_p99": null}),
        )
    );
}
