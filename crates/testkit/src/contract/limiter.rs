//! [`RateLimiter`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::ports::{Allowance, Quota, RateLimiter};

use super::scene::at_once;
use crate::sample;

type Subject = Arc<dyn RateLimiter>;

/// So slow that nothing comes back while a test runs.
const SLOW: Quota = Quota {
    name: "slow",
    burst: 5,
    period: Duration::from_secs(3_600),
};

/// So fast that a test can wait for it.
const FAST: Quota = Quota {
    name: "fast",
    burst: 4,
    period: Duration::from_millis(800),
};

/// A key that nothing was taken of.
fn key() -> String {
    sample::id().to_string()
}

/// Takes until it is refused, and answers the refusal and how often it was granted before.
async fn exhaust(limiter: &Subject, quota: &Quota, key: &str) -> (u32, Allowance) {
    let mut granted = 0;
    loop {
        let allowance = limiter.take(quota, key).await;
        if !allowance.granted {
            return (granted, allowance);
        }
        granted += 1;
        assert!(granted < 10_000, "it is never refused");
    }
}

/// Takes until it is granted.
async fn granted_at_last(limiter: &Subject, quota: &Quota, key: &str) -> Allowance {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let allowance = limiter.take(quota, key).await;
        if allowance.granted {
            return allowance;
        }
        assert!(Instant::now() < deadline, "{allowance:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn a_burst_is_granted_and_no_more(limiter: &Subject) {
    let (granted, refusal) = exhaust(limiter, &SLOW, &key()).await;
    assert_eq!((granted, refusal.remaining), (SLOW.burst, 0));
}

pub async fn what_remains_is_counted_down(limiter: &Subject) {
    let key = key();
    for remaining in (0..SLOW.burst).rev() {
        let allowance = limiter.take(&SLOW, &key).await;
        assert!(allowance.granted);
        assert_eq!(allowance.remaining, remaining);
        assert_eq!(allowance.retry_after, Duration::ZERO);
    }
}

pub async fn a_refusal_costs_nothing_and_says_when(limiter: &Subject) {
    let key = key();
    let (_, mut before) = exhaust(limiter, &SLOW, &key).await;
    for _ in 0..20 {
        let refusal = limiter.take(&SLOW, &key).await;
        assert!(!refusal.granted);
        assert!(refusal.retry_after > Duration::ZERO);
        assert!(refusal.retry_after <= SLOW.period / SLOW.burst);
        assert!(refusal.retry_after <= before.retry_after);
        assert!(refusal.reset_after <= before.reset_after);
        before = refusal;
    }
}

pub async fn what_was_spent_comes_back_bit_by_bit(limiter: &Subject) {
    let key = key();
    exhaust(limiter, &FAST, &key).await;
    for _ in 0..3 {
        let (_, refusal) = exhaust(limiter, &FAST, &key).await;
        assert!(refusal.retry_after <= FAST.period / FAST.burst);
        granted_at_last(limiter, &FAST, &key).await;
    }
}

pub async fn keys_and_quotas_do_not_mix(limiter: &Subject) {
    let (one, other) = (key(), key());
    exhaust(limiter, &SLOW, &one).await;
    assert_eq!(exhaust(limiter, &SLOW, &other).await.0, SLOW.burst);
    let namesake = Quota {
        name: "another",
        ..SLOW
    };
    assert_eq!(exhaust(limiter, &namesake, &one).await.0, SLOW.burst);
}

pub async fn of_sixty_four_at_once_exactly_the_burst_is_granted(limiter: &Subject) {
    let key = key();
    let answers = at_once(64, |_| {
        let (limiter, key) = (limiter.clone(), key.clone());
        async move { limiter.take(&SLOW, &key).await.granted }
    })
    .await;
    let granted = answers.iter().filter(|granted| **granted).count();
    assert_eq!(granted, SLOW.burst as usize);
}

pub async fn the_whole_burst_is_back_within_the_period(limiter: &Subject) {
    let odd = Quota {
        name: "odd",
        burst: 7,
        period: Duration::from_secs(3_601),
    };
    let key = key();
    let mut before = Duration::ZERO;
    for taken in 1..=odd.burst {
        let allowance = limiter.take(&odd, &key).await;
        assert!(allowance.reset_after <= odd.period);
        assert!(allowance.reset_after > before, "after {taken}");
        before = allowance.reset_after;
    }
    let refusal = limiter.take(&odd, &key).await;
    assert!(!refusal.granted && refusal.reset_after <= odd.period);
}

pub async fn a_burst_of_one_is_once_in_a_period(limiter: &Subject) {
    let once = Quota { burst: 1, ..SLOW };
    let key = key();
    let (granted, refusal) = exhaust(limiter, &once, &key).await;
    assert_eq!(granted, 1);
    assert!(refusal.retry_after <= once.period);
    assert_eq!(refusal.retry_after, refusal.reset_after);
}
