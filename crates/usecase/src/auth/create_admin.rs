use std::sync::Arc;

use domain::{
    BusEvent, TRACED, User,
    ports::{Clock, EventBus, UserStore},
};
use tracing::instrument;

use super::{RegisterUser, RegisterUserError, RegisterUserInput};

/// Makes an admin. Nobody asks for it over the wire: an operator does, on the command line.
pub struct CreateAdmin {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) register: RegisterUser,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// An admin.
#[derive(Debug, PartialEq, Eq)]
pub struct CreatedAdmin {
    /// Who.
    pub user: User,
    /// True when the account was made now, with the password that was given; one that was there keeps its own.
    pub is_new: bool,
}

impl CreateAdmin {
    /// Makes the account of this address an admin, and makes the account first when there is none.
    ///
    /// # Errors
    /// [`RegisterUserError`]; the account may be there then, and be no admin.
    #[instrument(target = TRACED, name = "CreateAdmin", skip_all)]
    pub async fn execute(
        &self,
        input: RegisterUserInput,
    ) -> Result<CreatedAdmin, RegisterUserError> {
        let known = self.users.by_email(&input.email).await?;
        let is_new = known.is_none();
        let user = match known {
            Some(user) => user,
            None => self.register.execute(input).await?,
        };
        let user = self.promote(user).await?;
        Ok(CreatedAdmin { user, is_new })
    }

    /// Makes the first admin, where there is none, and answers it. It is a new account: an address that is taken may be
    /// anybody's, who must not become an admin by that.
    ///
    /// # Errors
    /// [`RegisterUserError`]; the account may be there then, and be no admin.
    #[instrument(target = TRACED, name = "CreateAdmin.execute_first", skip_all)]
    pub async fn execute_first(
        &self,
        input: RegisterUserInput,
    ) -> Result<Option<User>, RegisterUserError> {
        if self.users.has_admin().await? {
            return Ok(None);
        }
        let user = self.register.execute(input).await?;
        Ok(Some(self.promote(user).await?))
    }

    async fn promote(&self, user: User) -> Result<User, RegisterUserError> {
        let user_id = user.id;
        let set = self.users.set_admin(user_id, true, self.clock.now());
        set.await.map_err(RegisterUserError::Store)?;
        self.bus.publish(BusEvent::UserChanged { user_id }).await;
        Ok(User {
            is_admin: true,
            ..user
        })
    }
}

#[cfg(test)]
mod tests;
