use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::ports::{Allowance, Quota, RateLimiter};
use fred::types::scripts::Script;
use tokio::time::{Instant, sleep};

use super::RedisLink;
use crate::{gcra::Gcra, local::LocalLimiter};

/// Counts over all nodes, in one call to Redis, behind a limiter of this node.
///
/// What this node knows to be spent is refused without asking Redis. While Redis is away, each node grants the quota
/// by itself; so it does for a moment after Redis was too slow once, since every request waits here.
pub struct RedisLimiter {
    local: LocalLimiter,
    link: Arc<RedisLink>,
    script: Script,
    patience: Duration,
    /// Until when Redis is not asked. A std Mutex: held to copy a time.
    resting: Mutex<Option<Instant>>,
}

/// How long Redis is left alone after it was too slow.
const REST: Duration = Duration::from_secs(1);

impl RedisLimiter {
    /// Counts through this link, behind `local`. Redis may take `patience` to answer.
    #[must_use]
    pub fn new(link: Arc<RedisLink>, local: LocalLimiter, patience: Duration) -> Self {
        Self {
            local,
            link,
            script: Script::from_lua(include_str!("limiter.lua")),
            patience,
            resting: Mutex::default(),
        }
    }

    fn rests(&self) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = Some(Instant::now() + REST);
    }

    /// Whether it was granted, and in how many microseconds the whole burst is there again; none when Redis is away.
    async fn ask(&self, quota: &Quota, key: &str) -> Option<(bool, u64)> {
        let mut up = self.link.watch();
        if !*up.borrow_and_update() || self.rests() {
            return None;
        }
        let gcra = Gcra::of(quota);
        let key = self.link.key(&format!("limit:{}:{key}", quota.name));
        let arguments = vec![gcra.interval.to_string(), gcra.limit.to_string()];
        let answer = self
            .script
            .evalsha_with_reload(self.link.client(), key, arguments);
        let answer: Result<(bool, u64), _> = tokio::select! {
            biased;
            answer = answer => answer,
            _ = up.wait_for(|up| !up) => return None,
            () = sleep(self.patience) => {
                tracing::debug!("rate limits are counted on this node alone: Redis is slow");
                self.rest();
                return None;
            }
        };
        answer
            .inspect_err(|error| {
                tracing::debug!(%error, "rate limits are counted on this node alone");
                self.rest();
            })
            .ok()
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn take(&self, quota: &Quota, key: &str) -> Allowance {
        let here = self.local.take_now(quota, key);
        if !here.granted {
            return here;
        }
        // Taken before the call: this node never refuses for longer than Redis does.
        let asked = self.local.now();
        let Some((granted, ahead)) = self.ask(quota, key).await else {
            return here;
        };
        let full_at = asked.saturating_add(ahead);
        if granted {
            self.local.learn(quota, key, full_at);
        } else {
            self.local.correct(quota, key, full_at);
        }
        Gcra::of(quota).allowance(quota, granted, ahead)
    }
}
