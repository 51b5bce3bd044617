use std::sync::Arc;

use domain::{
    BusEvent, Conflict, MessageId, RoomId, StoreError, TRACED,
    ports::{Appended, Clock, EventBus, RoomLog, RoomStore},
    values::Emoji,
};
use tracing::instrument;

use crate::{Caller, access};

/// Says something about a message by an emoji.
pub struct AddReaction {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why no reaction was added, or none removed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReactError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// No such message there (any more).
    #[error("no such message")]
    MessageNotFound,
    /// The message carries as many different emojis as it may.
    #[error("the message carries too many different emojis")]
    TooManyEmojis,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ReactError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::MessageNotFound,
            StoreError::Conflict(Conflict::TooManyEmojis) => Self::TooManyEmojis,
            other => Self::Store(other),
        }
    }
}

impl AddReaction {
    /// Adds the caller's reaction and tells the room. One that stands there already is told again: the first answer, and
    /// what the room was told, may have been lost.
    ///
    /// # Errors
    /// [`ReactError`].
    #[instrument(target = TRACED, name = "AddReaction", skip_all)]
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
        let added = self
            .log
            .react(room, message, caller.user_id, emoji, now)
            .await?;
        let (Appended::New(event) | Appended::Repeat(event)) = added;
        self.bus.publish(BusEvent::Room(event)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
