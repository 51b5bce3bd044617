//! The contract of what nodes count of themselves, passed by Redis, alone and as a cluster.

use std::{sync::Arc, time::Duration};

use domain::{StoreError, ports::LiveStats};
use fred::interfaces::KeysInterface;
use repository::redis::{RedisBus, RedisLink, RedisLiveStats, RedisOptions};
use testkit::{
    redis::{Redis, fresh_prefix},
    sample,
};

/// So long that it is not over before a test is.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(500);

/// A node, once Redis is up for it, and the bus that finds out.
async fn node_at(url: String, prefix: &str, lease: Duration) -> (Arc<dyn LiveStats>, RedisBus) {
    let (link, bus) = link_to(url, prefix).await;
    (Arc::new(RedisLiveStats::new(link, lease)), bus)
}

async fn link_to(url: String, prefix: &str) -> (Arc<RedisLink>, RedisBus) {
    let mut options = RedisOptions::new(url);
    options.prefix = prefix.to_owned();
    options.heartbeat = Duration::from_millis(50);
    let link = RedisLink::open(&options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    let mut up = link.watch();
    let up = tokio::time::timeout(Duration::from_secs(30), up.wait_for(|up| *up));
    let _ = up.await.expect("Redis is up in time").unwrap();
    (link, bus)
}

async fn node(lease: Duration) -> (Arc<dyn LiveStats>, RedisBus) {
    node_at(Redis::shared().url(), &fresh_prefix(), lease).await
}

testkit::live_stats_contract!(async { node(LONG).await });

testkit::gone_nodes_contract!(async { node(SHORT).await });

/// Each command names one key, so that a cluster takes it.
mod cluster {
    use super::*;

    testkit::live_stats_contract!(async {
        node_at(Redis::cluster().cluster_url(), &fresh_prefix(), LONG).await
    });

    testkit::gone_nodes_contract!(async {
        node_at(Redis::cluster().cluster_url(), &fresh_prefix(), SHORT).await
    });
}

#[tokio::test]
async fn what_one_node_publishes_another_knows() {
    let prefix = fresh_prefix();
    let url = || Redis::shared().url();
    let (one, _a) = node_at(url(), &prefix, LONG).await;
    let (other, _b) = node_at(url(), &prefix, LONG).await;
    let (first, second) = (sample::node_stats(), sample::node_stats());
    one.publish(&first).await.unwrap();
    other.publish(&second).await.unwrap();
    let both = [first, second];
    assert_eq!(one.all().await.unwrap(), both);
    assert_eq!(other.all().await.unwrap(), both);
}

#[tokio::test]
async fn what_cannot_be_read_is_left_out() {
    let prefix = fresh_prefix();
    let (link, _bus) = link_to(Redis::shared().url(), &prefix).await;
    let stats = RedisLiveStats::new(link.clone(), LONG);
    let (good, bad) = (sample::node_stats(), sample::node_stats());
    stats.publish(&good).await.unwrap();
    stats.publish(&bad).await.unwrap();
    let key = link.key(&format!("stats:{}", bad.node_id));
    let spoilt = link.client().set::<(), _, _>(key, "{}", None, None, false);
    spoilt.await.unwrap();
    assert_eq!(stats.all().await.unwrap(), [good]);
}

#[tokio::test]
async fn without_redis_nothing_is_kept_or_read() {
    // Nobody listens there.
    let link = RedisLink::open(&RedisOptions::new("redis://127.0.0.1:1")).unwrap();
    let stats = RedisLiveStats::new(link, LONG);
    let away = StoreError::Unavailable("Redis is away".into());
    let published = stats.publish(&sample::node_stats()).await;
    assert_eq!(published, Err(away.clone()));
    assert_eq!(stats.all().await, Err(away));
}
