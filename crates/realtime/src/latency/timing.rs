use domain::{Seq, Timestamp};

/// From when a frame is timed until it is written, and how many deliveries it speaks for; or that it is not timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    /// In microseconds since 1970.
    pub(super) accepted: i64,
    /// Itself, and those before it that are not timed; 0 of what is not timed itself.
    pub(super) counts: u32,
}

impl Timing {
    /// It is not timed.
    pub const NEVER: Self = Self {
        accepted: 0,
        counts: 0,
    };

    /// It is.
    pub fn is_timed(self) -> bool {
        self.counts > 0
    }
}

/// How many deliveries of one event are timed, but for two more at the ends: what to look at the clock and to count costs is
/// noticed where an event goes to many, and there a part tells as much as the whole.
const TIMED: usize = 16;

/// The timings of the deliveries of one event, one after the other and without end.
///
/// Of a few, each is timed. Of many, it is every so many, and the first and the last, since no delivery is earlier or later;
/// each counts for those since the one before it, so that all together count for all. Which ones they are changes from event
/// to event: listeners stand in the same order for long, and none is to be passed over for ever.
#[derive(Debug)]
pub(crate) struct Timings {
    accepted: i64,
    /// How many deliveries are to come.
    left: usize,
    /// How many passed since one was timed.
    passed: u32,
    /// The so manieth from here is timed.
    gap: usize,
    /// The gap after that one.
    next_gap: usize,
    /// And every gap from then on.
    step: usize,
}

impl Timings {
    /// Nothing is timed.
    pub fn none() -> Self {
        Self::of(Timestamp::UNIX_EPOCH, Seq(0), 0)
    }

    /// Those of an event that has this number, and goes to so many.
    pub fn of(accepted: Timestamp, seq: Seq, listeners: usize) -> Self {
        let step = listeners.div_ceil(TIMED).max(1);
        // The remainder is less than a number of listeners.
        let turn = (seq.0 % step as u64) as usize;
        Self {
            accepted: accepted.as_microsecond(),
            left: listeners,
            passed: 0,
            gap: 1,
            next_gap: 1 + turn,
            step,
        }
    }
}

impl Iterator for Timings {
    type Item = Timing;

    fn next(&mut self) -> Option<Timing> {
        if self.left == 0 {
            return Some(Timing::NEVER);
        }
        self.left -= 1;
        self.passed += 1;
        self.gap -= 1;
        if self.gap > 0 && self.left > 0 {
            return Some(Timing::NEVER);
        }
        self.gap = std::mem::replace(&mut self.next_gap, self.step);
        Some(Timing {
            accepted: self.accepted,
            counts: std::mem::take(&mut self.passed),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use testkit::sample::now;

    use super::*;

    /// For how many each of the deliveries counts.
    fn counts(seq: u64, listeners: usize) -> Vec<u32> {
        let timings = Timings::of(now(), Seq(seq), listeners);
        timings
            .take(listeners)
            .map(|timing| timing.counts)
            .collect()
    }

    #[test]
    fn an_event_that_goes_to_few_is_timed_at_each() {
        for listeners in 1..=TIMED {
            assert_eq!(counts(7, listeners), vec![1; listeners]);
        }
    }

    #[test]
    fn those_that_are_timed_count_for_all() {
        for listeners in 0..300 {
            for seq in 0..20 {
                let all: u32 = counts(seq, listeners).iter().sum();
                assert_eq!(all as usize, listeners, "event {seq}");
            }
        }
    }

    #[test]
    fn the_first_and_the_last_are_timed() {
        for listeners in 1..300 {
            for seq in 0..20 {
                let counts = counts(seq, listeners);
                assert_eq!(counts[0], 1, "event {seq} to {listeners}");
                assert!(counts[listeners - 1] > 0, "event {seq} to {listeners}");
            }
        }
    }

    #[test]
    fn of_many_a_bounded_number_is_timed_and_no_gap_is_longer_than_a_step() {
        for listeners in [17_usize, 64, 1_000, 1_003, 50_000] {
            for seq in 0..20 {
                let counts = counts(seq, listeners);
                let timed = counts.iter().filter(|counts| **counts > 0).count();
                assert!((TIMED / 2..=TIMED + 2).contains(&timed), "{timed}");
                let step = listeners.div_ceil(TIMED);
                assert!(counts.iter().all(|counts| *counts as usize <= step));
            }
        }
    }

    #[test]
    fn in_time_every_listener_is_timed() {
        let listeners: usize = 1_000;
        let timed: BTreeSet<_> = (0..listeners.div_ceil(TIMED) as u64)
            .flat_map(|seq| counts(seq, listeners).into_iter().enumerate())
            .filter_map(|(listener, counts)| (counts > 0).then_some(listener))
            .collect();
        assert_eq!(timed.len(), listeners);
    }

    #[test]
    fn what_goes_to_nobody_and_what_comes_after_the_last_is_not_timed() {
        assert_eq!(Timings::none().next(), Some(Timing::NEVER));
        let mut after_the_last = Timings::of(now(), Seq(1), 100).skip(100);
        assert_eq!(after_the_last.next(), Some(Timing::NEVER));
    }
}
