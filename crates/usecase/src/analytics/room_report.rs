use std::sync::Arc;

use domain::{HourActivity, RoomId, TRACED};
use tracing::instrument;

use super::{ActiveUsers, AnalyticsError, Window, access::Analyst};
use crate::Caller;

/// Counts what one room is like.
pub struct RoomReport(pub(crate) Arc<Analyst>);

/// What one room is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomReportAnswer {
    /// Messages that stand.
    pub messages: u64,
    /// Users who sent them.
    pub senders: u64,
    /// Users who sent something today, in UTC.
    pub daily_active_users: u64,
    /// Within seven days, today included.
    pub weekly_active_users: u64,
    /// Within thirty days, today included.
    pub monthly_active_users: u64,
    /// The hours of the day in which something was sent in the last thirty days, from 0 on.
    pub busiest_hours: Vec<HourActivity>,
}

impl RoomReport {
    /// For admins, and the owner of the room.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "RoomReport", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<RoomReportAnswer, AnalyticsError> {
        let room = Some(room);
        self.0.admit(caller, room).await?;
        let (messages, senders) = self.0.activity.totals(&self.0.ever(room)).await?;
        let active = ActiveUsers(self.0.clone());
        let day = active.count(Window::Day, room).await?;
        let week = active.count(Window::Week, room).await?;
        let month = active.count(Window::Month, room).await?;
        Ok(RoomReportAnswer {
            messages,
            senders,
            daily_active_users: day.users,
            weekly_active_users: week.users,
            monthly_active_users: month.users,
            busiest_hours: self.0.busiest_hours(room).await?,
        })
    }
}

#[cfg(test)]
mod tests;
