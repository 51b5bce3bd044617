use std::{collections::hash_map::Entry, sync::atomic::Ordering};

use domain::{ConnectionId, RoomId, Seq, ports::Present};

use super::{Stage, State};
use crate::RoomFeed;

/// A feed, and what it waits for.
pub(super) struct Slot {
    pub feed: RoomFeed,
    pub epoch: u64,
    /// A read is under way, or the wait after one that failed.
    pub reading: bool,
    /// What the latest read was asked for.
    pub asked_after: Seq,
    /// Where the feed stood when the read began: the log holds all up to there.
    pub known_to: Seq,
    /// The wait for a missing number is under way.
    pub waiting: bool,
}

impl Slot {
    fn new(from: Seq, epoch: u64) -> Self {
        Self {
            feed: RoomFeed::new(from),
            epoch,
            reading: false,
            asked_after: from,
            known_to: from,
            waiting: false,
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
    /// Lets a socket follow a room. One that does already stays where it is, but its user is known to be a member.
    pub(super) fn follow(&mut self, id: ConnectionId, room_id: RoomId, from: Seq) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        socket.rooms.insert(room_id);
        socket.removed.remove(&room_id);
        let user_id = socket.user_id;
        let slot = match self.feeds.entry(room_id) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(vacant) => {
                self.next_epoch += 1;
                self.follows.push(FollowChange::Begin(room_id));
                // Asked once the bus has been told: what was committed before is seen by the one or by the other.
                self.surveys.head_is_due(room_id);
                vacant.insert(Slot::new(from, self.next_epoch))
            }
        };
        slot.feed.join(id, user_id, from, from);
        self.count_feeds();
        self.pursue(room_id);
    }

    pub(super) fn unfollow(&mut self, id: ConnectionId, room_id: RoomId) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if !socket.rooms.remove(&room_id) {
            return;
        }
        self.wish(id, room_id, false);
        if let Entry::Occupied(mut slot) = self.feeds.entry(room_id)
            && slot.get_mut().feed.leave(id)
        {
            slot.remove();
            self.follows.push(FollowChange::End(room_id));
            self.count_feeds();
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
