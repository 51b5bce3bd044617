use std::time::Duration;

use tokio::time::Instant;

use crate::Rate;

/// Counts the frames of one socket (the generic cell rate algorithm, ITU-T I.371).
pub(super) struct Meter {
    /// How long one frame takes to come back.
    each: Duration,
    /// How long all of them take.
    whole: Duration,
    /// When all of them are there again.
    full_at: Instant,
}

impl Meter {
    /// With all frames there at `now`.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        let each = rate.period / rate.burst.max(1);
        Self {
            each,
            whole: each.saturating_mul(rate.burst),
            full_at: now,
        }
    }

    /// Takes one; false when none is there.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.each;
        let is_there = full_at.duration_since(now) <= self.whole;
        if is_there {
            self.full_at = full_at;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(burst: u32, period: Duration, now: Instant) -> Meter {
        Meter::new(Rate { burst, period }, now)
    }

    #[test]
    fn the_burst_is_there_at_once_and_no_more() {
        let now = Instant::now();
        for (burst, milliseconds) in [(1, 1_000), (3, 1_000), (7, 10_000), (999_999, 1_500)] {
            let mut meter = meter(burst, Duration::from_millis(milliseconds), now);
            let taken = (0..=burst).filter(|_| meter.take(now)).count();
            assert_eq!(taken, burst as usize, "{burst} in {milliseconds} ms");
        }
    }

    #[test]
    fn a_frame_comes_back_after_its_part_of_the_time() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut meter = meter(4, Duration::from_secs(1), start);
        for _ in 0..4 {
            assert!(meter.take(start));
        }
        assert!(!meter.take(at(249)));
        assert!(meter.take(at(250)));
        assert!(!meter.take(at(250)));
        let rested = at(60_000);
        let taken = (0..10).filter(|_| meter.take(rested)).count();
        assert_eq!(taken, 4, "rest saves up no more than the burst");
    }
}
