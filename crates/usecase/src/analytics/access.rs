use std::sync::Arc;

use domain::{
    HourActivity, Interval, Role, RoomId, Span, StoreError, StoreResult, Timestamp,
    ports::{ActivityStore, Clock, RoomStore, UserStore},
};

use super::{CountActivity, Window};
use crate::{Caller, access};

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnalyticsError {
    /// The caller is no admin, and does not own the room.
    #[error("this takes an admin, or for one room its owner")]
    NotAllowed,
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The end is not after the beginning, or the intervals are too many.
    #[error(
        "from must lie before to, with at most {} intervals in between",
        Analyst::MOST_POINTS
    )]
    BadSpan,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What every question about activity goes through.
pub(crate) struct Analyst {
    pub users: Arc<dyn UserStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub activity: Arc<dyn ActivityStore>,
    pub clock: Arc<dyn Clock>,
    pub count: CountActivity,
}

impl Analyst {
    /// The most intervals that one answer tells.
    pub const MOST_POINTS: i64 = 2_000;

    /// How many batches are counted before a question is answered: with more than that to be counted, the answer is of what
    /// was counted so far.
    const ROUNDS: usize = 20;

    /// Refuses whoever may not ask of this room, or with none of all rooms; then counts what is not counted yet.
    pub async fn admit(&self, caller: Caller, room: Option<RoomId>) -> Result<(), AnalyticsError> {
        self.allow(caller, room).await?;
        Ok(self.count_all().await?)
    }

    /// Counts what is not counted yet.
    pub async fn count_all(&self) -> StoreResult<()> {
        self.count.execute(Self::ROUNDS).await?;
        Ok(())
    }

    /// Refuses whoever may not ask of this room, or with none of all rooms.
    pub async fn allow(&self, caller: Caller, room: Option<RoomId>) -> Result<(), AnalyticsError> {
        let user = self.users.by_id(caller.user_id).await?;
        let is_admin = user.is_some_and(|user| user.is_admin);
        match room {
            Some(room) if is_admin => {
                let found = self.rooms.by_id(room).await?;
                found.ok_or(AnalyticsError::RoomNotFound)?;
            }
            Some(room) => {
                let found = access::as_visitor(&*self.rooms, room, caller.user_id).await?;
                let (_, role) = found.ok_or(AnalyticsError::RoomNotFound)?;
                if role < Some(Role::Owner) {
                    return Err(AnalyticsError::NotAllowed);
                }
            }
            None if is_admin => {}
            None => return Err(AnalyticsError::NotAllowed),
        }
        Ok(())
    }

    /// The whole intervals that `from..to` touches.
    pub fn span(
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
        room: Option<RoomId>,
    ) -> Result<Span, AnalyticsError> {
        let start = interval.start_of(from);
        let length = interval.seconds() * 1_000_000;
        let most = start.as_microsecond() + Self::MOST_POINTS * length;
        if to <= from || to.as_microsecond() > most {
            return Err(AnalyticsError::BadSpan);
        }
        Ok(Span {
            interval,
            from: start,
            to,
            room,
        })
    }

    /// The last `days` days in UTC, this one included, up to now.
    pub fn last_days(&self, days: i64, room: Option<RoomId>) -> StoreResult<Span> {
        let now = self.clock.now();
        let today = Interval::Day.start_of(now);
        let first = today.as_second() - (days - 1) * Interval::Day.seconds();
        let first = Timestamp::from_second(first);
        Ok(Span {
            interval: Interval::Day,
            from: first.map_err(|error| StoreError::Other(error.to_string()))?,
            to: after(now),
            room,
        })
    }

    /// The hours of the day in which something was sent in the last thirty days, from 0 on.
    pub async fn busiest_hours(&self, room: Option<RoomId>) -> StoreResult<Vec<HourActivity>> {
        let hours = Span {
            interval: Interval::Hour,
            ..self.last_days(Window::Month.days(), room)?
        };
        self.activity.busiest_hours(&hours).await
    }

    /// How many messages each of the last `count` minutes had, the earliest first; the last one is the one that lasts.
    pub async fn by_minute(&self, now: Timestamp, count: usize) -> StoreResult<Vec<u64>> {
        let length = Interval::Minute.seconds();
        let to = Interval::Minute.start_of(now).as_second() + length;
        let first = to - count as i64 * length;
        let at = |second| {
            let at = Timestamp::from_second(second);
            at.map_err(|error| StoreError::Other(error.to_string()))
        };
        let span = Span {
            interval: Interval::Minute,
            from: at(first)?,
            to: at(to)?,
            room: None,
        };
        let mut minutes = vec![0; count];
        for point in self.activity.series(&span).await? {
            let place = (point.at.as_second() - first).div_euclid(length);
            let minute = usize::try_from(place)
                .ok()
                .and_then(|it| minutes.get_mut(it));
            if let Some(minute) = minute {
                *minute = point.messages;
            }
        }
        Ok(minutes)
    }

    /// All that was ever counted.
    pub fn ever(&self, room: Option<RoomId>) -> Span {
        Span {
            interval: Interval::Day,
            from: Timestamp::UNIX_EPOCH,
            to: after(self.clock.now()),
            room,
        }
    }
}

/// Just after a moment: a span ends before its end, and what is sent now is part of it. A clock of another node may be a little
/// ahead.
fn after(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second() + Interval::Day.seconds()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
