use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use domain::{
    Missed, RemovalReason, Resumption, Room, RoomEvent, RoomEventKind, RoomId, RoomSnapshot, Seq,
    StoreError, StoreResult, TRACED, UserId,
    ports::{RoomLog, RoomStore},
};
use tracing::instrument;

use crate::{Caller, sockets::Standing};

mod portion;
mod telling;

use portion::portion;
use telling::{Telling, Told};

/// Tells a client that was away what has changed in all of its rooms.
pub struct SyncRooms {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) log: Arc<dyn RoomLog>,
    pub(crate) standing: Standing,
    pub(crate) max_events: u64,
    pub(crate) max_bytes: u64,
    pub(crate) max_rooms: usize,
}

/// Up to which event a client knows each of its rooms.
pub type Positions = BTreeMap<RoomId, Seq>;

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The rooms of the caller that have changed, or that the client did not know of; the latest joined first.
    pub rooms: Vec<ChangedRoom>,
    /// The rooms that the client knew, and that are the caller's no longer; the oldest first.
    pub removed: Vec<RemovedRoom>,
    /// Where the client stands once it has applied all this.
    pub next: Positions,
    /// True when there was more to tell than one answer bears: `next` asks for the rest.
    pub has_more: bool,
}

/// A room that is not as the client knows it.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangedRoom {
    /// The room.
    pub room: Room,
    /// Where the caller stands in it.
    pub snapshot: RoomSnapshot,
    /// All that the client missed, up to the snapshot. None when that is more than is told, or not known from where on:
    /// then the client reads the room anew.
    pub events: Option<Vec<RoomEvent>>,
}

/// A room that the caller is in no longer, or never was.
#[derive(Debug, PartialEq, Eq)]
pub struct RemovedRoom {
    /// Which.
    pub room_id: RoomId,
    /// Why.
    pub reason: RemovalReason,
    /// How the membership ended. None when there is nothing to tell: the client knows, or the caller never was in the
    /// room.
    pub end: Option<End>,
}

