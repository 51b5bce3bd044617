use std::sync::Arc;

use domain::{ActivityPoint, Interval, RoomId, TRACED, Timestamp};
use tracing::instrument;

use super::{AnalyticsError, access::Analyst};
use crate::Caller;

/// Counts messages by the minute, the hour or the day.
pub struct MessagesOverTime(pub(crate) Arc<Analyst>);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagesOverTimeInput {
    /// How fine.
    pub interval: Interval,
    /// From the interval on that this lies in; if not given, as many intervals back as make an hour of minutes, two days of
    /// hours, or thirty days.
    pub from: Option<Timestamp>,
    /// Up to the interval before this; up to now if not given.
    pub to: Option<Timestamp>,
    /// Where; none for everywhere.
    pub room: Option<RoomId>,
}

impl MessagesOverTime {
    /// Every interval of the span, those in which nothing was sent too, the earliest first.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "MessagesOverTime", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: MessagesOverTimeInput,
    ) -> Result<Vec<ActivityPoint>, AnalyticsError> {
        self.0.admit(caller, input.room).await?;
        self.read(input).await
    }

    pub(crate) async fn read(
        &self,
        input: MessagesOverTimeInput,
    ) -> Result<Vec<ActivityPoint>, AnalyticsError> {
        let interval = input.interval;
        let (length, back) = (interval.seconds(), default_points(interval));
        // The interval that lasts is part of it.
        let next = interval.start_of(self.0.clock.now()).as_second() + length;
        let to = input.to.or(Timestamp::from_second(next).ok());
        let to = to.ok_or(AnalyticsError::BadSpan)?;
        let from = input
            .from
            .or(Timestamp::from_second(to.as_second() - back * length).ok());
        let from = from.ok_or(AnalyticsError::BadSpan)?;
        let span = Analyst::span(interval, from, to, input.room)?;
        let counted = self.0.activity.series(&span).await?;
        let mut counted = counted.into_iter().peekable();
        let mut points = Vec::new();
        let mut second = span.from.as_second();
        let start = |second| Timestamp::from_second(second).ok();
        while let Some(at) = start(second).filter(|at| *at < to) {
            let known = counted.next_if(|point| point.at == at);
            points.push(known.unwrap_or(ActivityPoint {
                at,
                messages: 0,
                senders: 0,
            }));
            second += length;
        }
        Ok(points)
    }
}

fn default_points(interval: Interval) -> i64 {
    match interval {
        Interval::Minute => 60,
        Interval::Hour => 48,
        Interval::Day => 30,
    }
}

#[cfg(test)]
mod tests;
