//! The generic cell rate algorithm (ITU-T I.371), in whole microseconds. `redis/limiter.lua` says the same as
//! [`Gcra::take`].

use std::time::Duration;

use domain::ports::{Allowance, Quota};

/// What a quota means in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gcra {
    /// How long one takes to come back. Rounded up: never more is granted than the quota says.
    pub interval: u64,
    /// How long a whole burst takes to come back.
    pub limit: u64,
}

impl Gcra {
    pub(crate) fn of(quota: &Quota) -> Self {
        let burst = u64::from(quota.burst.max(1));
        let period = u64::try_from(quota.period.as_micros()).unwrap_or(u64::MAX);
        // Half of the range is 290,000 years: no sum overflows.
        let interval = period.div_ceil(burst).clamp(1, u64::MAX / 2 / burst);
        Self {
            interval,
            limit: interval * burst,
        }
    }

    /// Whether one may be taken now, and when the whole burst is there again after that.
    pub(crate) fn take(self, full_at: u64, now: u64) -> (bool, u64) {
        // A clock that was set back must not lock anybody out for longer than a burst takes.
        let full_at = full_at.clamp(now, now.saturating_add(self.limit));
        let next = full_at.saturating_add(self.interval);
        if next - now > self.limit {
            (false, full_at)
        } else {
            (true, next)
        }
    }

    /// How the quota stands when the whole burst is there again in `ahead` microseconds.
    pub(crate) fn allowance(self, quota: &Quota, granted: bool, ahead: u64) -> Allowance {
        let left = self.limit.saturating_sub(ahead) / self.interval;
        let until_next = ahead
            .saturating_add(self.interval)
            .saturating_sub(self.limit);
        Allowance {
            granted,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            retry_after: if granted {
                Duration::ZERO
            } else {
                Duration::from_micros(until_next)
            },
            // What rounding up has added is not the caller's business.
            reset_after: Duration::from_micros(ahead).min(quota.period),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota {
        name: "test",
        burst: 3,
        period: Duration::from_micros(300),
    };

    #[test]
    fn a_burst_is_spent_at_once_and_comes_back_evenly() {
        let gcra = Gcra::of(&QUOTA);
        assert_eq!((gcra.interval, gcra.limit), (100, 300));
        assert_eq!(gcra.take(0, 1_000), (true, 1_100));
        assert_eq!(gcra.take(1_100, 1_000), (true, 1_200));
        assert_eq!(gcra.take(1_200, 1_000), (true, 1_300));
        assert_eq!(gcra.take(1_300, 1_000), (false, 1_300));
        assert_eq!(gcra.take(1_300, 1_099), (false, 1_300));
        assert_eq!(gcra.take(1_300, 1_100), (true, 1_400));
        assert_eq!(gcra.take(1_400, 9_000), (true, 9_100));
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let gcra = Gcra::of(&QUOTA);
        assert_eq!(gcra.take(1_000_000, 1_000), (false, 1_300));
    }

    #[test]
    fn an_allowance_is_exact() {
        let gcra = Gcra::of(&QUOTA);
        let micros = Duration::from_micros;
        for (granted, ahead, remaining, retry_after) in [
            (true, 100, 2, 0),
            (true, 101, 1, 0),
            (true, 300, 0, 0),
            (false, 300, 0, 100),
            (false, 201, 0, 1),
        ] {
            let allowance = Allowance {
                granted,
                remaining,
                retry_after: micros(retry_after),
                reset_after: micros(ahead),
            };
            assert_eq!(gcra.allowance(&QUOTA, granted, ahead), allowance);
        }
    }

    #[test]
    fn a_period_that_does_not_divide_is_never_too_generous() {
        let gcra = Gcra::of(&Quota { burst: 7, ..QUOTA });
        assert_eq!((gcra.interval, gcra.limit), (43, 301));
        let whole = gcra.allowance(&QUOTA, true, 301);
        assert_eq!(whole.reset_after, QUOTA.period);
    }

    #[test]
    fn the_largest_quota_does_not_overflow() {
        let quota = Quota {
            name: "test",
            burst: u32::MAX,
            period: Duration::MAX,
        };
        let gcra = Gcra::of(&quota);
        let (granted, full_at) = gcra.take(0, 1_000);
        assert!(granted);
        assert!(gcra.allowance(&quota, granted, full_at - 1_000).granted);
        let never = gcra.allowance(&quota, false, gcra.limit);
        assert!(never.retry_after > Duration::ZERO);
    }
}
