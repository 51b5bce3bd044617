use std::{collections::hash_map::Entry, sync::atomic::Ordering};

use domain::{ConnectionId, RoomId, Seq, ports::Present};

use super::{Stage, State};
use crate::{CloseReason, Join, RoomFeed, hub::log_reads::Wanted, wire::Codec};

/// A feed, and what it waits for.
pub(super) struct Slot {
    pub feed: RoomFeed,
    pub epoch: u64,
    /// A read is under way, or the wait after one that failed.
    pub reading: Option<Wanted>,
    /// What the latest read was asked for.
    pub asked_after: Seq,
    /// Where the feed stood when the read began: the log holds all up to there.
    pub known_to: Seq,
    /// The wait for a missing number is under way.
    pub waiting: Option<Wanted>,
    /// What is known of what the bus did not tell.
    pub gap: Gap,
}

/// What the bus did not tell of a room. That a socket comes with a newer snapshot is no gap: its hint is on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing, as far as is known.
    #[default]
    None,
    /// A number was jumped over, or the log reaches further than was told.
    Suspected,
    /// The log has told some of it, and is not read to its end yet.
    Healing,
}

impl Gap {
    pub fn suspect(&mut self) {
        if *self == Self::None {
            *self = Self::Suspected;
        }
    }

    /// The log was read, perhaps to its end, and has brought the feed on, or not. True when this has healed a gap: once,
    /// however many pages it took.
    pub fn was_read(&mut self, has_advanced: bool, is_all: bool) -> bool {
        if *self == Self::Suspected && has_advanced {
            *self = Self::Healing;
        }
        is_all && std::mem::take(self) == Self::Healing
    }
}

impl Slot {
    fn new(from: Seq, epoch: u64) -> Self {
        Self {
            feed: RoomFeed::new(from),
            epoch,
            reading: None,
            asked_after: from,
            known_to: from,
            waiting: None,
            gap: Gap::None,
        }
    }
}

/// The hub has begun to listen to a room, or has ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::hub) enum FollowChange {
    Begin(RoomId),
    End(RoomId),
}

/// Which sockets follow which rooms.
impl State {
    /// Lets a socket follow a room from a snapshot on. One that does already stays where it is, but its user is known to
    /// be a member.
    pub(super) fn follow(&mut self, id: ConnectionId, room_id: RoomId, from: Seq) {
        if let Some(socket) = self.sockets.get(&id) {
            let join = Join::live(socket.user_id, from);
            self.follow_from(id, room_id, join);
        }
    }

    pub(super) fn follow_from(&mut self, id: ConnectionId, room_id: RoomId, join: Join) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if join.ends_at.is_none() {
            socket.muted.remove(&room_id);
            socket.removed.remove(&room_id);
            socket.rooms.insert(room_id);
            socket.is_expelled = false;
        }
        let slot = match self.feeds.entry(room_id) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(vacant) => {
                self.next_epoch += 1;
                self.follows.push(FollowChange::Begin(room_id));
                // Asked once the bus has been told: what was committed before is seen by the one or by the other.
                self.surveys.head_is_due(room_id);
                self.surveys.streams_are_due([room_id]);
                // Where the log is known to reach: who has less of it catches up, at its own pace.
                let known = join.member_as_of.max(join.after);
                vacant.insert(Slot::new(known, self.next_epoch))
            }
        };
        let stood = slot.feed.position();
        let said = slot.feed.join(id, join);
        if slot.feed.is_member(id) {
            // Not while the feed knows of an end that the snapshot does not: it crossed the removal.
            socket.ending.remove(&room_id);
        }
        // A socket that takes nothing for now, or whose rooms wait for their turns, would make the log be read for nothing.
        let waits_its_turn = !socket.held.is_empty() || !socket.outbox.has_room_for(0, 1);
        if waits_its_turn && slot.feed.hold(id) {
            socket.hold(room_id);
        }
        self.deliver(room_id, stood, said, Codec::room_event);
        self.count_feeds();
        self.pursue(room_id);
        self.show_streams(id, room_id);
        self.next_turn(id);
    }

    pub(super) fn unfollow(&mut self, id: ConnectionId, room_id: RoomId) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let was_ending = socket.ending.remove(&room_id).is_some();
        if socket.rooms.remove(&room_id) {
            self.wish(id, room_id, false);
        } else if !was_ending {
            return;
        }
        if let Entry::Occupied(mut slot) = self.feeds.entry(room_id)
            && slot.get_mut().feed.leave(id)
        {
            slot.remove();
            self.follows.push(FollowChange::End(room_id));
            self.count_feeds();
        }
        self.forget_streams(id, room_id);
        self.next_turn(id);
    }

    /// The membership has ended, by that event, and the log will take the socket out once it has told the rest. From now on
    /// the user is not there, types no more, and is shown nothing that came later.
    pub(super) fn is_ending(&mut self, id: ConnectionId, room_id: RoomId, end: Seq) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.ending.insert(room_id, end);
            if socket.rooms.contains(&room_id) {
                self.wish(id, room_id, false);
            }
        }
    }

    /// The socket's user is no longer in the room. One that named its rooms, and has lost the last of them, is closed.
    pub(super) fn expel(&mut self, id: ConnectionId, room_id: RoomId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.is_expelled |= socket.rooms.contains(&room_id);
            socket.muted.remove(&room_id);
        }
        self.unfollow(id, room_id);
        if let Some(socket) = self.sockets.get(&id)
            && socket.is_expelled
            && !socket.follows_all()
            && socket.rooms.is_empty()
            && socket.ending.is_empty()
        {
            socket.outbox.close(CloseReason::Removed);
        }
    }

    fn count_feeds(&self) {
        let followed = &self.shared.followed;
        followed.store(self.feeds.len(), Ordering::Relaxed);
    }

    pub(super) fn wish(&self, id: ConnectionId, room_id: RoomId, present: bool) {
        if let Some(socket) = self.sockets.get(&id)
            && let Stage::Started { username, .. } = &socket.stage
        {
            let user = Present {
                user_id: socket.user_id,
                username: username.clone(),
            };
            self.shared.presence.wish(id, &user, &[room_id], present);
        }
    }
}
