//! Lengths of time as text: a whole number and a unit.

use std::time::Duration;

/// Milliseconds of each unit, the smallest first.
pub(super) const UNITS: &[(u64, &str)] = &[
    (1, "ms"),
    (1_000, "s"),
    (60_000, "m"),
    (3_600_000, "h"),
    (86_400_000, "d"),
];

/// `500ms`, `30s`, `15m`, `168h`, `7d`; `None` for anything else, a number without a unit too.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (size, _) = UNITS.iter().find(|(_, name)| *name == unit)?;
    let number: u64 = number.parse().ok()?;
    number.checked_mul(*size).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::{super::setting::in_words, *};

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, seconds) in [
            ("30s", 30),
            ("15m", 900),
            ("168h", 604_800),
            ("7d", 604_800),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse("0s"), Some(Duration::ZERO));
    }

    #[test]
    fn anything_else_is_no_duration() {
        for text in [
            "", "15", "m", "-1s", "+1s", "1.5h", "1 h", "1h30m", "1M", " 1s", "1s ", "٣s",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse("18446744073709551615d"), None, "too long to count");
        assert_eq!(parse("99999999999999999999s"), None);
    }

    #[test]
    fn a_duration_is_shown_in_the_largest_unit_that_fits() {
        for text in ["0ms", "1ms", "1500ms", "25s", "15m", "7h", "7d"] {
            assert_eq!(in_words(parse(text).unwrap()), text);
        }
        assert_eq!(in_words(parse("168h").unwrap()), "7d");
    }
}
