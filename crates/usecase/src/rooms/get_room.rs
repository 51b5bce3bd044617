use std::sync::Arc;

use domain::{Room, RoomId, StoreError, TRACED, ports::RoomStore};
use tracing::instrument;

use crate::{Caller, access};

/// Looks a room up.
pub struct GetRoom {
    pub(crate) rooms: Arc<dyn RoomStore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GetRoomError {
    /// No such room, for the caller.
    #[error("no such room")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl GetRoom {
    /// The room, for its members, and for everybody when it is public.
    ///
    /// # Errors
    /// [`GetRoomError`].
    #[instrument(target = TRACED, name = "GetRoom", skip_all)]
    pub async fn execute(&self, caller: Caller, id: RoomId) -> Result<Room, GetRoomError> {
        access::as_visitor(&*self.rooms, id, caller.user_id)
            .await?
            .ok_or(GetRoomError::NotFound)?;
        // Read anew: what the right was judged by may be a few seconds old, and `last_seq` with it.
        let room = self.rooms.by_id(id).await?;
        room.ok_or(GetRoomError::NotFound)
    }
}

#[cfg(test)]
mod tests;
