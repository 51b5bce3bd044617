use domain::{CommitStats, NodeStats, SocketStats};
use testkit::sample::node_stats;

use super::*;

/// Each number is another one, so that none can stand for another.
fn scrape() -> Scrape {
    let known = node_stats();
    let sockets = SocketStats {
        open: 12,
        peak: 13,
        queue_bytes: 1_400,
        largest_queue: 150,
        slow_closes: 16,
        resumes: 17,
        gaps_healed: 18,
        // In microseconds.
        latency: [(7_000, 90), (8_000, 7), (90_000, 3)].into_iter().collect(),
        ..known.sockets
    };
    Scrape {
        stats: NodeStats {
            sockets,
            commits: CommitStats {
                changes: 19,
                sizes: [(1, 3), (4, 2)].into_iter().collect(),
            },
            ..known
        },
        rooms: 20,
        tasks: 21,
        is_draining: false,
        version: "1.2.3",
    }
}

fn told(scrape: Scrape) -> Vec<String> {
    let mut registry = Registry::with_prefix("chatterstack");
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("# HELP"));
    lines.map(str::to_owned).collect()
}

/// OpenMetrics 1.0; docs/METRICS.md is the table of it.
const ALL: &str = r#"# TYPE chatterstack_build gauge
chatterstack_build{version="1.2.3"} 1
# TYPE chatterstack_start_time_seconds gauge
# UNIT chatterstack_start_time_seconds seconds
chatterstack_start_time_seconds 1767322985.0
# TYPE chatterstack_bus_connected gauge
chatterstack_bus_connected 1
# TYPE chatterstack_draining gauge
chatterstack_draining 0
# TYPE chatterstack_sockets gauge
chatterstack_sockets 12
# TYPE chatterstack_sockets_peak gauge
chatterstack_sockets_peak 13
# TYPE chatterstack_users gauge
chatterstack_users 1
# TYPE chatterstack_followed_rooms gauge
chatterstack_followed_rooms 20
# TYPE chatterstack_tasks gauge
chatterstack_tasks 21
# TYPE chatterstack_queued_bytes gauge
# UNIT chatterstack_queued_bytes bytes
chatterstack_queued_bytes 1400
# TYPE chatterstack_largest_queue_bytes gauge
# UNIT chatterstack_largest_queue_bytes bytes
chatterstack_largest_queue_bytes 150
# TYPE chatterstack_slow_closes counter
chatterstack_slow_closes_total 16
# TYPE chatterstack_resumes counter
chatterstack_resumes_total 17
# TYPE chatterstack_gaps_healed counter
chatterstack_gaps_healed_total 18
# TYPE chatterstack_committed_changes counter
chatterstack_committed_changes_total 19
# TYPE chatterstack_commits counter
chatterstack_commits_total{changes="1"} 3
chatterstack_commits_total{changes="4"} 2
# TYPE chatterstack_delivery_latency_seconds gauge
# UNIT chatterstack_delivery_latency_seconds seconds
chatterstack_delivery_latency_seconds{quantile="0.5"} 0.007
chatterstack_delivery_latency_seconds{quantile="0.95"} 0.008
chatterstack_delivery_latency_seconds{quantile="0.99"} 0.09
# EOF"#;

#[test]
fn each_number_has_its_name_its_type_its_unit_and_its_labels() {
    assert_eq!(told(scrape()), ALL.lines().collect::<Vec<_>>());
}

#[test]
fn what_is_not_so_is_told_as_zero_and_a_latency_that_nobody_had_not_at_all() {
    let mut scrape = scrape();
    scrape.is_draining = true;
    scrape.stats.bus_connected = false;
    scrape.stats.sockets.latency = Distribution::default();
    let told = told(scrape);
    let has = |line: &str| told.iter().any(|told| told == line);
    assert!(has("chatterstack_draining 1") && has("chatterstack_bus_connected 0"));
    assert!(
        !told.iter().any(|line| line.contains("quantile")),
        "{told:?}"
    );
}
