use std::sync::atomic::{AtomicU64, Ordering};

use domain::{SocketStats, Timestamp};

use crate::{admission::Census, latency::Latency};

/// What the hub counts since it began.
#[derive(Debug)]
pub(crate) struct Stats {
    pub slow_closes: Counter,
    pub resumes: Counter,
    pub gaps_healed: Counter,
    pub latency: Latency,
}

/// Goes up.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Stats {
    pub fn new() -> Self {
        Self {
            slow_closes: Counter::default(),
            resumes: Counter::default(),
            gaps_healed: Counter::default(),
            latency: Latency::new(),
        }
    }

    /// What was counted, with who holds sockets.
    pub fn read(&self, census: Census, now: Timestamp) -> SocketStats {
        SocketStats {
            open: census.taken as u64,
            peak: census.peak as u64,
            users: census.users,
            queue_bytes: census.queue_bytes as u64,
            largest_queue: census.largest_queue as u64,
            slow_closes: self.slow_closes.read(),
            resumes: self.resumes.read(),
            gaps_healed: self.gaps_healed.read(),
            latency: self.latency.read(now),
        }
    }
}
