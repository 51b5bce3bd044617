use std::{collections::HashMap, sync::Arc};

use domain::{Resumption, RoomId, RoomSnapshot, Seq, StoreError, TRACED, ports::RoomStore};
use tracing::instrument;

use super::standing::Standing;
use crate::Caller;

/// Lets a socket that is open follow another room, or come back into rooms from where its client stands.
pub struct FollowRooms {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) standing: Standing,
    pub(crate) rooms_per_socket: usize,
}

/// Where a client that was away goes on.
#[derive(Debug, PartialEq, Eq)]
pub struct ResumedRooms {
    /// Those of the rooms that are still the caller's, each as it stood at one moment.
    pub rooms: Vec<RoomSnapshot>,
    /// How the client comes back into each room.
    pub resumptions: Vec<Resumption>,
}

/// Why no room is followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowRoomsError {
    /// The room is not the caller's, or is not at all: the same answer.
    #[error("the room is not the caller's")]
    RoomForbidden,
    /// More rooms than one socket may name.
    #[error("too many rooms for one socket")]
    TooManyRooms,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FollowRooms {
    /// The room as it stands, for members.
    ///
    /// # Errors
    /// [`FollowRoomsError`].
    #[instrument(target = TRACED, name = "FollowRooms.subscribe", skip_all)]
    pub async fn subscribe(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<RoomSnapshot, FollowRoomsError> {
        let only = Some(vec![room]);
        let mut found = self.rooms.snapshots(caller.user_id, only).await?;
        found.pop().ok_or(FollowRoomsError::RoomForbidden)
    }

    /// How the client comes back into the rooms of which it has the log up to these numbers.
    ///
    /// # Errors
    /// [`FollowRoomsError`].
    #[instrument(target = TRACED, name = "FollowRooms.resume", skip_all)]
    pub async fn resume(
        &self,
        caller: Caller,
        since: HashMap<RoomId, Seq>,
    ) -> Result<ResumedRooms, FollowRoomsError> {
        if since.len() > self.rooms_per_socket {
            return Err(FollowRoomsError::TooManyRooms);
        }
        let only = since.keys().copied().collect();
        let mut rooms = self.rooms.snapshots(caller.user_id, Some(only)).await?;
        let standing = &self.standing;
        let resumptions = standing.resume(caller.user_id, since, &mut rooms).await?;
        Ok(ResumedRooms { rooms, resumptions })
    }
}

#[cfg(test)]
mod tests;
