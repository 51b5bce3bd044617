use std::sync::Arc;

use domain::{
    Conflict, StoreError, TRACED, User, UserId, UserStatus,
    ports::{Clock, HashError, IdSource, PasswordHasher, UserStore},
    values::{Email, Password, Username},
};
use tracing::instrument;

/// Makes an account.
#[derive(Clone)]
pub struct RegisterUser {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// What a new account needs.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct RegisterUserInput {
    pub username: Username,
    pub email: Email,
    pub password: Password,
}

/// Why no account was made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterUserError {
    /// Another account has the address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Another account has the name.
    #[error("another account has this user name")]
    UsernameTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RegisterUserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(Conflict::EmailTaken) => Self::EmailTaken,
            StoreError::Conflict(Conflict::UsernameTaken) => Self::UsernameTaken,
            other => Self::Store(other),
        }
    }
}

impl RegisterUser {
    /// Makes the account and answers it.
    ///
    /// # Errors
    /// [`RegisterUserError`]; then there is no new account.
    #[instrument(target = TRACED, name = "RegisterUser", skip_all)]
    pub async fn execute(&self, input: RegisterUserInput) -> Result<User, RegisterUserError> {
        // Asked before the costly hash, so that an address that is taken costs nobody's processor. The store decides.
        if input.email.is_of_nobody() || self.users.by_email(&input.email).await?.is_some() {
            return Err(RegisterUserError::EmailTaken);
        }
        let hash = self.passwords.hash(&input.password).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId(self.ids.next()),
            name: input.username.clone(),
            username: input.username,
            email: input.email,
            guest_id: None,
            status: UserStatus::Offline,
            shares_drafts: true,
            is_admin: false,
            created_at: now,
            updated_at: now,
        };
        self.users.create(&user, &hash).await?;
        Ok(user)
    }
}

#[cfg(test)]
mod tests;
