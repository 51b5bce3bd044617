use std::sync::Arc;

use domain::{
    BusEvent, MessageId, RoomId, TRACED,
    ports::{Clock, EventBus, RoomLog, RoomStore, UserStore},
};
use tracing::instrument;

use super::ChangeMessageError;
use crate::{Caller, access};

/// Deletes a message for everybody.
pub struct DeleteMessage {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl DeleteMessage {
    /// Deletes it, content and all, and tells the room. Its sender may, and an admin of the room; where guests may come in, an
    /// admin of the server too.
    ///
    /// # Errors
    /// [`ChangeMessageError`].
    #[instrument(target = TRACED, name = "DeleteMessage", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
    ) -> Result<(), ChangeMessageError> {
        let (rooms, users) = (&*self.rooms, &*self.users);
        access::as_member_or_moderator(rooms, users, room, caller.user_id)
            .await?
            .ok_or(ChangeMessageError::RoomNotFound)?;
        let event = self
            .log
            .delete(room, message, caller.user_id, self.clock.now())
            .await?;
        self.bus.publish(BusEvent::Room(event)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
