use std::sync::Arc;

use domain::{
    TRACED,
    ports::{Clock, EventBus, PasswordHasher, UserStore},
    values::Password,
};
use tracing::instrument;

use super::{
    revocation::tell_ended,
    vouching::{ChangeAccountError, vouch},
};
use crate::Caller;

/// Deactivates the caller's account: all its log-ins end, and nobody logs in to it again. What it has said stays, with
/// its name, and so do its memberships.
pub struct DeactivateAccount {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) passwords: Arc<dyn PasswordHasher>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl DeactivateAccount {
    /// Deactivates the account. `None` stands for a text that no password can be.
    ///
    /// # Errors
    /// [`ChangeAccountError`]; then nothing has changed.
    #[instrument(target = TRACED, name = "DeactivateAccount", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        password: Option<Password>,
    ) -> Result<(), ChangeAccountError> {
        let (users, passwords) = (&*self.users, &*self.passwords);
        let judged_by = vouch(users, passwords, caller, password).await?;
        let (id, by) = (caller.user_id, caller.session_id);
        let now = self.clock.now();
        let ended = self.users.deactivate(id, by, &judged_by, now).await?;
        tell_ended(&*self.bus, id, ended).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
