mod timing;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use domain::{Distribution, Interval, Timestamp};
use hdrhistogram::Histogram;

pub(crate) use self::timing::{Timing, Timings};

/// How long it took from the acceptance of events until they were written to sockets, in the last minutes.
///
/// Each thread that writes has a part of its own, so that threads do not wait for each other, and the times of a minute have
/// their place from its first one on: to record one costs about as much as the lock of a mutex that nobody else wants.
#[derive(Debug)]
pub(crate) struct Latency {
    parts: [Mutex<Part>; PARTS],
}

/// Times by the minute; a minute takes the place of the one that many minutes before.
#[derive(Debug, Default)]
struct Part([Option<Minute>; MINUTES]);

#[derive(Debug)]
struct Minute {
    /// Since 1970.
    number: i64,
    times: Histogram<u32>,
}

/// More than most machines have workers; the threads beyond share.
const PARTS: usize = 16;

/// How many minutes count, with the one that lasts.
const MINUTES: usize = 5;

/// A time is told to so many digits: with two, a minute takes 10 KB.
const DIGITS: u8 = 2;

/// What took longer than a minute counts as a minute.
const LONGEST: u64 = 60_000_000;

/// Which part the thread that asks has.
fn own_part() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PART: usize = THREADS.fetch_add(1, Ordering::Relaxed) % PARTS;
    }
    PART.with(|part| *part)
}

impl Latency {
    pub fn new() -> Self {
        Self {
            parts: Default::default(),
        }
    }

    /// What is timed so was written now; of no account when it is not timed. The clock is asked only for what is. The clocks
    /// of two nodes may differ: what was written before it was accepted took no time.
    pub fn record(&self, timing: Timing, now: impl FnOnce() -> Timestamp) {
        if !timing.is_timed() {
            return;
        }
        let written = now();
        let took = written.as_microsecond().saturating_sub(timing.accepted);
        let took = u64::try_from(took).unwrap_or(0);
        let mut part = lock(&self.parts[own_part()]);
        part.of_minute(minute(written))
            .saturating_record_n(took, timing.counts);
    }

    /// The times of the last minutes.
    pub fn read(&self, now: Timestamp) -> Distribution {
        let mut all = times();
        let last = minute(now);
        let counts = last - MINUTES as i64 + 1..=last;
        for part in &self.parts {
            let part = lock(part);
            let minutes = part.0.iter().flatten();
            for minute in minutes.filter(|it| counts.contains(&it.number)) {
                // All have the same bounds, so that it never fails.
                let _ = all.add(&minute.times);
            }
        }
        all.iter_recorded()
            .map(|step| {
                let value = all.median_equivalent(step.value_iterated_to());
                (value, step.count_at_value().into())
            })
            .collect()
    }
}

impl Part {
    fn of_minute(&mut self, number: i64) -> &mut Histogram<u32> {
        // The remainder is less than MINUTES.
        let place = number.rem_euclid(MINUTES as i64) as usize;
        let minute = self.0[place].get_or_insert_with(|| Minute {
            number,
            times: times(),
        });
        if minute.number != number {
            minute.number = number;
            minute.times.clear();
        }
        &mut minute.times
    }
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(Interval::Minute.seconds())
}

fn times() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("bounds that are far apart")
}

fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    // What a panic left half counted is still counted.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Seq;
    use testkit::sample::{later, now};

    use super::*;

    /// Records something that took so many microseconds, and was written then.
    fn record(latency: &Latency, took: u64, written: Timestamp) {
        record_from(latency, written - Duration::from_micros(took), written);
    }

    /// Records something that goes to one.
    fn record_from(latency: &Latency, accepted: Timestamp, written: Timestamp) {
        for timing in Timings::of(accepted, Seq(1), 1).take(1) {
            latency.record(timing, || written);
        }
    }

    #[test]
    fn a_time_is_told_to_two_digits() {
        for took in [0, 1, 99, 250, 4_321, 98_765, 12_345_678] {
            let latency = Latency::new();
            record(&latency, took, now());
            let times = latency.read(now());
            assert_eq!(times.count(), 1);
            let told = times.percentile(50).unwrap();
            assert!(
                told.abs_diff(took) * 100 <= took,
                "{took} is told as {told}"
            );
        }
    }

    #[test]
    fn what_took_no_time_or_an_age_counts_at_the_bounds() {
        let latency = Latency::new();
        record_from(&latency, later(1), now());
        assert_eq!(latency.read(now()).percentile(50), Some(0));
        record_from(&latency, later(-3_600), now());
        let longest = latency.read(now()).percentile(100).unwrap();
        assert!(longest.abs_diff(LONGEST) < LONGEST / 100, "{longest}");
    }

    #[test]
    fn what_is_not_timed_does_not_count() {
        let latency = Latency::new();
        latency.record(Timing::NEVER, || panic!("the clock was asked"));
        assert_eq!(latency.read(now()).count(), 0);
    }

    #[test]
    fn what_goes_to_many_counts_for_all_of_them() {
        let latency = Latency::new();
        for timing in Timings::of(now(), Seq(1), 1_000).take(1_000) {
            latency.record(timing, || later(1));
        }
        record(&latency, 100, now());
        let times = latency.read(later(1));
        assert_eq!(times.count(), 1_001);
        let told = times.percentile(1).unwrap();
        assert!(told.abs_diff(1_000_000) <= 10_000, "{told}");
    }

    #[test]
    fn five_minutes_count_with_the_one_that_lasts() {
        let latency = Latency::new();
        for minute in 0..5 {
            record(&latency, 1_000, later(60 * minute));
        }
        assert_eq!(latency.read(later(60 * 4)).count(), 5);
        assert_eq!(latency.read(later(60 * 6)).count(), 3);
        // It takes the place of the first one.
        record(&latency, 1_000, later(60 * 5));
        assert_eq!(latency.read(later(60 * 5)).count(), 5);
        assert_eq!(latency.read(later(60 * 60)).count(), 0);
    }

    #[test]
    fn what_all_threads_recorded_is_told_together() {
        let latency = Latency::new();
        std::thread::scope(|scope| {
            for thread in 0..2 * PARTS as u64 {
                let latency = &latency;
                scope.spawn(move || record(latency, 100 * (thread + 1), now()));
            }
        });
        assert_eq!(latency.read(now()).count(), 2 * PARTS as u64);
    }
}
