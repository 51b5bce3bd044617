use std::sync::Arc;

use domain::{
    RoomId, StoreError, TRACED,
    ports::{Clock, EventBus, MemberStore},
    values::Username,
};
use tracing::instrument;

use super::tell_renamed;
use crate::Caller;

/// Gives a guest another name.
pub struct RenameGuest {
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the name stays.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameGuestError {
    /// The caller is no guest, or not in the room (any more).
    #[error("no such guest in the room")]
    NotInRoom,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl RenameGuest {
    /// Gives the guest the name, and tells the room, also when it is the one that they have.
    ///
    /// # Errors
    /// [`RenameGuestError`].
    #[instrument(target = TRACED, name = "RenameGuest", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
        name: &Username,
    ) -> Result<(), RenameGuestError> {
        let (guest, now) = (caller.user_id, self.clock.now());
        let event = match self.members.rename(room, guest, name, now).await {
            Err(StoreError::NotFound) => return Err(RenameGuestError::NotInRoom),
            other => other.map_err(RenameGuestError::Store)?,
        };
        tell_renamed(&*self.bus, event, guest).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