/// How a membership ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// The event that ended it.
    pub last_seq: Seq,
    /// All that the client missed, up to that event. None when that is more than is told.
    pub events: Option<Vec<RoomEvent>>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncRoomsError {
    /// More rooms than a client may name at once.
    #[error("more rooms than one call may name")]
    TooManyRooms,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncRooms {
    /// What has changed for a client that knows its rooms up to `known`. A position gives no right: the membership does.
    /// The answer has at most `max_events` events, or those of one room that has more by itself; and at most `max_bytes`
    /// of them, by estimate. Of a room that has more bytes by itself nothing is told.
    ///
    /// # Errors
    /// [`SyncRoomsError`].
    #[instrument(target = TRACED, name = "SyncRooms", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        known: Positions,
    ) -> Result<Changes, SyncRoomsError> {
        if known.len() > self.max_rooms {
            return Err(SyncRoomsError::TooManyRooms);
        }
        let user = caller.user_id;
        let mut mine = self.rooms.snapshots(user, None).await?;
        let since = known.iter().map(|(room, seq)| (*room, *seq)).collect();
        let mut resumptions = self.standing.resume(user, since, &mut mine).await?;
        // In the order in which they go into the answer; and the same question has the same answer.
        resumptions.sort_unstable_by_key(|it| (Reverse(cost(it)), room_of(it)));
        let costs: Vec<u64> = resumptions.iter().map(cost).collect();
        let borne = portion(&costs, self.max_events);

        let is_as_known =
            |snapshot: &RoomSnapshot| known.get(&snapshot.room_id) == Some(&snapshot.last_seq);
        let mut entities = HashMap::new();
        if !mine.iter().all(is_as_known) {
            // After the snapshots: what has changed in between is told twice, never not at all.
            let rooms = self.rooms.of_user(user, None, u32::MAX).await?;
            entities.extend(rooms.into_iter().map(|room| (room.id, room)));
        }
        let mut changes = Changes::default();
        let mut telling = Telling::new(&*self.log, self.max_bytes);
        let mut told_of_mine = HashMap::new();
        for (resumption, borne) in resumptions.into_iter().zip(borne) {
            match resumption {
                Resumption::Stays(missed) => {
                    let told = match borne && entities.contains_key(&missed.room_id) {
                        true => telling.tell(missed, None).await?,
                        false => Told::Later,
                    };
                    told_of_mine.insert(missed.room_id, (missed.from, told));
                }
                Resumption::Ended(missed) => {
                    let told = match borne {
                        true => telling.tell(missed, Some(missed.to)).await?,
                        false => Told::Later,
                    };
                    match self.ended(user, missed, told).await? {
                        Some(removed) => changes.removed.push(removed),
                        None => changes.keep(missed.room_id, Some(missed.from)),
                    }
                }
                Resumption::Gone(room_id) => changes.removed.push(RemovedRoom {
                    room_id,
                    reason: RemovalReason::Removed,
                    end: None,
                }),
            }
        }
        changes.removed.sort_unstable_by_key(|it| it.room_id);
        for snapshot in mine {
            let (room_id, last_seq) = (snapshot.room_id, snapshot.last_seq);
            if !is_as_known(&snapshot) {
                let (from, told) = match told_of_mine.remove(&room_id) {
                    Some((from, told)) => (Some(from), told),
                    // New to the client.
                    None => (None, Told::TooMuch),
                };
                let events = match told {
                    Told::All(events) => Some(Some(events)),
                    Told::TooMuch => Some(None),
                    Told::Later => None,
                };
                let (Some(room), Some(events)) = (entities.remove(&room_id), events) else {
                    // Its turn has not come; or the caller has just gone out of it, which the next answer tells.
                    changes.keep(room_id, from);
                    continue;
                };
                changes.rooms.push(ChangedRoom {
                    room: Room { last_seq, ..room },
                    snapshot,
                    events,
                });
            }
            changes.next.insert(room_id, last_seq);
        }
        changes.shorten_next(&known, self.max_rooms);
        Ok(changes)
    }

    /// How the membership ended, unless that is told later.
    async fn ended(
        &self,
        user: UserId,
        missed: Missed,
        told: Told,
    ) -> StoreResult<Option<RemovedRoom>> {
        let Missed { room_id, to, .. } = missed;
        let (last, events) = match told {
            Told::All(events) => (events.last().cloned(), Some(events)),
            Told::TooMuch => {
                let before = Seq(to.0.saturating_sub(1));
                (self.log.read(room_id, before, 1).await?.pop(), None)
            }
            Told::Later => return Ok(None),
        };
        let reason = match last {
            Some(event) if event.kind == RoomEventKind::RoomDeleted => RemovalReason::RoomDeleted,
            Some(event) if event.actor_id == user => RemovalReason::Left,
            _ => RemovalReason::Removed,
        };
        let last_seq = to;
        Ok(Some(RemovedRoom {
            room_id,
            reason,
            end: Some(End { last_seq, events }),
        }))
    }
}

fn room_of(resumption: &Resumption) -> RoomId {
    match resumption {
        Resumption::Stays(missed) | Resumption::Ended(missed) => missed.room_id,
        Resumption::Gone(room_id) => *room_id,
    }
}

/// How many events are read to tell it.
fn cost(resumption: &Resumption) -> u64 {
    match resumption {
        Resumption::Stays(missed) => told(missed),
        // After too much the end alone is read, for its reason.
        Resumption::Ended(missed) => told(missed).max(1),
        Resumption::Gone(_) => 0,
    }
}

/// How many events are told.
fn told(missed: &Missed) -> u64 {
    if missed.recovered {
        missed.to.0.saturating_sub(missed.from.0)
    } else {
        0
    }
}

impl Changes {
    /// Leaves a room for the next answer.
    fn keep(&mut self, room: RoomId, known: Option<Seq>) {
        self.has_more = true;
        self.next.extend(known.map(|known| (room, known)));
    }

    /// Keeps to the number of rooms that a client may name. What it named stays; other rooms that find no place are new
    /// to it the next time as well.
    fn shorten_next(&mut self, known: &Positions, most: usize) {
        let is_named = |room: &RoomId| known.contains_key(room);
        let taken = self.next.keys().filter(|room| is_named(room)).count();
        let mut places = most.saturating_sub(taken);
        self.next.retain(|room, _| {
            let stays = is_named(room) || places > 0;
            if !is_named(room) {
                places = places.saturating_sub(1);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests;
