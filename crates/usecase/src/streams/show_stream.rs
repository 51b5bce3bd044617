use std::sync::Arc;

use domain::{
    LiveStream, Message, StreamId, StreamState, TRACED,
    ports::{LiveStreams, MessageStore, RoomStore},
};
use tracing::instrument;

use super::{StreamError, visible};
use crate::Caller;

/// Looks at a stream.
pub struct ShowStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) messages: Arc<dyn MessageStore>,
}

impl ShowStream {
    /// The stream, with its text so far, for its author and for whom it is told to.
    ///
    /// # Errors
    /// [`StreamError`].
    #[instrument(target = TRACED, name = "ShowStream", skip_all)]
    pub async fn execute(&self, caller: Caller, id: StreamId) -> Result<LiveStream, StreamError> {
        let found = visible(&*self.streams, &*self.rooms, id, caller.user_id).await?;
        found.ok_or(StreamError::NotFound)
    }

    /// The message that a stream has become which [`execute`](Self::execute) shows still: for a moment there are both.
    ///
    /// # Errors
    /// [`StreamError::Store`].
    #[instrument(target = TRACED, name = "ShowStream.sent", skip_all)]
    pub async fn sent(&self, stream: &LiveStream) -> Result<Option<Message>, StreamError> {
        if stream.state == StreamState::Open {
            // Not finished, and so not sent.
            return Ok(None);
        }
        let sent = self.messages.sent_by(stream.user_id, stream.message_id());
        Ok(sent.await?)
    }
}

#[cfg(test)]
mod tests;
