//! How often something may be done, as text: a count and the time in which it comes back.

use std::{ops::RangeInclusive, time::Duration};

use delivery::Rate;

use super::{duration, setting::in_words};

/// The word for no limit.
pub(super) const OFF: &str = "off";

/// The counts that are taken.
const BURST: RangeInclusive<u32> = 1..=1_000_000;

/// The times that are taken; whole seconds are what the headers of an answer can tell.
const PERIOD: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

/// `30/1m`; `None` for anything else, and out of bounds.
pub(super) fn parse(text: &str) -> Option<Rate> {
    let (burst, period) = text.split_once('/')?;
    // Digits alone: u32's own parser would take a plus sign.
    if !burst.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let rate = Rate {
        burst: burst.parse().ok()?,
        period: duration::parse(period)?,
    };
    (BURST.contains(&rate.burst) && PERIOD.contains(&rate.period)).then_some(rate)
}

/// What is taken, in words.
pub(super) fn values() -> String {
    format!(
        "a rate <count>/<duration> from {} to {} in {} to {}, or {OFF}",
        BURST.start(),
        BURST.end(),
        in_words(*PERIOD.start()),
        in_words(*PERIOD.end()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_count_and_a_duration() {
        for (text, burst, seconds) in [
            ("30/1m", 30, 60),
            ("1/1s", 1, 1),
            ("1000000/1d", 1_000_000, 86_400),
            ("5/1500ms", 5, 1),
        ] {
            let rate = parse(text).unwrap();
            assert_eq!(
                (rate.burst, rate.period.as_secs()),
                (burst, seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_rate() {
        for text in [
            "",
            "/",
            "30",
            "30/",
            "/1m",
            "30/1",
            "0/1m",
            "+3/1m",
            "-3/1m",
            "1.5/1m",
            "30 / 1m",
            "30/m",
            "30/0s",
            "30/999ms",
            "30/2d",
            "1000001/1m",
            "99999999999/1m",
            "30/1m/2",
            "none",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
