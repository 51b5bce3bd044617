use std::sync::Arc;

use domain::{StreamEnd, StreamId, ports::RoomStore};

use super::{Sending, StreamError, own};
use crate::Caller;

/// Gives up what one was writing.
pub struct AbortStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) sending: Sending,
}

impl AbortStream {
    /// Forgets the stream and tells the room.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<(), StreamError> {
        let streams = &*self.sending.streams;
        let stream = own(streams, &*self.rooms, id, caller.user_id).await?;
        Ok(self.sending.drop_for(&stream, StreamEnd::Aborted).await?)
    }
}

#[cfg(test)]
mod tests;
