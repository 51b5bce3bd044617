//! Messages while they are being written.

mod abort_stream;
mod all;
mod end_lost_streams;
mod ending;
mod finish_stream;
mod list_streams;
mod sending;
mod show_stream;
mod start_stream;
mod stop_stream;
mod write_stream;

use ending::end_without_message;
pub(crate) use ending::{end_streams_of_member, end_streams_of_room};
pub(crate) use sending::Sending;

pub use abort_stream::AbortStream;
pub use all::StreamUseCases;
pub use end_lost_streams::EndLostStreams;
pub use finish_stream::{FinishStream, FinishStreamError};
pub use list_streams::{ListStreams, ListStreamsError};
pub use show_stream::ShowStream;
pub use start_stream::{StartStream, StartStreamError, StartStreamInput};
pub use stop_stream::StopStream;
pub use write_stream::{WriteStream, WriteStreamError, Written};

use domain::{
    LiveStream, StoreError, StoreResult, StreamId, StreamState, UserId,
    ports::{LiveStreams, RoomStore},
};

use crate::access;

/// Why nothing was done about a stream.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// No such stream, for the caller (any more).
    #[error("no such stream")]
    NotFound,
    /// Somebody else writes it.
    #[error("only its author may")]
    NotYours,
    /// It is being sent already.
    #[error("the stream has ended")]
    Ended,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for StreamError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// The stream, if `user` is in its room, and it is theirs or not hidden.
async fn visible(
    streams: &dyn LiveStreams,
    rooms: &dyn RoomStore,
    id: StreamId,
    user: UserId,
) -> StoreResult<Option<LiveStream>> {
    let Some(stream) = streams.by_id(id).await? else {
        return Ok(None);
    };
    if stream.is_hidden && stream.user_id != user {
        return Ok(None);
    }
    let room = access::as_member(rooms, stream.room_id, user).await?;
    Ok(room.map(|_| stream))
}

/// The stream, while `user` may write it.
async fn own(
    streams: &dyn LiveStreams,
    rooms: &dyn RoomStore,
    id: StreamId,
    user: UserId,
) -> Result<LiveStream, StreamError> {
    let found = visible(streams, rooms, id, user).await?;
    let stream = found.ok_or(StreamError::NotFound)?;
    if stream.user_id != user {
        return Err(StreamError::NotYours);
    }
    is_open(&stream)?;
    Ok(stream)
}

fn is_open(stream: &LiveStream) -> Result<(), StreamError> {
    match stream.state {
        StreamState::Open => Ok(()),
        StreamState::Finished | StreamState::Lost => Err(StreamError::Ended),
    }
}
