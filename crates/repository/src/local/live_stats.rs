use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{NodeId, NodeStats, StoreResult, ports::LiveStats};
use tokio::time::Instant;

/// What the one node counts of itself, in memory.
#[derive(Debug)]
pub struct LocalLiveStats {
    // A std Mutex and not a Tokio one, because it is never held across an await.
    kept: Mutex<BTreeMap<NodeId, (NodeStats, Instant)>>,
    lease: Duration,
}

impl LocalLiveStats {
    /// Nothing is known yet. What is published is known for `lease`.
    #[must_use]
    pub fn new(lease: Duration) -> Self {
        Self {
            kept: Mutex::default(),
            lease,
        }
    }
}

#[async_trait]
impl LiveStats for LocalLiveStats {
    async fn publish(&self, stats: &NodeStats) -> StoreResult<()> {
        let until = Instant::now() + self.lease;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(stats.node_id, (stats.clone(), until));
        Ok(())
    }

    async fn all(&self) -> StoreResult<Vec<NodeStats>> {
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, until)| *until > now);
        Ok(kept.values().map(|(stats, _)| stats.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use testkit::sample;

    use super::*;

    /// Paused time: a lease is over to the moment.
    #[tokio::test(start_paused = true)]
    async fn a_node_is_known_to_the_end_of_its_lease_and_not_after_it() {
        let lease = Duration::from_secs(5);
        let stats = LocalLiveStats::new(lease);
        let node = sample::node_stats();
        stats.publish(&node).await.unwrap();
        tokio::time::advance(lease - Duration::from_millis(1)).await;
        assert_eq!(stats.all().await.unwrap(), std::slice::from_ref(&node));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(stats.all().await.unwrap(), []);
        assert!(stats.kept.lock().unwrap().is_empty());
    }
}
