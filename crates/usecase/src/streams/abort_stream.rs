use std::sync::Arc;

use domain::{
    StreamEnd, StreamId,
    ports::{EventBus, LiveStreams, RoomStore},
};

use super::{StreamError, end_without_message, own};
use crate::Caller;

/// Gives up what one was writing.
pub struct AbortStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
}

impl AbortStream {
    /// Forgets the stream and tells the room. When this answers, the stream becomes no message.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<(), StreamError> {
        let (streams, bus) = (&*self.streams, &*self.bus);
        let stream = own(streams, &*self.rooms, id, caller.user_id).await?;
        if end_without_message(streams, bus, &stream, StreamEnd::Aborted).await? {
            return Ok(());
        }
        // Somebody was faster: it is being sent, or was sent, or is gone.
        Err(match streams.by_id(id).await? {
            Some(_) => StreamError::Ended,
            None => StreamError::NotFound,
        })
    }
}

#[cfg(test)]
mod tests;
