use std::sync::Arc;

use domain::{
    BusEvent, Message, MessageDraft, MessageId, RoomEvent, RoomEventKind, RoomId, StoreError,
    TRACED,
    ports::{Appended, Clock, EventBus, IdSource, NewMessage, RoomLog},
    values::ClientMsgId,
};
use tracing::instrument;

use crate::Caller;

/// Sends a message to a room.
pub struct SendMessage {
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// What is sent where.
#[derive(Debug)]
pub struct SendMessageInput {
    /// Where.
    pub room_id: RoomId,
    /// What.
    pub draft: MessageDraft,
    /// The sender's own reference, which makes a retry safe.
    pub client_msg_id: Option<ClientMsgId>,
}

/// A message that is in the log.
#[derive(Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The message.
    pub message: Message,
    /// True when it was there before this call.
    pub repeated: bool,
}

/// Why nothing was sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendMessageError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed. Whether the message is in the log is not known: a retry with the same `client_msg_id`
    /// finds out without doubling it.
    #[error(transparent)]
    Store(StoreError),
}

impl SendMessage {
    /// Appends the message to the room's log and tells everybody. When this answers, the message is on stable
    /// storage. The append itself checks the membership, so that a removal which has committed is never followed by
    /// a message of the removed.
    ///
    /// # Errors
    /// [`SendMessageError`].
    #[instrument(target = TRACED, name = "SendMessage", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: SendMessageInput,
    ) -> Result<SentMessage, SendMessageError> {
        let (content, attachments) = input.draft.into_parts();
        let appended = self
            .log
            .append(NewMessage {
                id: MessageId(self.ids.next()),
                room_id: input.room_id,
                sender_id: caller.user_id,
                content,
                attachments,
                client_msg_id: input.client_msg_id,
                interrupted: false,
                at: self.clock.now(),
            })
            .await
            .map_err(|error| match error {
                StoreError::NotFound => SendMessageError::RoomNotFound,
                other => SendMessageError::Store(other),
            })?;
        let (event, repeated) = match appended {
            Appended::New(event) => (event, false),
            // Told again, because whoever sends again was perhaps not answered the first time, and then nobody was told.
            Appended::Repeat(event) => (event, true),
        };
        let message = message_of(&event)?;
        self.bus.publish(BusEvent::Room(event)).await;
        Ok(SentMessage { message, repeated })
    }
}

fn message_of(event: &RoomEvent) -> Result<Message, SendMessageError> {
    match &event.kind {
        RoomEventKind::MessageSent(message) => Ok(message.clone()),
        _ => Err(SendMessageError::Store(StoreError::Other(
            "a message was sent without the event that says so".into(),
        ))),
    }
}

#[cfg(test)]
mod tests;
