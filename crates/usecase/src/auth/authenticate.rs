use std::sync::Arc;

use domain::{
    StoreError, TRACED, Timestamp,
    ports::{AccessTokens, Clock, SessionStore, TokenError},
};
use tracing::instrument;

use crate::Caller;

/// Finds out who asks.
pub struct Authenticate {
    pub(crate) tokens: Arc<dyn AccessTokens>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the token proves nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The token itself is not good.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its log-in has ended.
    #[error("the log-in has ended")]
    SessionEnded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Who asks.
    pub caller: Caller,
    /// From when on the token proves nothing any more.
    pub expires_at: Timestamp,
}

impl Authenticate {
    /// Proves the token, and that its log-in still stands: one look-up, so that a log-out counts at once.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    #[instrument(target = TRACED, name = "Authenticate", skip_all)]
    pub async fn execute(&self, token: &str) -> Result<Caller, AuthenticateError> {
        Ok(self.prove(token).await?.caller)
    }

    /// As [`execute`](Self::execute), for who stays: until when the proof holds too.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    #[instrument(target = TRACED, name = "Authenticate.prove", skip_all)]
    pub async fn prove(&self, token: &str) -> Result<Proof, AuthenticateError> {
        let claims = self.tokens.verify(token, self.clock.now())?;
        if !self.sessions.is_live(claims.session_id).await? {
            return Err(AuthenticateError::SessionEnded);
        }
        Ok(Proof {
            caller: Caller {
                user_id: claims.user_id,
                session_id: claims.session_id,
            },
            expires_at: claims.expires_at,
        })
    }
}

#[cfg(test)]
mod tests;
