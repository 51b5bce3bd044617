use std::sync::Arc;

use domain::{
    MessageId, StoreError, StreamId, TRACED,
    ports::{MessageStore, RoomStore},
};
use tracing::instrument;

use super::{Sending, StreamError, visible};
use crate::{Caller, messages::SentMessage};

/// Sends what was written as a message.
pub struct FinishStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
    pub(crate) sending: Sending,
}

/// Why nothing was sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinishStreamError {
    /// It says nothing.
    #[error("the stream says nothing yet")]
    Blank,
    /// Something about the stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<StoreError> for FinishStreamError {
    fn from(error: StoreError) -> Self {
        Self::Stream(error.into())
    }
}

impl FinishStream {
    /// Sends the stream: its message has its id, and is on stable storage when this answers. To do so again, at any age and
    /// on any node, answers the same message.
    ///
    /// # Errors
    /// [`FinishStreamError`].
    #[instrument(target = TRACED, name = "FinishStream", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        id: StreamId,
    ) -> Result<SentMessage, FinishStreamError> {
        let streams = &*self.sending.streams;
        let Some(stream) = visible(streams, &*self.rooms, id, caller.user_id).await? else {
            return self.sent_before(caller, id).await;
        };
        if stream.user_id != caller.user_id {
            return Err(StreamError::NotYours.into());
        }
        if stream.is_blank() {
            return Err(FinishStreamError::Blank);
        }
        let Some(stream) = streams.finish(id).await? else {
            return self.sent_before(caller, id).await;
        };
        Ok(self.sending.send(&stream, false).await?)
    }

    async fn sent_before(
        &self,
        caller: Caller,
        id: StreamId,
    ) -> Result<SentMessage, FinishStreamError> {
        let message = self
            .messages
            .sent_by(caller.user_id, MessageId(id.0))
            .await?;
        let message = message.ok_or(StreamError::NotFound)?;
        Ok(SentMessage {
            message,
            repeated: true,
        })
    }
}

#[cfg(test)]
mod tests;
