use std::sync::Arc;

use domain::{TRACED, User, ports::UserStore, values::Email};
use tracing::instrument;

use super::GetUserError;

/// Looks an account up by its address.
pub struct FindUser {
    pub(crate) users: Arc<dyn UserStore>,
}

impl FindUser {
    /// The account.
    ///
    /// # Errors
    /// [`GetUserError`].
    #[instrument(target = TRACED, name = "FindUser", skip_all)]
    pub async fn execute(&self, email: &Email) -> Result<User, GetUserError> {
        self.users
            .by_email(email)
            .await?
            .ok_or(GetUserError::NotFound)
    }
}

#[cfg(test)]
mod tests;
