use std::sync::Arc;

use domain::{
    StoreError,
    ports::{Clock, EventBus, HashError, PasswordHasher, UserStore},
    values::Password,
};

use super::revocation::tell_ended;
use crate::Caller;

/// Gives the caller's account another password, and ends its other log-ins.
pub struct ChangePassword {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The password of today, and the next one. `None` stands for a text that no password can be.
#[derive(Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ChangePasswordInput {
    pub current: Option<Password>,
    pub new: Password,
}

/// Why the password stays.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    /// It is not the password of the account, or is so no more.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The caller's own log-in has ended meanwhile.
    #[error("the log-in has ended")]
    SessionEnded,
    /// A password could not be checked or hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ChangePasswordError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied => Self::WrongPassword,
            StoreError::NotFound => Self::SessionEnded,
            other => Self::Store(other),
        }
    }
}

impl ChangePassword {
    /// Changes the password. The caller's own log-in stays, with its tokens.
    ///
    /// # Errors
    /// [`ChangePasswordError`]; then nothing has changed.
    pub async fn execute(
        &self,
        caller: Caller,
        input: ChangePasswordInput,
    ) -> Result<(), ChangePasswordError> {
        let Some(current) = input.current else {
            return Err(ChangePasswordError::WrongPassword);
        };
        let Some(judged_by) = self.users.password(caller.user_id).await? else {
            return Err(ChangePasswordError::SessionEnded);
        };
        let judge = self.passwords.verify(&current, Some(judged_by.clone()));
        if !judge.await? {
            return Err(ChangePasswordError::WrongPassword);
        }
        let new = self.passwords.hash(&input.new).await?;
        let (id, by) = (caller.user_id, caller.session_id);
        let now = self.clock.now();
        let change = self.users.change_password(id, by, &judged_by, &new, now);
        let ended = change.await?;
        tell_ended(&*self.bus, id, ended).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
