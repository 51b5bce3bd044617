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

impl ChangePassword {
    /// Changes the password. The caller's own log-in stays, with its tokens.
    ///
    /// # Errors
    /// [`ChangeAccountError`]; then nothing has changed.
    #[instrument(target = TRACED, name = "ChangePassword", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: ChangePasswordInput,
    ) -> Result<(), ChangeAccountError> {
        let (users, passwords) = (&*self.users, &*self.passwords);
        let judged_by = vouch(users, passwords, caller, input.current).await?;
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
