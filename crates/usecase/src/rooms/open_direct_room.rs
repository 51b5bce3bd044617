use std::sync::Arc;

use domain::{
    Role, Room, RoomId, StoreError, TRACED, UserId, Visibility, direct_room_name,
    ports::{Clock, EventBus, IdSource, NewRoom, RoomStore},
    values::RoomDescription,
};
use tracing::instrument;

use super::announce;
use crate::Caller;

/// Opens the one direct room of the caller and a peer.
pub struct OpenDirectRoom {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// Why no room was opened.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenDirectRoomError {
    /// The peer is the caller.
    #[error("a direct room has two different users")]
    WithOneself,
    /// The peer is no account; a guest is none.
    #[error("no such user")]
    UnknownPeer,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl OpenDirectRoom {
    /// The room, and true when it was made now.
    ///
    /// # Errors
    /// [`OpenDirectRoomError`].
    #[instrument(target = TRACED, name = "OpenDirectRoom", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        peer: UserId,
    ) -> Result<(Room, bool), OpenDirectRoomError> {
        if peer == caller.user_id {
            return Err(OpenDirectRoomError::WithOneself);
        }
        if !peer.is_of_account() {
            return Err(OpenDirectRoomError::UnknownPeer);
        }
        let opened = self
            .rooms
            .open_direct(&NewRoom {
                id: RoomId(self.ids.next()),
                name: direct_room_name(caller.user_id, peer),
                description: RoomDescription::default(),
                is_group: false,
                visibility: Visibility::Private,
                guests: false,
                created_by: caller.user_id,
                created_at: self.clock.now(),
                members: vec![(peer, Role::Member)],
            })
            .await
            .map_err(|error| match error {
                StoreError::NotFound => OpenDirectRoomError::UnknownPeer,
                other => OpenDirectRoomError::Store(other),
            })?;
        announce(&*self.bus, &opened).await;
        Ok((opened.room, !opened.events.is_empty()))
    }
}

#[cfg(test)]
mod tests;
