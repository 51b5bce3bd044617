use std::sync::Arc;

use domain::{
    BusEvent, Conflict, LiveStream, RoomId, Splice, StoreError, StreamId, TRACED, WriteRefused,
    ports::{EventBus, LiveStreams, RoomStore},
    values::InvalidValue,
};
use tracing::instrument;

use super::{StreamError, own};
use crate::Caller;

/// Writes on at a stream.
pub struct WriteStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
}

/// Why nothing was written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteStreamError {
    /// What was appended does not stand there, and does not follow what does.
    #[error("the text has {length} characters; go on from there")]
    Misplaced {
        /// Where the next append belongs.
        length: usize,
    },
    /// The text would break a rule of messages.
    #[error(transparent)]
    Invalid(InvalidValue),
    /// Something about the stream.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl From<StoreError> for WriteStreamError {
    fn from(error: StoreError) -> Self {
        Self::Stream(error.into())
    }
}

impl From<WriteRefused> for WriteStreamError {
    fn from(refused: WriteRefused) -> Self {
        match refused {
            WriteRefused::Misplaced { length } => Self::Misplaced { length },
            WriteRefused::Invalid(error) => Self::Invalid(error),
        }
    }
}

/// Where a stream stands after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Where it is written.
    pub room_id: RoomId,
    /// How many characters its text has: where it goes on.
    pub index: usize,
}

/// How often a write is tried again that another one of the same stream was faster than: an author's writes come one
/// after the other, but for those that are sent again.
const TRIES: usize = 8;

impl WriteStream {
    /// Puts `delta` at the place `index`, in characters (Unicode scalar values) from the start: at the end of the text, or
    /// where it stands already, so that it may be sent again and out of order.
    ///
    /// # Errors
    /// [`WriteStreamError`].
    #[instrument(target = TRACED, name = "WriteStream.append", skip_all)]
    pub async fn append(
        &self,
        caller: Caller,
        id: StreamId,
        index: usize,
        delta: &str,
    ) -> Result<Written, WriteStreamError> {
        self.write(caller, id, |stream| stream.append(index, delta))
            .await
    }

    /// Gives the stream another text.
    ///
    /// # Errors
    /// [`WriteStreamError`].
    #[instrument(target = TRACED, name = "WriteStream.replace", skip_all)]
    pub async fn replace(
        &self,
        caller: Caller,
        id: StreamId,
        text: &str,
    ) -> Result<Written, WriteStreamError> {
        self.write(caller, id, |stream| stream.replace(text)).await
    }

    async fn write(
        &self,
        caller: Caller,
        id: StreamId,
        change: impl Fn(&LiveStream) -> Result<Option<Splice>, WriteRefused>,
    ) -> Result<Written, WriteStreamError> {
        for _ in 0..TRIES {
            let stream = own(&*self.streams, &*self.rooms, id, caller.user_id).await?;
            let room_id = stream.room_id;
            let Some(splice) = change(&stream)? else {
                // Its author was heard of all the same.
                self.streams.renew(vec![id]).await?;
                let index = stream.length();
                return Ok(Written { room_id, index });
            };
            match self.streams.write(id, &splice).await {
                Err(StoreError::Conflict(Conflict::StreamChanged)) => continue,
                other => other?,
            }
            let index = splice.index + splice.delta.chars().count();
            if !stream.is_hidden {
                let told = BusEvent::StreamWritten {
                    room_id,
                    id,
                    splice,
                };
                self.bus.publish(told).await;
            }
            return Ok(Written { room_id, index });
        }
        let busy = "the stream is written to from too many places at once";
        Err(StoreError::Unavailable(busy.into()).into())
    }
}

#[cfg(test)]
mod tests;
