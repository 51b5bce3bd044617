use std::sync::Arc;

use domain::{
    BusEvent, StoreError, TRACED,
    ports::{EventBus, Rotation, SessionStore, UserStore},
};
use tracing::instrument;

use super::{LoggedIn, RefreshToken, TokenIssue};

/// Spends a refresh token for a new pair.
pub struct RefreshSession {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) issue: TokenIssue,
}

/// Why the log-in was not renewed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshSessionError {
    /// The token is unknown, expired, spent, or of a log-in that has ended.
    #[error("the refresh token is not valid")]
    Refused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RefreshSession {
    /// Answers a new pair; the token that was presented is spent.
    ///
    /// A token that was spent before ends the whole log-in, because somebody else holds a copy of it
    /// (RFC 9700, section 4.14.2).
    ///
    /// # Errors
    /// [`RefreshSessionError`].
    #[instrument(target = TRACED, name = "RefreshSession", skip_all)]
    pub async fn execute(&self, presented: &RefreshToken) -> Result<LoggedIn, RefreshSessionError> {
        // Read before the token is spent: after that, no failure may keep the new pair from the client.
        let known = self.sessions.by_refresh_token(presented.hash()).await?;
        let owner = known.ok_or(RefreshSessionError::Refused)?.user_id;
        let user = self.users.by_id(owner).await?;
        let user = user.ok_or(RefreshSessionError::Refused)?;
        let now = self.issue.now();
        let refresh_token = self.issue.refresh_token();
        let expires_at = self.issue.refresh_expiry(now);
        let rotation = self
            .sessions
            .rotate(presented.hash(), refresh_token.hash(), now, expires_at)
            .await?;
        let session = match rotation {
            Rotation::Rotated(session) => session,
            Rotation::Refused => return Err(RefreshSessionError::Refused),
            Rotation::Reused(session) => {
                tracing::warn!(user_id = %session.user_id, session_id = %session.id, "a spent refresh token came back; the log-in is ended");
                self.bus
                    .publish(BusEvent::SessionRevoked {
                        user_id: session.user_id,
                        session_id: session.id,
                    })
                    .await;
                return Err(RefreshSessionError::Refused);
            }
        };
        Ok(LoggedIn {
            access_token: self.issue.access_token(user.id, session.id, now),
            expires_in: self.issue.access_ttl,
            refresh_token,
            user,
        })
    }
}

#[cfg(test)]
mod tests;
