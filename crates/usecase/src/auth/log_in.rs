use std::sync::Arc;

use domain::{
    Session, StoreError, TRACED,
    ports::{HashError, NewSession, PasswordHasher, SessionStore, UserStore},
    values::{Email, Password},
};
use tracing::instrument;

use super::{LoggedIn, TokenIssue};

/// Opens a log-in for an address and a password.
pub struct LogIn {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) sessions: Arc<dyn SessionStore>,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) issue: TokenIssue,
}

/// Who says they are who. `None` stands for a value that no account can have.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct LogInInput {
    pub email: Option<Email>,
    pub password: Option<Password>,
}

/// Why nobody was logged in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogInError {
    /// No account has this address and this password; which of the two is not told.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The password could not be checked.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LogIn {
    /// Opens a log-in.
    ///
    /// # Errors
    /// [`LogInError`].
    #[instrument(target = TRACED, name = "LogIn", skip_all)]
    pub async fn execute(&self, input: LogInInput) -> Result<LoggedIn, LogInError> {
        let (Some(email), Some(password)) = (input.email, input.password) else {
            return Err(LogInError::WrongCredentials);
        };
        let (user, hash) = self.users.credentials(&email).await?.unzip();
        let good = self.passwords.verify(&password, hash.clone()).await?;
        let (Some(user), Some(judged_by), true) = (user, hash, good) else {
            return Err(LogInError::WrongCredentials);
        };
        let now = self.issue.now();
        let refresh_token = self.issue.refresh_token();
        let session = Session {
            id: self.issue.session_id(),
            user_id: user.id,
            created_at: now,
        };
        let access_token = self.issue.access_token(user.id, session.id, now);
        let new = NewSession {
            session,
            refresh: refresh_token.hash(),
            refresh_expires_at: self.issue.refresh_expiry(now),
            judged_by,
        };
        match self.sessions.open(&new).await {
            Ok(()) => {}
            // The password was changed, or the account deactivated, while it was checked.
            Err(StoreError::Denied) => return Err(LogInError::WrongCredentials),
            Err(other) => return Err(other.into()),
        }
        Ok(LoggedIn {
            access_token,
            expires_in: self.issue.access_ttl,
            refresh_token,
            user,
        })
    }
}

#[cfg(test)]
mod tests;
