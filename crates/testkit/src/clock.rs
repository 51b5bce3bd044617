use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use domain::{Timestamp, ports::Clock};

use crate::sample;

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct FakeClock {
    micros: AtomicI64,
}

impl FakeClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            micros: AtomicI64::new(now.as_microsecond()),
        }
    }

    /// Shows `now` from here on.
    pub fn set(&self, now: Timestamp) {
        self.micros.store(now.as_microsecond(), Ordering::SeqCst);
    }

    /// Shows a later time from here on.
    ///
    /// # Panics
    /// The time is further away than 292,000 years.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a time within 292,000 years");
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    /// Shows [`sample::now`].
    fn default() -> Self {
        Self::at(sample::now())
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst))
            .expect("a test stays within the years that a timestamp can tell")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_only_when_it_is_told() {
        let clock = FakeClock::default();
        assert_eq!(clock.now(), sample::now());
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now().as_second(), sample::now().as_second() + 90);
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }
}
