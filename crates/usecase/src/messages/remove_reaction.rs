use std::sync::Arc;

use domain::{
    BusEvent, MessageId, RoomId, TRACED,
    ports::{Clock, EventBus, RoomLog, RoomStore},
    values::Emoji,
};
use tracing::instrument;

use super::ReactError;
use crate::{Caller, access};

/// Takes back what was said about a message by an emoji.
pub struct RemoveReaction {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl RemoveReaction {
    /// Removes the caller's reaction and tells the room. Where there is none, nothing is to be done.
    ///
    /// # Errors
    /// [`ReactError`], but never [`ReactError::TooManyEmojis`].
    #[instrument(target = TRACED, name = "RemoveReaction", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        emoji: Emoji,
    ) -> Result<(), ReactError> {
        access::as_member(&*self.rooms, room, caller.user_id)
            .await?
            .ok_or(ReactError::RoomNotFound)?;
        let now = self.clock.now();
        let removed = self
            .log
            .unreact(room, message, caller.user_id, emoji, now)
            .await?;
        if let Some(event) = removed {
            self.bus.publish(BusEvent::Room(event)).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
