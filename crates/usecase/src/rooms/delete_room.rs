use std::sync::Arc;

use domain::{
    BusEvent, RemovalReason, RoomId, StoreError, TRACED,
    ports::{Clock, EventBus, LiveStreams, RoomStore, UserStore},
};
use tracing::instrument;

use crate::{Caller, access, streams::end_streams_of_room};

/// Deletes a room for everybody.
pub struct DeleteRoom {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the room is still there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeleteRoomError {
    /// No such room, for the caller.
    #[error("no such room")]
    NotFound,
    /// Somebody else made it.
    #[error(
        "only its creator can delete a room, and an admin of the server where guests may come in"
    )]
    NotCreator,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for DeleteRoomError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Denied => Self::NotCreator,
            other => Self::Store(other),
        }
    }
}

impl DeleteRoom {
    /// Deletes it and tells its members; what is being written in it ends. Its maker may, and where guests may
    /// come in an admin of the server.
    ///
    /// # Errors
    /// [`DeleteRoomError`].
    #[instrument(target = TRACED, name = "DeleteRoom", skip_all)]
    pub async fn execute(&self, caller: Caller, id: RoomId) -> Result<(), DeleteRoomError> {
        let (room, _) = access::as_visitor(&*self.rooms, id, caller.user_id)
            .await?
            .ok_or(DeleteRoomError::NotFound)?;
        if room.created_by != caller.user_id
            && !access::moderates(&*self.users, &room, caller.user_id).await?
        {
            return Err(DeleteRoomError::NotCreator);
        }
        let (event, members) = self
            .rooms
            .delete(id, caller.user_id, self.clock.now())
            .await?;
        let seq = event.seq;
        self.bus.publish(BusEvent::Room(event)).await;
        for member in members {
            self.bus
                .publish(BusEvent::RoomRemoved {
                    user_id: member.user_id,
                    room_id: id,
                    seq,
                    reason: RemovalReason::RoomDeleted,
                })
                .await;
        }
        end_streams_of_room(&*self.streams, &*self.bus, id).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
