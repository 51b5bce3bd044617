use std::sync::Arc;

use domain::{
    BusEvent, SessionId, StoreError, TRACED,
    ports::{Clock, EventBus, SessionStore},
};
use tracing::instrument;

use super::RefreshToken;
use crate::Caller;

/// Ends a log-in: its tokens are refused from now on, its sockets close.
pub struct LogOut {
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the log-in was not ended.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogOutError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LogOut {
    /// Ends the caller's log-in, and with `other` also the one that this refresh token belongs to, if it is the
    /// caller's own. A token that means nothing ends nothing more.
    ///
    /// # Errors
    /// [`LogOutError`].
    #[instrument(target = TRACED, name = "LogOut", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        other: Option<&RefreshToken>,
    ) -> Result<(), LogOutError> {
        if let Some(token) = other
            && let Some(session) = self.sessions.by_refresh_token(token.hash()).await?
            && session.user_id == caller.user_id
        {
            self.end(caller, session.id).await?;
        }
        self.end(caller, caller.session_id).await
    }

    async fn end(&self, caller: Caller, session_id: SessionId) -> Result<(), LogOutError> {
        let user_id = caller.user_id;
        if self
            .sessions
            .revoke(user_id, session_id, self.clock.now())
            .await?
        {
            self.bus
                .publish(BusEvent::SessionRevoked {
                    user_id,
                    session_id,
                })
                .await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
