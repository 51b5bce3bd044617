//! The contract of the rate limiter, passed by Redis, and without it; and what only several nodes can show.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::ports::{Quota, RateLimiter};
use fred::interfaces::ClientLike;
use repository::{
    local::LocalLimiter,
    redis::{RedisBus, RedisLimiter, RedisLink, RedisOptions},
};
use testkit::{
    redis::{Redis, fresh_prefix},
    sample,
};

const QUOTA: Quota = Quota {
    name: "test",
    burst: 10,
    period: Duration::from_secs(3_600),
};

/// Longer than a test waits for anything: what is shown does not hang on the speed of the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node with this prefix, once Redis is up for it, and the bus that finds out.
async fn node(redis: &Redis, prefix: &str) -> (Arc<dyn RateLimiter>, Arc<RedisLink>, RedisBus) {
    let mut options = RedisOptions::new(redis.url());
    options.prefix = prefix.to_owned();
    options.heartbeat = Duration::from_millis(50);
    let link = RedisLink::open(&options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    let mut up = link.watch();
    let up = tokio::time::timeout(Duration::from_secs(30), up.wait_for(|up| *up));
    let _ = up.await.expect("Redis is up in time").unwrap();
    let limiter = RedisLimiter::new(link.clone(), LocalLimiter::default(), PATIENCE);
    (Arc::new(limiter), link, bus)
}

testkit::limiter_contract!(async {
    let (limiter, _, bus) = node(Redis::shared(), &fresh_prefix()).await;
    (limiter, bus)
});

/// Without Redis, a node counts by itself.
mod alone {
    use super::*;

    testkit::limiter_contract!(async {
        // Nobody listens there.
        let link = RedisLink::open(&RedisOptions::new("redis://127.0.0.1:1")).unwrap();
        let limiter: Arc<dyn RateLimiter> =
            Arc::new(RedisLimiter::new(link, LocalLimiter::default(), PATIENCE));
        (limiter, ())
    });
}

/// How often it is granted, of so many times.
async fn granted(limiter: &Arc<dyn RateLimiter>, times: usize) -> u32 {
    let mut granted = 0;
    for _ in 0..times {
        granted += u32::from(limiter.take(&QUOTA, "ann").await.granted);
    }
    granted
}

/// How often Redis was asked to run a script.
fn scripts_run(redis: &Redis) -> u64 {
    let statistics = redis.cli(&["INFO", "commandstats"]);
    let calls = statistics
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    let calls = calls.expect("scripts ran").split(',').next().unwrap();
    calls.parse().unwrap()
}

#[tokio::test]
async fn two_nodes_grant_one_burst_together() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let (one, _, _one_bus) = node(redis, &prefix).await;
    let (other, _, _other_bus) = node(redis, &prefix).await;
    assert_eq!(granted(&one, 4).await, 4);
    let allowance = other.take(&QUOTA, "ann").await;
    assert_eq!((allowance.granted, allowance.remaining), (true, 5));
    let (a, b) = tokio::join!(granted(&one, 10), granted(&other, 10));
    assert_eq!(a + b, 5);
    for node in [one, other] {
        let refusal = node.take(&QUOTA, "ann").await;
        assert!(!refusal.granted && refusal.retry_after <= QUOTA.period / QUOTA.burst);
    }
}

#[tokio::test]
async fn fleets_with_another_prefix_have_quotas_of_their_own() {
    let redis = Redis::shared();
    let (one, _, _one_bus) = node(redis, &fresh_prefix()).await;
    let (other, _, _other_bus) = node(redis, &fresh_prefix()).await;
    assert_eq!(granted(&one, 11).await, 10);
    assert_eq!(granted(&other, 11).await, 10);
}

#[tokio::test]
async fn what_is_known_to_be_spent_is_refused_without_redis() {
    let (redis, prefix) = (Redis::start(), fresh_prefix());
    let (one, _, _one_bus) = node(&redis, &prefix).await;
    let (other, _, _other_bus) = node(&redis, &prefix).await;
    assert_eq!(granted(&one, 10).await, 10);
    assert_eq!(granted(&other, 1).await, 0);
    let before = scripts_run(&redis);
    assert_eq!(granted(&one, 100).await, 0);
    assert_eq!(granted(&other, 100).await, 0);
    assert_eq!(scripts_run(&redis), before);
}

#[tokio::test]
async fn without_redis_each_node_counts_by_itself_and_at_once() {
    let (redis, prefix) = (Redis::start(), fresh_prefix());
    let (one, one_link, _one_bus) = node(&redis, &prefix).await;
    let (other, other_link, _other_bus) = node(&redis, &prefix).await;
    redis.kill();
    for link in [one_link, other_link] {
        link.watch().wait_for(|up| !up).await.unwrap();
    }
    let begin = Instant::now();
    assert_eq!(granted(&one, 11).await, 10);
    assert_eq!(granted(&other, 11).await, 10);
    // 20 commands that waited for their time limit would take 20 s.
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_is_counted_is_forgotten_when_it_is_whole_again() {
    let (redis, prefix) = (Redis::shared(), fresh_prefix());
    let (limiter, link, _bus) = node(redis, &prefix).await;
    limiter.take(&QUOTA, "ann").await;
    let key = link.key("limit:test:ann");
    let left: i64 = redis.cli(&["PTTL", &key]).trim().parse().unwrap();
    let interval = i64::try_from((QUOTA.period / QUOTA.burst).as_millis()).unwrap();
    assert!((1..=interval + 1).contains(&left), "{left}");
}

#[tokio::test]
async fn a_redis_that_is_too_slow_is_left_alone_for_a_while_and_each_node_counts_by_itself() {
    let redis = Redis::start();
    // A bus that notices nothing for as long as this test takes.
    let options = RedisOptions {
        prefix: fresh_prefix(),
        heartbeat: Duration::from_millis(50),
        silence: Duration::from_secs(60),
        command_timeout: Duration::from_secs(60),
        ..RedisOptions::new(redis.url())
    };
    let link = RedisLink::open(&options).unwrap();
    let _bus = RedisBus::open(link.clone(), sample::id());
    link.watch().wait_for(|up| *up).await.unwrap();
    let patience = Duration::from_millis(1);
    let limiter = RedisLimiter::new(link.clone(), LocalLimiter::default(), patience);
    let quota = Quota {
        burst: 1_000,
        ..QUOTA
    };
    redis.freeze();
    for _ in 0..500 {
        assert!(limiter.take(&quota, "ann").await.granted);
    }
    redis.thaw();
    // What was asked before on this connection has been answered then.
    link.client().ping::<String>(None).await.unwrap();
    // One; another for each second that the 500 took, if this machine is that slow.
    assert!((1..50).contains(&scripts_run(&redis)));
}
