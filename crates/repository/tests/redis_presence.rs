//! The contract of presence, passed by Redis: by a node, by two nodes, and by one that cannot reach it.

use std::{sync::Arc, time::Duration};

use domain::ports::Presence;
use repository::redis::{PresenceOptions, RedisBus, RedisLink, RedisOptions, RedisPresence};
use testkit::{
    contract::presence_nodes::Nodes,
    redis::{Redis, fresh_prefix},
    sample,
};

/// A node with this prefix, once Redis is up for it, and the bus that finds out.
async fn node(prefix: &str) -> (Arc<dyn Presence>, RedisBus) {
    node_at(Redis::shared().url(), prefix).await
}

async fn node_at(url: String, prefix: &str) -> (Arc<dyn Presence>, RedisBus) {
    let mut options = RedisOptions::new(url);
    options.prefix = prefix.to_owned();
    options.heartbeat = Duration::from_millis(50);
    let link = RedisLink::open(&options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    let mut up = link.watch();
    let up = tokio::time::timeout(Duration::from_secs(30), up.wait_for(|up| *up));
    let _ = up.await.expect("Redis is up in time").unwrap();
    let presence = RedisPresence::new(link, PresenceOptions::default());
    (Arc::new(presence), bus)
}

testkit::presence_contract!(async { node(&fresh_prefix()).await });

testkit::presence_nodes_contract!(async {
    let prefix = fresh_prefix();
    let ((one, a), (other, b)) = (node(&prefix).await, node(&prefix).await);
    (Nodes { one, other }, (a, b))
});

/// Without Redis, its own sockets are all that a node knows.
mod alone {
    use super::*;

    testkit::presence_contract!(async {
        // Nobody listens there.
        let link = RedisLink::open(&RedisOptions::new("redis://127.0.0.1:1")).unwrap();
        let presence: Arc<dyn Presence> =
            Arc::new(RedisPresence::new(link, PresenceOptions::default()));
        (presence, ())
    });
}

/// All keys of one call are of one room, so that a cluster takes it.
mod cluster {
    use super::*;

    testkit::presence_contract!(async {
        node_at(Redis::cluster().cluster_url(), &fresh_prefix()).await
    });
}
