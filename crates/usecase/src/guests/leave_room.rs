use std::sync::Arc;

use domain::{
    RemovalReason, RoomId, StoreError, StoreResult, TRACED, UserId,
    ports::{Clock, EventBus, LiveStreams, MemberStore, Presence},
};
use tracing::instrument;

use crate::members::tell_left;

/// Takes a guest out of a room once their last socket is gone. Nobody asks for it.
#[derive(Clone)]
pub struct LeaveRoom {
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) presence: Arc<dyn Presence>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl LeaveRoom {
    async fn is_there(&self, room: RoomId, guest: UserId) -> StoreResult<bool> {
        let there = self.presence.online_everywhere(room).await?;
        Ok(there.contains(&guest))
    }

    /// Takes the guest out, ends what they were writing there, and tells the room, unless they are there again, on whatever
    /// node. One who comes back in the moment in between is taken out all the same: their socket is closed, and its client
    /// comes again.
    ///
    /// # Errors
    /// The guest may still be in the room then; [`SweepRooms`](super::SweepRooms) finds them.
    #[instrument(target = TRACED, name = "LeaveRoom", skip_all)]
    pub async fn execute(&self, room: RoomId, guest: UserId) -> StoreResult<()> {
        if !guest.is_guest() || self.is_there(room, guest).await? {
            return Ok(());
        }
        let left = self.members.remove(room, guest, guest, self.clock.now());
        match left.await {
            Ok(event) => {
                let (bus, streams) = (&*self.bus, &*self.streams);
                tell_left(bus, streams, event, guest, RemovalReason::Left).await;
                Ok(())
            }
            // Another node was faster, or the room is gone.
            Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
