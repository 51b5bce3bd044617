use std::sync::Arc;

use domain::{
    StreamEnd, StreamId, TRACED,
    ports::{EventBus, LiveStreams, RoomStore},
};
use tracing::instrument;

use super::{StreamError, end_without_message, is_open, visible};
use crate::Caller;

/// Gives up what one was writing.
pub struct AbortStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
}

impl AbortStream {
    /// Forgets the stream and tells the room. Its author may, though they are in the room no longer. When this answers, the stream becomes no message.
    ///
    /// # Errors
    /// [`StreamError`].
    #[instrument(target = TRACED, name = "AbortStream", skip_all)]
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<(), StreamError> {
        let (streams, bus) = (&*self.streams, &*self.bus);
        let found = streams.by_id(id).await?;
        let Some(stream) = found.filter(|stream| stream.user_id == caller.user_id) else {
            let seen = visible(streams, &*self.rooms, id, caller.user_id).await?;
            return Err(match seen {
                Some(_) => StreamError::NotYours,
                None => StreamError::NotFound,
            });
        };
        is_open(&stream)?;
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
