use std::time::Duration;

use async_trait::async_trait;

/// How often something may be done: `burst` times at once, and once more every `period / burst`
/// (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    /// What is limited, as a word: part of the key.
    pub name: &'static str,
    /// How often at once; at least 1.
    pub burst: u32,
    /// How long a spent burst takes to come back; at least one millisecond.
    pub period: Duration,
}

/// Whether it may be done now, and how the quota stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// False: not now.
    pub granted: bool,
    /// How often it may still be done at once.
    pub remaining: u32,
    /// After how long it may be done again; zero when it was granted.
    pub retry_after: Duration,
    /// After how long the whole burst is there again.
    pub reset_after: Duration,
}

/// Counts what is done by whom.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one from the quota of `key`. MUST NOT grant more than the quota, from one node; a refusal costs nothing.
    /// Never fails: what cannot be counted together with other nodes is counted here alone.
    async fn take(&self, quota: &Quota, key: &str) -> Allowance;
}
