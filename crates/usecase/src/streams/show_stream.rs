use std::sync::Arc;

use domain::{
    LiveStream, StreamId,
    ports::{LiveStreams, RoomStore},
};

use super::{StreamError, visible};
use crate::Caller;

/// Looks at a stream.
pub struct ShowStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
}

impl ShowStream {
    /// The stream, with its text so far, for its author and for whom it is told to.
    ///
    /// # Errors
    /// [`StreamError`].
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<LiveStream, StreamError> {
        let found = visible(&*self.streams, &*self.rooms, id, caller.user_id).await?;
        found.ok_or(StreamError::NotFound)
    }
}

#[cfg(test)]
mod tests;
