use std::sync::Arc;

use domain::{
    BusEvent, Message, MessageDraft, MessageId, RoomEventKind, RoomId, StoreError, TRACED,
    ports::{Clock, EventBus, RoomLog, RoomStore},
};
use tracing::instrument;

use crate::{Caller, access};

/// Gives a message another text.
pub struct EditMessage {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the message stays as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeMessageError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// No such message there (any more).
    #[error("no such message")]
    MessageNotFound,
    /// It is somebody else's.
    #[error("the message is somebody else's")]
    NotAllowed,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for ChangeMessageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::MessageNotFound,
            StoreError::Denied => Self::NotAllowed,
            other => Self::Store(other),
        }
    }
}

impl EditMessage {
    /// Changes the text and tells the room. Its sender alone may.
    ///
    /// # Errors
    /// [`ChangeMessageError`].
    #[instrument(target = TRACED, name = "EditMessage", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        text: MessageDraft,
    ) -> Result<Message, ChangeMessageError> {
        access::as_member(&*self.rooms, room, caller.user_id)
            .await?
            .ok_or(ChangeMessageError::RoomNotFound)?;
        let (content, _) = text.into_parts();
        let event = self
            .log
            .edit(room, message, caller.user_id, content, self.clock.now())
            .await?;
        let RoomEventKind::MessageEdited(edited) = event.kind.clone() else {
            return Err(ChangeMessageError::Store(StoreError::Other(
                "a message was edited without the event that says so".into(),
            )));
        };
        self.bus.publish(BusEvent::Room(event)).await;
        Ok(edited)
    }
}

#[cfg(test)]
mod tests;
