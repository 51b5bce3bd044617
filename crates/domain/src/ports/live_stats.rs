use async_trait::async_trait;

use crate::{CommitStats, NodeStats, StoreResult};

/// What the nodes count of themselves, for every node. Nothing in here must last.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LiveStats: Send + Sync {
    /// Keeps what a node counts, for one lease, in the place of what it counted before.
    async fn publish(&self, stats: &NodeStats) -> StoreResult<()>;

    /// What each node counted last, in the order of their ids. MUST leave out a node that has not published for a lease.
    async fn all(&self) -> StoreResult<Vec<NodeStats>>;
}

/// What the store of this node counts of its commits.
pub trait CommitCounts: Send + Sync {
    /// So far.
    fn so_far(&self) -> CommitStats;
}
