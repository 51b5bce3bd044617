use std::sync::Arc;

use domain::{
    BusEvent, StreamId, TRACED,
    ports::{EventBus, LiveStreams, RoomStore},
};
use tracing::instrument;

use super::{StreamError, is_open, visible};
use crate::Caller;

/// Asks the author of a stream to stop writing.
pub struct StopStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
}

impl StopStream {
    /// Tells the author, who decides what to do: to finish the stream as it is, to give it up, or to go on.
    ///
    /// # Errors
    /// [`StreamError`].
    #[instrument(target = TRACED, name = "StopStream", skip_all)]
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<(), StreamError> {
        let found = visible(&*self.streams, &*self.rooms, id, caller.user_id).await?;
        let stream = found.ok_or(StreamError::NotFound)?;
        is_open(&stream)?;
        let told = BusEvent::StreamStop {
            author_id: stream.user_id,
            room_id: stream.room_id,
            id,
            user_id: caller.user_id,
        };
        self.bus.publish(told).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
