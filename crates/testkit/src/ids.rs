use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::IdSource;
use uuid::{Builder, Uuid};

/// Ids of version 7 that count up: the first is the same in every run, and each sorts after the one before.
#[derive(Debug, Default)]
pub struct SequentialIds {
    used: AtomicU64,
}

/// 2026-01-01 in milliseconds; each id claims to be a millisecond younger than the one before.
const FIRST_MILLI: u64 = 1_767_225_600_000;

impl SequentialIds {
    /// Starts at the beginning.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            used: AtomicU64::new(0),
        }
    }
}

impl IdSource for SequentialIds {
    fn next(&self) -> Uuid {
        let used = self.used.fetch_add(1, Ordering::Relaxed);
        Builder::from_unix_timestamp_millis(FIRST_MILLI + used, &[0; 10]).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_up_and_are_of_version_7() {
        let ids = SequentialIds::new();
        let (first, second) = (ids.next(), ids.next());
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(first, SequentialIds::new().next());
    }
}
