//! [`LiveStats`], with leases so short that a test waits for their end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::ports::LiveStats;

use crate::sample::node_stats;

type Subject = Arc<dyn LiveStats>;

/// How long a test waits at the most for the end of a lease.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn a_node_that_publishes_no_longer_is_gone_and_one_that_goes_on_stays(stats: &Subject) {
    let (silent, alive) = (node_stats(), node_stats());
    stats.publish(&silent).await.unwrap();
    let started = Instant::now();
    loop {
        stats.publish(&alive).await.unwrap();
        let all = stats.all().await.unwrap();
        assert!(all.contains(&alive), "{all:?}");
        if all.len() == 1 {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "the lease is not over");
        tokio::task::yield_now().await;
    }
    stats.publish(&silent).await.unwrap();
    assert!(stats.all().await.unwrap().contains(&silent), "it is back");
}
