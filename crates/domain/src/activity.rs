use serde::{Deserialize, Serialize};

use crate::{
    RoomId, Timestamp, UserId, Visibility,
    values::{GuestId, RoomName, Username},
};

/// The length of the intervals in which activity is counted; all in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    Minute,
    Hour,
    Day,
}

impl Interval {
    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The beginning of the interval that this moment lies in.
    ///
    /// # Panics
    /// Never: no later than `at`, and no earlier than the first moment that there is.
    #[must_use]
    pub fn start_of(self, at: Timestamp) -> Timestamp {
        // Rounded down, also before 1970: `as_second` rounds towards it.
        let second = at.as_microsecond().div_euclid(1_000_000);
        let start = second - second.rem_euclid(self.seconds());
        Timestamp::from_second(start).unwrap_or(Timestamp::MIN)
    }
}

/// Which part of what was counted: the intervals that begin in `from..to`, in one room or in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How fine.
    pub interval: Interval,
    /// The first interval begins then, or later.
    pub from: Timestamp,
    /// The last one begins before.
    pub to: Timestamp,
    /// Where; none for everywhere.
    pub room: Option<RoomId>,
}

/// What was counted in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityPoint {
    /// When the interval begins.
    pub at: Timestamp,
    /// Messages that were sent in it, without those deleted since.
    pub messages: u64,
    /// How many users sent them.
    pub senders: u64,
}

/// What was counted of one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomActivity {
    /// Which room.
    pub room_id: RoomId,
    /// Its name; none for a private room, which is nobody's business.
    pub name: Option<RoomName>,
    /// Who may find it.
    pub visibility: Visibility,
    /// Messages that were sent to it.
    pub messages: u64,
    /// How many users sent them.
    pub senders: u64,
}

/// What was counted of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserActivity {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// What a guest is known by; none for an account.
    #[serde(default)]
    pub guest_id: Option<GuestId>,
    /// Messages that they sent.
    pub messages: u64,
}

/// What was counted in one hour of all days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HourActivity {
    /// 0 to 23, in UTC.
    pub hour: u8,
    /// Messages that were sent in it.
    pub messages: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(interval: Interval, at: &str) -> String {
        interval.start_of(at.parse().unwrap()).to_string()
    }

    #[test]
    fn an_interval_begins_at_its_first_microsecond() {
        for (at, minute, hour, day) in [
            (
                "2026-01-02T03:04:05.000006Z",
                "2026-01-02T03:04:00Z",
                "2026-01-02T03:00:00Z",
                "2026-01-02T00:00:00Z",
            ),
            (
                "2026-01-02T00:00:00Z",
                "2026-01-02T00:00:00Z",
                "2026-01-02T00:00:00Z",
                "2026-01-02T00:00:00Z",
            ),
            (
                "2026-01-01T23:59:59.999999Z",
                "2026-01-01T23:59:00Z",
                "2026-01-01T23:00:00Z",
                "2026-01-01T00:00:00Z",
            ),
            (
                "1969-12-31T23:59:59.5Z",
                "1969-12-31T23:59:00Z",
                "1969-12-31T23:00:00Z",
                "1969-12-31T00:00:00Z",
            ),
        ] {
            assert_eq!(start(Interval::Minute, at), minute);
            assert_eq!(start(Interval::Hour, at), hour);
            assert_eq!(start(Interval::Day, at), day);
        }
    }

    #[test]
    fn before_the_first_whole_interval_there_is_the_first_moment() {
        let first = Timestamp::MIN;
        assert!(Interval::Day.start_of(first) <= first);
    }
}
