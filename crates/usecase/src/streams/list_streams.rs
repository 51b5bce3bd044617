use std::sync::Arc;

use domain::{
    LiveStream, RoomId, StoreError, TRACED,
    ports::{LiveStreams, RoomStore},
};
use tracing::instrument;

use crate::{Caller, access};

/// Lists what is being written in a room.
pub struct ListStreams {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
}

/// Why nothing was listed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListStreamsError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListStreams {
    /// The streams that the caller may see, the one that was begun first first.
    ///
    /// # Errors
    /// [`ListStreamsError`].
    #[instrument(target = TRACED, name = "ListStreams", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<Vec<LiveStream>, ListStreamsError> {
        access::as_member(&*self.rooms, room, caller.user_id)
            .await?
            .ok_or(ListStreamsError::RoomNotFound)?;
        let mut streams = self.streams.of_rooms(vec![room]).await?;
        streams.retain(|stream| !stream.is_hidden || stream.user_id == caller.user_id);
        Ok(streams)
    }
}

#[cfg(test)]
mod tests;
