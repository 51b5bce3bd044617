use std::sync::Arc;

use domain::{StoreError, TRACED, User, UserId, ports::UserStore};
use tracing::instrument;

/// Looks an account up by its id.
pub struct GetUser {
    pub(crate) users: Arc<dyn UserStore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GetUserError {
    /// No such account.
    #[error("no such user")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl GetUser {
    /// The account.
    ///
    /// # Errors
    /// [`GetUserError`].
    #[instrument(target = TRACED, name = "GetUser", skip_all)]
    pub async fn execute(&self, id: UserId) -> Result<User, GetUserError> {
        self.users.by_id(id).await?.ok_or(GetUserError::NotFound)
    }
}

#[cfg(test)]
mod tests;
