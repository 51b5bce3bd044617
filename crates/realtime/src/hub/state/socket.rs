use std::{collections::VecDeque, sync::Arc};

use domain::{BusEvent, IdMap, IdSet, RoomId, Seq, SessionId, UserId, values::Username};

use crate::Outbox;

/// One open socket, as the hub knows it.
pub(super) struct Socket {
    pub(super) user_id: UserId,
    pub(super) session_id: SessionId,
    pub(super) outbox: Arc<Outbox>,
    pub(super) rooms: IdSet<RoomId>,
    /// Rooms whose last events it is being told, up to the end of the membership, and which event that is.
    pub(super) ending: IdMap<RoomId, Seq>,
    /// Rooms that it asked not to hear of, though it follows every room of its user, and the latest event at which the
    /// user was known to be a member then: a membership that began later is another one.
    pub(super) muted: IdMap<RoomId, Seq>,
    /// Rooms whose feeds hold back what it missed until there is room in its queue.
    pub(super) held: VecDeque<RoomId>,
    /// It was taken out of a room that it followed, and follows no new one since.
    pub(super) is_expelled: bool,
    /// Rooms that it was told to have been removed from, by their log or by a signal, and up to where: what is older,
    /// and comes late, is known to be over.
    pub(super) removed: IdMap<RoomId, Seq>,
    pub(super) stage: Stage,
}

/// How many removals a socket remembers; those of long ago are no longer on their way.
const REMOVALS: usize = 1_024;

impl Socket {
    /// It has started, and follows every room of its user.
    pub(super) fn follows_all(&self) -> bool {
        matches!(self.stage, Stage::Started { follows_all, .. } if follows_all)
    }

    /// It should follow this room of its user, and does not.
    pub(super) fn misses(&self, room_id: RoomId) -> bool {
        self.follows_all() && !self.rooms.contains(&room_id) && !self.muted.contains_key(&room_id)
    }

    /// The room takes its turn when there is room in the queue.
    pub(super) fn hold(&mut self, room_id: RoomId) {
        if !self.held.contains(&room_id) {
            self.held.push_back(room_id);
        }
    }

    pub(super) fn note_removal(&mut self, room_id: RoomId, seq: Seq) {
        if self.removed.len() >= REMOVALS {
            self.removed.clear();
        }
        self.removed.insert(room_id, seq);
    }
}

/// How far a socket has come.
pub(super) enum Stage {
    /// Registered; what concerns its user meanwhile waits here, and that something of it may have been lost.
    Starting {
        waiting: Vec<Arc<BusEvent>>,
        lost: bool,
    },
    Started {
        username: Username,
        follows_all: bool,
    },
}
