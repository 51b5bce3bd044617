use std::sync::Arc;

use domain::{RoomId, StoreError, TRACED, Timestamp};
use tracing::instrument;

use super::{AnalyticsError, access::Analyst};
use crate::Caller;

/// Counts who has said something lately.
pub struct ActiveUsers(pub(crate) Arc<Analyst>);

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Today.
    Day,
    /// Seven days, today included.
    Week,
    /// Thirty days, today included.
    Month,
}

impl Window {
    /// How many days in UTC, today included.
    #[must_use]
    pub fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }
}

/// Who has said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveUsersReport {
    /// When the first day began.
    pub from: Timestamp,
    /// How many users have sent at least one message that was not deleted.
    pub users: u64,
    /// How many messages those were.
    pub messages: u64,
    /// How many accounts were made, in whatever room they write.
    pub new_accounts: u64,
}

impl ActiveUsers {
    /// Counts those of a window of days in UTC that ends today, in one room or in all.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "ActiveUsers", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        window: Window,
        room: Option<RoomId>,
    ) -> Result<ActiveUsersReport, AnalyticsError> {
        self.0.admit(caller, room).await?;
        Ok(self.count(window, room).await?)
    }

    pub(crate) async fn count(
        &self,
        window: Window,
        room: Option<RoomId>,
    ) -> Result<ActiveUsersReport, StoreError> {
        let span = self.0.last_days(window.days(), room)?;
        let (messages, users) = self.0.activity.totals(&span).await?;
        let new_accounts = self.0.activity.new_accounts(span.from, span.to).await?;
        Ok(ActiveUsersReport {
            from: span.from,
            users,
            messages,
            new_accounts,
        })
    }
}

#[cfg(test)]
mod tests;
