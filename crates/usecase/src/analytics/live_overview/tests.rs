use domain::{
    ActivityPoint, Interval, Span, User,
    ports::{MockActivityStore, MockLiveStats, MockRoomStore, MockUserStore},
};
use mockall::predicate::eq;
use testkit::sample::node_stats;

use super::*;
use crate::{
    analytics::{CountActivity, sample::time},
    sample::{ann, away, caller, clock},
};

/// What the store of the fleet answers to Ann, who is an admin, or not.
fn overview(is_admin: bool, all: StoreResult<Vec<NodeStats>>) -> LiveOverview {
    let mut users = MockUserStore::new();
    let user = User { is_admin, ..ann() };
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(user)));
    // Nothing is counted from the logs for this, but what was counted is asked for. It is 03:04:05.
    let mut activity = MockActivityStore::new();
    let minutes = Span {
        interval: Interval::Minute,
        from: time("03:03:00"),
        to: time("03:05:00"),
        room: None,
    };
    let point = |at, messages| ActivityPoint {
        at: time(at),
        messages,
        senders: 1,
    };
    let series = vec![point("03:03:00", 7), point("03:04:00", 2)];
    activity
        .expect_series()
        .with(eq(minutes))
        .return_const(Ok(series));
    let activity = Arc::new(activity);
    let mut live = MockLiveStats::new();
    live.expect_all().return_const(all);
    LiveOverview {
        analyst: Arc::new(Analyst {
            users: Arc::new(users),
            rooms: Arc::new(MockRoomStore::new()),
            activity: activity.clone(),
            clock: clock(),
            count: CountActivity { activity },
        }),
        live: Arc::new(live),
    }
}

#[tokio::test]
async fn an_admin_is_told_what_all_nodes_count_together() {
    let (here, other) = (node_stats(), node_stats());
    // What this node said of itself a while ago is not counted beside what it counts now.
    let earlier = NodeStats {
        bus_connected: false,
        ..here.clone()
    };
    let overview = overview(true, Ok(vec![earlier, other.clone()]));
    let report = overview.execute(caller(), here.clone()).await.unwrap();
    let fleet = report.fleet;
    let mut expected = FleetStats::from(here);
    expected.merge(other);
    assert_eq!(fleet, expected);
    assert_eq!((fleet.nodes, fleet.connected), (2, 2));
    assert_eq!(report.messages_last_minute, 7);
}

#[tokio::test]
async fn while_the_others_cannot_be_asked_this_node_counts_alone() {
    let here = node_stats();
    let overview = overview(true, Err(away()));
    let report = overview.execute(caller(), here.clone()).await.unwrap();
    assert_eq!(report.fleet, FleetStats::from(here));
}

#[tokio::test]
async fn another_fault_of_the_store_is_told() {
    let fault = StoreError::Other("torn".to_owned());
    let overview = overview(true, Err(fault.clone()));
    let told = overview.execute(caller(), node_stats()).await;
    assert_eq!(told, Err(AnalyticsError::Store(fault)));
}

#[tokio::test]
async fn who_is_no_admin_is_told_nothing() {
    let overview = overview(false, Ok(Vec::new()));
    let told = overview.execute(caller(), node_stats()).await;
    assert_eq!(told, Err(AnalyticsError::NotAllowed));
}
