use std::sync::Arc;

use domain::{HourActivity, TRACED};
use tracing::instrument;

use super::{ActiveUsers, AnalyticsError, Window, access::Analyst};
use crate::Caller;

/// Counts all that there is.
pub struct Overview(pub(crate) Arc<Analyst>);

/// All that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverviewReport {
    /// Messages that stand, in rooms that are there.
    pub messages: u64,
    /// Users who sent them.
    pub senders: u64,
    /// Accounts that were ever made.
    pub accounts: u64,
    /// Messages of today, in UTC.
    pub messages_today: u64,
    /// Accounts made today.
    pub new_accounts_today: u64,
    /// Users who sent something today.
    pub daily_active_users: u64,
    /// Within seven days, today included.
    pub weekly_active_users: u64,
    /// Within thirty days, today included.
    pub monthly_active_users: u64,
    /// The hours of the day in which something was sent in the last thirty days, from 0 on.
    pub busiest_hours: Vec<HourActivity>,
}

impl Overview {
    /// For admins.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "Overview", skip_all)]
    pub async fn execute(&self, caller: Caller) -> Result<OverviewReport, AnalyticsError> {
        self.0.admit(caller, None).await?;
        let ever = self.0.ever(None);
        let (messages, senders) = self.0.activity.totals(&ever).await?;
        let accounts = self.0.activity.new_accounts(ever.from, ever.to).await?;
        let active = ActiveUsers(self.0.clone());
        let day = active.count(Window::Day, None).await?;
        let week = active.count(Window::Week, None).await?;
        let month = active.count(Window::Month, None).await?;
        Ok(OverviewReport {
            messages,
            senders,
            accounts,
            messages_today: day.messages,
            new_accounts_today: day.new_accounts,
            daily_active_users: day.users,
            weekly_active_users: week.users,
            monthly_active_users: month.users,
            busiest_hours: self.0.busiest_hours(None).await?,
        })
    }
}

#[cfg(test)]
mod tests;
