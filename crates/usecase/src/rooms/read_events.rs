use std::sync::Arc;

use domain::{
    RoomEvent, RoomId, Seq, StoreError, TRACED,
    ports::{RoomLog, RoomStore},
    values::PageSize,
};
use tracing::instrument;

use super::weight::weight;
use crate::Caller;

/// Reads a room's log.
pub struct ReadEvents {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) max_bytes: u64,
}

/// A part of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct EventList {
    /// The events, oldest first, none left out in between.
    pub events: Vec<RoomEvent>,
    /// True when more lie after these.
    pub has_more: bool,
    /// The number of the room's latest event at the moment at which the caller was seen to be a member: none of these is
    /// a later one.
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
    /// The events after `after`, for members: at most `limit` of them, and about `max_bytes`, but at least one if there is
    /// any.
    ///
    /// # Errors
    /// [`ReadEventsError`].
    #[instrument(target = TRACED, name = "ReadEvents", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room_id: RoomId,
        after: Seq,
        limit: PageSize<200>,
    ) -> Result<EventList, ReadEventsError> {
        // One statement, past the cache: nothing up to this number came after the end of a membership.
        let of_room = Some(vec![room_id]);
        let snapshots = self.rooms.snapshots(caller.user_id, of_room).await?;
        let snapshot = snapshots.first().ok_or(ReadEventsError::RoomNotFound)?;
        let last_seq = snapshot.last_seq;
        let most = u32::try_from(last_seq.0.saturating_sub(after.0));
        let most = most.map_or(limit.get(), |left| left.min(limit.get()));
        let mut events = Vec::new();
        if most > 0 {
            events = self.log.read(room_id, after, most).await?;
        }
        events.truncate(self.borne(&events));
        let end = events.last().map_or(after, |last| last.seq);
        Ok(EventList {
            has_more: !events.is_empty() && end < last_seq,
            events,
            last_seq,
        })
    }

    /// How many of these one answer bears.
    fn borne(&self, events: &[RoomEvent]) -> usize {
        let mut spent: u64 = 0;
        let fits = |event: &&RoomEvent| {
            spent = spent.saturating_add(weight(event));
            spent <= self.max_bytes
        };
        let fitting = events.iter().take_while(fits).count();
        fitting.max(1).min(events.len())
    }
}

#[cfg(test)]
mod tests;
