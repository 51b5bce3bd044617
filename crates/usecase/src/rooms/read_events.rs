use std::sync::Arc;

use domain::{
    RoomEvent, RoomId, Seq, StoreError,
    ports::{RoomLog, RoomStore},
    values::PageSize,
};

use crate::{Caller, access};

/// Reads a room's log.
pub struct ReadEvents {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
}

/// A part of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct EventList {
    /// The events, oldest first, none left out in between.
    pub events: Vec<RoomEvent>,
    /// True when more lie after these.
    pub has_more: bool,
    /// The number of the room's latest event just before these were read: the last of them may be a later one.
    pub last_seq: Seq,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadEventsError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReadEvents {
    /// The events after `after`, for members.
    ///
    /// # Errors
    /// [`ReadEventsError`].
    pub async fn execute(
        &self,
        caller: Caller,
        room_id: RoomId,
        after: Seq,
        limit: PageSize<200>,
    ) -> Result<EventList, ReadEventsError> {
        access::as_member(&*self.rooms, room_id, caller.user_id)
            .await?
            .ok_or(ReadEventsError::RoomNotFound)?;
        // Read anew, because what the right was judged by may be a few seconds old.
        let room = self.rooms.by_id(room_id).await?;
        let room = room.ok_or(ReadEventsError::RoomNotFound)?;
        let limit = limit.get();
        // One more than was asked for tells whether there are more.
        let mut events = self.log.read(room_id, after, limit + 1).await?;
        let has_more = events.len() > limit as usize;
        events.truncate(limit as usize);
        Ok(EventList {
            events,
            has_more,
            last_seq: room.last_seq,
        })
    }
}

#[cfg(test)]
mod tests;
