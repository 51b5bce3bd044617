//! What stands in Redis:
//!
//! - `<prefix>:stats:<node>`, what a node counted last, in JSON, for one lease;
//! - `<prefix>:stats`, a set of the ids of nodes: where to look. What is no longer there is taken out when somebody looks, and
//!   a node that lives puts itself back.
//!
//! Each command names one key, so that a cluster takes it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{NodeId, NodeStats, StoreError, StoreResult, ports::LiveStats};
use fred::{
    interfaces::{KeysInterface, SetsInterface},
    types::Expiration,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::RedisLink;

/// How many nodes are read at once.
const READS: usize = 32;

/// What the nodes of a fleet count of themselves, in Redis. While Redis is away nothing is kept or read.
pub struct RedisLiveStats {
    link: Arc<RedisLink>,
    lease: i64,
}

impl RedisLiveStats {
    /// Stats through this link. What this node publishes is known for `lease`, of at least a millisecond.
    #[must_use]
    pub fn new(link: Arc<RedisLink>, lease: Duration) -> Self {
        Self {
            link,
            lease: i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).max(1),
        }
    }

    fn key(&self, node: &str) -> String {
        self.link.key(&format!("stats:{node}"))
    }

    fn nodes_key(&self) -> String {
        self.link.key("stats")
    }

    async fn read(&self, node: &str) -> StoreResult<Option<NodeStats>> {
        let read = self.link.client().get(self.key(node));
        let text: Option<String> = self.link.ask(read).await?;
        let parse = |text: String| match serde_json::from_str(&text) {
            Ok(stats) => Some(stats),
            Err(error) => {
                // Of a node of another version.
                tracing::debug!(%error, node, "what a node counts cannot be read");
                None
            }
        };
        Ok(text.and_then(parse))
    }
}

#[async_trait]
impl LiveStats for RedisLiveStats {
    async fn publish(&self, stats: &NodeStats) -> StoreResult<()> {
        let text = serde_json::to_string(stats);
        let text = text.map_err(|error| StoreError::Other(error.to_string()))?;
        let (client, node) = (self.link.client(), stats.node_id.to_string());
        let lease = Some(Expiration::PX(self.lease));
        let kept = client.set::<(), _, _>(self.key(&node), text, lease, None, false);
        self.link.ask(kept).await?;
        let listed = client.sadd::<(), _, _>(self.nodes_key(), node);
        self.link.ask(listed).await
    }

    async fn all(&self) -> StoreResult<Vec<NodeStats>> {
        let nodes = self.link.client().smembers(self.nodes_key());
        let mut nodes: Vec<String> = self.link.ask(nodes).await?;
        // Ids as they are written sort as they do themselves.
        nodes.sort_unstable();
        let mut reads = stream::iter(nodes)
            .map(async |node| {
                let read = match node.parse::<NodeId>() {
                    Ok(_) => self.read(&node).await?,
                    Err(_) => None,
                };
                StoreResult::Ok((node, read))
            })
            .buffered(READS);
        let (mut found, mut gone) = (Vec::new(), Vec::new());
        while let Some((node, read)) = reads.try_next().await? {
            match read {
                Some(stats) => found.push(stats),
                None => gone.push(node),
            }
        }
        drop(reads);
        if !gone.is_empty() {
            let removed = self.link.client().srem::<(), _, _>(self.nodes_key(), gone);
            self.link.ask(removed).await?;
        }
        Ok(found)
    }
}
