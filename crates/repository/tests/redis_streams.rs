//! The contract of live streams, passed by Redis, alone and as a cluster.

use std::{sync::Arc, time::Duration};

use domain::{StoreError, ports::LiveStreams};
use repository::redis::{RedisBus, RedisLink, RedisOptions, RedisStreams};
use testkit::{
    redis::{Redis, fresh_prefix},
    sample,
};

/// So long that it is not over before a test is.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(500);

/// A node's streams, once Redis is up for it, and the bus that finds out.
async fn node_at(url: String, prefix: &str, lease: Duration) -> (Arc<dyn LiveStreams>, RedisBus) {
    let mut options = RedisOptions::new(url);
    options.prefix = prefix.to_owned();
    options.heartbeat = Duration::from_millis(50);
    let link = RedisLink::open(&options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    let mut up = link.watch();
    let up = tokio::time::timeout(Duration::from_secs(30), up.wait_for(|up| *up));
    let _ = up.await.expect("Redis is up in time").unwrap();
    (Arc::new(RedisStreams::new(link, lease)), bus)
}

async fn node(lease: Duration) -> (Arc<dyn LiveStreams>, RedisBus) {
    node_at(Redis::shared().url(), &fresh_prefix(), lease).await
}

testkit::live_streams_contract!(async { node(LONG).await });

testkit::lost_streams_contract!(async { node(SHORT).await });

/// All keys of one script are of one slot, so that a cluster takes it.
mod cluster {
    use super::*;

    testkit::live_streams_contract!(async {
        node_at(Redis::cluster().cluster_url(), &fresh_prefix(), LONG).await
    });

    testkit::lost_streams_contract!(async {
        node_at(Redis::cluster().cluster_url(), &fresh_prefix(), SHORT).await
    });
}

#[tokio::test]
async fn what_one_node_begins_another_writes_on() {
    let prefix = fresh_prefix();
    let url = || Redis::shared().url();
    let (one, _a) = node_at(url(), &prefix, LONG).await;
    let (other, _b) = node_at(url(), &prefix, LONG).await;
    let stream = sample::live_stream();
    one.start(&stream, 1).await.unwrap();
    let splice = stream.append(0, "a").unwrap().unwrap();
    other.write(stream.id, &splice).await.unwrap();
    let found = one.by_id(stream.id).await.unwrap().unwrap();
    assert_eq!(found.text.as_str(), "a");
}

#[tokio::test]
async fn without_redis_nothing_is_begun_or_found() {
    // Nobody listens there.
    let link = RedisLink::open(&RedisOptions::new("redis://127.0.0.1:1")).unwrap();
    let streams = RedisStreams::new(link, LONG);
    let stream = sample::live_stream();
    let away = StoreError::Unavailable("Redis is away".into());
    assert_eq!(streams.start(&stream, 1).await, Err(away.clone()));
    assert_eq!(streams.by_id(stream.id).await, Err(away.clone()));
    assert_eq!(
        streams.of_rooms(vec![stream.room_id]).await,
        Err(away.clone())
    );
    assert_eq!(streams.take_lost(1).await, Err(away));
}
