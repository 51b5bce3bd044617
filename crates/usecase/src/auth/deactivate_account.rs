use std::sync::Arc;

use domain::{
    StoreError,
    ports::{Clock, EventBus, HashError, PasswordHasher, UserStore},
    values::Password,
};

use super::revocation::tell_ended;
use crate::Caller;

/// Deactivates the caller's account: all its log-ins end, and nobody logs in to it again. What it has said stays, with
/// its name, and so do its memberships.
pub struct DeactivateAccount {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the account stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeactivateAccountError {
    /// It is not the password of the account, or is so no more.
    #[error("the password is wrong")]
    WrongPassword,
    /// The caller's own log-in has ended meanwhile.
    #[error("the log-in has ended")]
    SessionEnded,
    /// The password could not be checked.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for DeactivateAccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied => Self::WrongPassword,
            StoreError::NotFound => Self::SessionEnded,
            other => Self::Store(other),
        }
    }
}

impl DeactivateAccount {
    /// Deactivates the account. `None` stands for a text that no password can be.
    ///
    /// # Errors
    /// [`DeactivateAccountError`]; then nothing has changed.
    pub async fn execute(
        &self,
        caller: Caller,
        password: Option<Password>,
    ) -> Result<(), DeactivateAccountError> {
        let Some(password) = password else {
            return Err(DeactivateAccountError::WrongPassword);
        };
        let Some(judged_by) = self.users.password(caller.user_id).await? else {
            return Err(DeactivateAccountError::SessionEnded);
        };
        let judge = self.passwords.verify(&password, Some(judged_by.clone()));
        if !judge.await? {
            return Err(DeactivateAccountError::WrongPassword);
        }
        let (id, by) = (caller.user_id, caller.session_id);
        let now = self.clock.now();
        let ended = self.users.deactivate(id, by, &judged_by, now).await?;
        tell_ended(&*self.bus, id, ended).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
