use std::sync::Arc;

use domain::{
    BusEvent, MessageId, ReceiptKind, RoomId, StoreError, TRACED,
    ports::{EventBus, MessageStore, RoomStore},
};
use tracing::instrument;

use crate::{Caller, access};

/// Says that the caller's client has a message, or that the caller has read it; and with it all before it.
pub struct MarkMessage {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
    pub(crate) bus: Arc<dyn EventBus>,
}

/// Why no mark was set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkMessageError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// No such message there (any more).
    #[error("no such message")]
    MessageNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for MarkMessageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::MessageNotFound,
            other => Self::Store(other),
        }
    }
}

impl MarkMessage {
    /// Moves the caller's mark forward, never back, and tells the room when it moved.
    ///
    /// # Errors
    /// [`MarkMessageError`].
    #[instrument(target = TRACED, name = "MarkMessage", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room_id: RoomId,
        message_id: MessageId,
        kind: ReceiptKind,
    ) -> Result<(), MarkMessageError> {
        access::as_member(&*self.rooms, room_id, caller.user_id)
            .await?
            .ok_or(MarkMessageError::RoomNotFound)?;
        let receipt = self
            .messages
            .mark(room_id, caller.user_id, message_id, kind)
            .await?;
        if receipt.moved {
            self.bus
                .publish(BusEvent::Receipt {
                    room_id,
                    user_id: caller.user_id,
                    message_id,
                    seq: receipt.seq,
                    kind,
                })
                .await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
