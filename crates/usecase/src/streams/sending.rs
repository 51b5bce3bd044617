use std::sync::Arc;

use domain::{
    BusEvent, LiveStream, RoomEvent, RoomEventKind, StoreError, StoreResult, StreamEnd,
    ports::{Appended, Clock, EventBus, LiveStreams, NewMessage, RoomLog},
};

use super::ending::end_without_message;
use crate::messages::SentMessage;

/// How a stream becomes a message, once it takes no more writes.
#[derive(Clone)]
pub(crate) struct Sending {
    pub streams: Arc<dyn LiveStreams>,
    pub log: Arc<dyn RoomLog>,
    pub bus: Arc<dyn EventBus>,
    pub clock: Arc<dyn Clock>,
}

impl Sending {
    /// Appends the stream's message to the log, once, whoever does so and however often, and forgets the stream. When the
    /// log is away the stream stays, and is sent later. Answers `NotFound` when its author may not write there any more:
    /// then the room is told that the stream has ended.
    pub async fn send(&self, stream: &LiveStream, interrupted: bool) -> StoreResult<SentMessage> {
        let new = NewMessage {
            id: stream.message_id(),
            room_id: stream.room_id,
            sender_id: stream.user_id,
            content: stream.text.clone(),
            attachments: Vec::new(),
            client_msg_id: Some(stream.client_msg_id()),
            interrupted,
            at: self.clock.now(),
        };
        let appended = match self.log.append(new).await {
            Err(StoreError::NotFound) => {
                end_without_message(&*self.streams, &*self.bus, stream, StreamEnd::Removed).await?;
                return Err(StoreError::NotFound);
            }
            other => other?,
        };
        let (event, repeated) = match appended {
            Appended::New(event) => (event, false),
            // Told again, because nobody may have been told the first time.
            Appended::Repeat(event) => (event, true),
        };
        let sent = sent(&event, repeated)?;
        self.bus.publish(BusEvent::Room(event)).await;
        if let Err(error) = self.streams.remove(stream.id).await {
            // It is sent: when its lease is over it is found to be, and forgotten.
            tracing::warn!(%error, stream = %stream.id, "a stream that was sent is still kept");
        }
        Ok(sent)
    }
}

fn sent(event: &RoomEvent, repeated: bool) -> StoreResult<SentMessage> {
    match &event.kind {
        RoomEventKind::MessageSent(message) => Ok(SentMessage {
            message: message.clone(),
            repeated,
        }),
        _ => Err(StoreError::Other(
            "a stream was sent without the event that says so".into(),
        )),
    }
}
