use domain::{
    PasswordHash, StoreError,
    ports::{HashError, PasswordHasher, UserStore},
    values::Password,
};

use crate::Caller;

/// Why an account stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeAccountError {
    /// It is not the password of the account, or is so no more.
    #[error("the password is wrong")]
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

impl From<StoreError> for ChangeAccountError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Denied => Self::WrongPassword,
            StoreError::NotFound => Self::SessionEnded,
            other => Self::Store(other),
        }
    }
}

/// The hash that the caller's password was found right by: the change is made only where it still stands. `None` stands
/// for a text that no password can be.
pub(super) async fn vouch(
    users: &dyn UserStore,
    passwords: &dyn PasswordHasher,
    caller: Caller,
    password: Option<Password>,
) -> Result<PasswordHash, ChangeAccountError> {
    let Some(password) = password else {
        return Err(ChangeAccountError::WrongPassword);
    };
    let Some(judged_by) = users.password(caller.user_id).await? else {
        return Err(ChangeAccountError::SessionEnded);
    };
    let is_right = passwords.verify(&password, Some(judged_by.clone())).await?;
    is_right
        .then_some(judged_by)
        .ok_or(ChangeAccountError::WrongPassword)
}
