use std::sync::Arc;

use domain::{
    BusEvent, StoreError, TRACED, UserId, UserStatus,
    ports::{Clock, EventBus, UserStore},
};
use tracing::instrument;

use crate::Caller;

/// Declares oneself here or away.
pub struct SetUserStatus {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why nothing changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUserStatusError {
    /// No such account.
    #[error("no such user")]
    NotFound,
    /// It is somebody else's.
    #[error("only one's own status can be set")]
    NotYours,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SetUserStatus {
    /// Sets it, and tells the nodes, which may remember the old one.
    ///
    /// # Errors
    /// [`SetUserStatusError`].
    #[instrument(target = TRACED, name = "SetUserStatus", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        id: UserId,
        status: UserStatus,
    ) -> Result<(), SetUserStatusError> {
        if id != caller.user_id {
            return Err(match self.users.by_id(id).await? {
                Some(_) => SetUserStatusError::NotYours,
                None => SetUserStatusError::NotFound,
            });
        }
        match self.users.set_status(id, status, self.clock.now()).await {
            Err(StoreError::NotFound) => return Err(SetUserStatusError::NotFound),
            other => other?,
        }
        self.bus
            .publish(BusEvent::UserChanged { user_id: id })
            .await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
