use bytestring::ByteString;
use domain::{
    ConnectionId, IdMap, Missed, RemovalReason, Resumption, RoomId, RoomSnapshot, Seq, SessionId,
};

use super::State;
use crate::{Join, hub::handle::FollowError, wire};

/// How clients come back into rooms, and choose others.
impl State {
    /// Lets a socket follow these rooms: from where its client stands, or from where the snapshot was taken.
    pub(super) fn enter(
        &mut self,
        id: ConnectionId,
        rooms: &[RoomSnapshot],
        resumptions: &[Resumption],
    ) {
        let mut others: IdMap<_, _> = rooms.iter().map(|it| (it.room_id, it.last_seq)).collect();
        for resumption in resumptions {
            match *resumption {
                Resumption::Stays(missed) => {
                    others.remove(&missed.room_id);
                    self.come_back(id, missed);
                }
                Resumption::Ended(missed) => self.hear_the_end(id, missed),
                Resumption::Gone(room_id) => {
                    // Unless they have come in since: that they are out again would be told by the log.
                    let slot = self.feeds.get(&room_id);
                    if !slot.is_some_and(|slot| slot.feed.is_member(id)) {
                        self.tell_gone(id, room_id);
                    }
                }
            }
        }
        for (room_id, last_seq) in others {
            self.follow(id, room_id, last_seq);
        }
    }

    fn come_back(&mut self, id: ConnectionId, missed: Missed) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let live = Join {
            anew: true,
            ..Join::live(socket.user_id, missed.to)
        };
        let join = if missed.recovered {
            Join {
                after: missed.from,
                resumes_to: Some(missed.to),
                ..live
            }
        } else {
            self.tell_not_resumed(id, missed);
            live
        };
        self.follow_from(id, missed.room_id, join);
    }

    /// Tells the rest of a room whose membership has ended: its last event takes the socket out.
    fn hear_the_end(&mut self, id: ConnectionId, missed: Missed) {
        if !missed.recovered {
            self.tell_not_resumed(id, missed);
            return self.tell_ended(id, missed.room_id, missed.to);
        }
        let slot = self.feeds.get(&missed.room_id);
        let is_back = slot.is_some_and(|slot| slot.feed.is_member_since(id, missed.to));
        if !is_back {
            self.is_ending(id, missed.room_id, missed.to);
        }
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let join = Join {
            user_id: socket.user_id,
            after: missed.from,
            member_as_of: missed.to,
            anew: true,
            resumes_to: Some(missed.to),
            ends_at: Some(missed.to),
        };
        self.follow_from(id, missed.room_id, join);
    }

    fn tell_not_resumed(&self, id: ConnectionId, missed: Missed) {
        self.tell_native(id, || {
            wire::not_resumed(missed.room_id, missed.from, missed.to)
        });
    }

    /// Tells that the membership ended with this event, unless the user is known to have come in again since.
    fn tell_ended(&mut self, id: ConnectionId, room_id: RoomId, end: Seq) {
        let slot = self.feeds.get(&room_id);
        if slot.is_some_and(|slot| slot.feed.is_member_since(id, end)) {
            return;
        }
        self.tell_gone(id, room_id);
        if let Some(socket) = self.sockets.get_mut(&id) {
            // The signal that says the same tells nothing more.
            socket.note_removal(room_id, end);
        }
        self.expel(id, room_id);
    }

    fn tell_gone(&self, id: ConnectionId, room_id: RoomId) {
        self.tell_native(id, || wire::room_removed(room_id, RemovalReason::Removed));
    }

    fn tell_native(&self, id: ConnectionId, frame: impl FnOnce() -> ByteString) {
        if let Some(socket) = self.sockets.get(&id) {
            socket.outbox.push_native(frame);
        }
    }

    /// Lets an open socket follow more rooms, or come back into some. The answer goes out first.
    pub(in crate::hub) fn subscribe(
        &mut self,
        id: ConnectionId,
        rooms: &[RoomSnapshot],
        resumptions: &[Resumption],
        answer: Option<ByteString>,
    ) -> Result<(), FollowError> {
        let Some(socket) = self.sockets.get(&id) else {
            return Ok(());
        };
        let is_new = |room: &&RoomSnapshot| !socket.rooms.contains(&room.room_id);
        let more = rooms.iter().filter(is_new).count();
        let most = self.shared.settings.rooms_per_socket;
        if !socket.follows_all() && socket.rooms.len() + more > most {
            return Err(FollowError::TooManyRooms);
        }
        socket.outbox.answer_behind_all(answer);
        self.enter(id, rooms, resumptions);
        // Looked up now: what the feeds had heard already may have taken the user out again.
        let Some(socket) = self.sockets.get(&id) else {
            return Ok(());
        };
        let is_there =
            |room: &RoomId| socket.rooms.contains(room) && !socket.ending.contains_key(room);
        for room in rooms.iter().map(|it| it.room_id).filter(is_there) {
            self.wish(id, room, true);
        }
        Ok(())
    }

    /// The socket follows the room no longer, and no survey makes it. The answer goes out last.
    pub(in crate::hub) fn unsubscribe(
        &mut self,
        id: ConnectionId,
        room_id: RoomId,
        answer: Option<ByteString>,
    ) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.follows_all() && socket.rooms.contains(&room_id) {
            let slot = self.feeds.get(&room_id);
            let member_as_of = slot.and_then(|slot| slot.feed.member_as_of(id));
            socket
                .muted
                .insert(room_id, member_as_of.unwrap_or_default());
        }
        let outbox = socket.outbox.clone();
        self.unfollow(id, room_id);
        outbox.answer_behind_all(answer);
    }

    /// The socket ends with this log-in from now on.
    pub(in crate::hub) fn renew(&mut self, id: ConnectionId, session_id: SessionId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.session_id = session_id;
        }
    }

    /// The rooms of a socket that are held back take their turns, one after another. To be called whenever the one whose
    /// turn it is may need it no longer: it was told something, was left, or starts anew.
    pub(super) fn next_turn(&mut self, id: ConnectionId) {
        if let Some(socket) = self.sockets.get(&id)
            && !socket.held.is_empty()
            && !socket.outbox.ask_relief()
        {
            self.relieved(id);
        }
    }

    /// There is room in the socket's queue again: the feed that has waited longest goes on.
    pub(in crate::hub) fn relieved(&mut self, id: ConnectionId) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        while let Some(room_id) = socket.held.pop_front() {
            if let Some(slot) = self.feeds.get_mut(&room_id)
                && slot.feed.release(id)
            {
                return self.pursue(room_id);
            }
        }
    }
}
