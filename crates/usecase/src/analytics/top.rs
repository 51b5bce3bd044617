use std::sync::Arc;

use domain::{RoomActivity, RoomId, Span, TRACED, UserActivity, values::PageSize};
use tracing::instrument;

use super::{AnalyticsError, Window, access::Analyst};
use crate::Caller;

/// Ranks rooms, and users, by their messages.
pub struct Top(pub(crate) Arc<Analyst>);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopInput {
    /// How far back; none for ever.
    pub window: Option<Window>,
    /// How many.
    pub limit: PageSize<100>,
}

impl Top {
    /// The rooms with most messages, for admins.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "Top.rooms", skip_all)]
    pub async fn rooms(
        &self,
        caller: Caller,
        input: TopInput,
    ) -> Result<Vec<RoomActivity>, AnalyticsError> {
        self.0.admit(caller, None).await?;
        let span = self.span(input.window, None)?;
        Ok(self.0.activity.top_rooms(&span, input.limit.get()).await?)
    }

    /// The users with most messages, in one room or in all.
    ///
    /// # Errors
    /// [`AnalyticsError`].
    #[instrument(target = TRACED, name = "Top.users", skip_all)]
    pub async fn users(
        &self,
        caller: Caller,
        input: TopInput,
        room: Option<RoomId>,
    ) -> Result<Vec<UserActivity>, AnalyticsError> {
        self.0.admit(caller, room).await?;
        let span = self.span(input.window, room)?;
        Ok(self.0.activity.top_users(&span, input.limit.get()).await?)
    }

    fn span(&self, window: Option<Window>, room: Option<RoomId>) -> Result<Span, AnalyticsError> {
        Ok(match window {
            Some(window) => self.0.last_days(window.days(), room)?,
            None => self.0.ever(room),
        })
    }
}

#[cfg(test)]
mod tests;
