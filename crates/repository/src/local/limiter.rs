use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::ports::{Allowance, Quota, RateLimiter};
use tokio::time::Instant;

use crate::gcra::Gcra;

/// So many locks share the keys.
const SHARDS: usize = 16;

/// After so many takes a shard drops the keys whose burst is whole again.
const TAKES_BEFORE_SWEEP: u32 = 4_096;

/// Counts on this node alone, in memory.
///
/// It knows a bounded number of keys. When as many are in use, those nearest to having their whole burst back are
/// forgotten, half of a shard at once: who makes up keys gains a little, and takes no memory for it.
#[derive(Debug)]
pub struct LocalLimiter {
    // A std Mutex and not a Tokio one: it is held for a look-up, now and then for a sweep of one shard.
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    keys_per_shard: usize,
    start: Instant,
}

/// When the whole burst of each key is there again: microseconds after the limiter's start.
#[derive(Debug, Default)]
struct Shard {
    quotas: HashMap<Quota, HashMap<Box<str>, u64>>,
    keys: usize,
    takes: u32,
}

impl LocalLimiter {
    /// How many keys are known at most, unless one says otherwise. One takes about 100 bytes.
    pub const KEYS: usize = 100_000;

    /// A limiter that knows at most `keys` keys at a time; fewer than 32 count as 32.
    #[must_use]
    pub fn new(keys: usize) -> Self {
        Self {
            shards: Default::default(),
            hasher: RandomState::new(),
            keys_per_shard: (keys / SHARDS).max(2),
            start: Instant::now(),
        }
    }

    /// Takes one, at once.
    #[must_use]
    pub fn take_now(&self, quota: &Quota, key: &str) -> Allowance {
        let gcra = Gcra::of(quota);
        let now = self.now();
        let mut shard = self.shard(key);
        shard.takes += 1;
        if shard.takes >= TAKES_BEFORE_SWEEP {
            shard.takes = 0;
            shard.forget_until(now);
        }
        let (granted, full_at) = gcra.take(shard.full_at(quota, key), now);
        if granted {
            shard.note(quota, key, full_at, now, self.keys_per_shard);
        }
        gcra.allowance(quota, granted, full_at.saturating_sub(now))
    }

    /// Gives one back that was taken here, and learns that the whole burst is there again at `full_at`, not before.
    pub(crate) fn correct(&self, quota: &Quota, key: &str, full_at: u64) {
        let now = self.now();
        let mut shard = self.shard(key);
        let known = shard.full_at(quota, key);
        let without = known.saturating_sub(Gcra::of(quota).interval);
        shard.note(quota, key, without.max(full_at), now, self.keys_per_shard);
    }

    /// Learns that the whole burst is not there before `full_at`.
    pub(crate) fn learn(&self, quota: &Quota, key: &str, full_at: u64) {
        let now = self.now();
        let mut shard = self.shard(key);
        if shard.full_at(quota, key) < full_at {
            shard.note(quota, key, full_at, now, self.keys_per_shard);
        }
    }

    /// Microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        // The remainder is less than 16.
        let number = (self.hasher.hash_one(key) % SHARDS as u64) as usize;
        self.shards[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LocalLimiter {
    fn default() -> Self {
        Self::new(Self::KEYS)
    }
}

impl Shard {
    /// Zero for a key that is not known.
    fn full_at(&self, quota: &Quota, key: &str) -> u64 {
        self.quotas
            .get(quota)
            .and_then(|keys| keys.get(key))
            .copied()
            .unwrap_or_default()
    }

    fn note(&mut self, quota: &Quota, key: &str, full_at: u64, now: u64, limit: usize) {
        if let Some(known) = self
            .quotas
            .get_mut(quota)
            .and_then(|keys| keys.get_mut(key))
        {
            *known = full_at;
            return;
        }
        if self.keys >= limit {
            self.forget_until(now);
        }
        if self.keys >= limit {
            self.forget_until(self.median());
        }
        self.quotas
            .entry(*quota)
            .or_default()
            .insert(key.into(), full_at);
        self.keys += 1;
    }

    fn forget_until(&mut self, time: u64) {
        self.quotas.retain(|_, keys| {
            keys.retain(|_, full_at| *full_at > time);
            !keys.is_empty()
        });
        self.keys = self.quotas.values().map(HashMap::len).sum();
    }

    fn median(&self) -> u64 {
        let mut times: Vec<u64> = self
            .quotas
            .values()
            .flat_map(|keys| keys.values().copied())
            .collect();
        let middle = times.len() / 2;
        *times.select_nth_unstable(middle).1
    }
}

#[async_trait]
impl RateLimiter for LocalLimiter {
    async fn take(&self, quota: &Quota, key: &str) -> Allowance {
        self.take_now(quota, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const QUOTA: Quota = Quota {
        name: "test",
        burst: 2,
        period: Duration::from_secs(3_600),
    };

    fn known(limiter: &LocalLimiter) -> usize {
        let shards = limiter.shards.iter();
        shards
            .map(|shard| {
                let shard = shard.lock().unwrap();
                let counted: usize = shard.quotas.values().map(HashMap::len).sum();
                assert_eq!(counted, shard.keys);
                counted
            })
            .sum()
    }

    #[test]
    fn keys_that_are_made_up_take_a_bounded_memory_and_are_limited_still() {
        let limiter = LocalLimiter::new(160);
        for number in 0..5_000 {
            assert!(limiter.take_now(&QUOTA, &number.to_string()).granted);
            assert!(known(&limiter) <= 160);
        }
        assert!(limiter.take_now(&QUOTA, "4999").granted);
        assert!(!limiter.take_now(&QUOTA, "4999").granted);
    }

    #[test]
    fn keys_whose_burst_is_whole_again_are_dropped_now_and_then() {
        let limiter = LocalLimiter::default();
        let brief = Quota {
            period: Duration::from_millis(1),
            ..QUOTA
        };
        for number in 0..1_000 {
            let _ = limiter.take_now(&brief, &number.to_string());
        }
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        // These come to every shard, and are dropped themselves.
        while known(&limiter) > 500 {
            for number in 2_000..2_256 {
                let _ = limiter.take_now(&brief, &number.to_string());
            }
            assert!(std::time::Instant::now() < deadline);
        }
    }

    #[test]
    fn what_another_limiter_refused_is_given_back_and_remembered() {
        let limiter = LocalLimiter::default();
        assert!(limiter.take_now(&QUOTA, "ann").granted);
        let hour = u64::try_from(QUOTA.period.as_micros()).unwrap();
        limiter.correct(&QUOTA, "ann", limiter.now() + hour);
        let refusal = limiter.take_now(&QUOTA, "ann");
        assert!(!refusal.granted);
        assert!(refusal.retry_after <= QUOTA.period / 2);

        assert!(limiter.take_now(&QUOTA, "bob").granted);
        limiter.correct(&QUOTA, "bob", 0);
        assert!(limiter.take_now(&QUOTA, "bob").granted);
        assert!(limiter.take_now(&QUOTA, "bob").granted);
    }
}
