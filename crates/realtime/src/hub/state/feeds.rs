use std::sync::Arc;

use domain::{ConnectionId, RemovalReason, RoomEvent, RoomEventKind, RoomId};

use super::State;
use crate::{
    Delivered, FrameClass, ReadRequest,
    hub::log_reads::{Done, Outcome},
    wire,
};

/// How the events of the rooms come in, from the bus and from the log, and go out to the sockets.
impl State {
    /// A durable event was heard.
    pub(in crate::hub) fn heard(&mut self, event: RoomEvent) {
        let room_id = event.room_id;
        let Some(slot) = self.feeds.get_mut(&room_id) else {
            return;
        };
        let delivered = slot.feed.heard(Arc::new(event));
        self.deliver(room_id, delivered);
        self.pursue(room_id);
    }

    pub(super) fn done(&mut self, done: Done) {
        let room_id = done.room_id;
        let Some(slot) = self.feeds.get_mut(&room_id) else {
            return;
        };
        if slot.epoch != done.epoch {
            return;
        }
        match done.what {
            Outcome::GapDue => {
                slot.waiting = false;
                slot.feed.gap_due();
            }
            Outcome::RetryDue => slot.reading = false,
            Outcome::Read(Ok((events, is_all))) => {
                let delivered = slot.feed.read(events, is_all);
                let phantoms = slot.feed.take_phantoms();
                if phantoms > 0 {
                    tracing::error!(%room_id, phantoms, "the bus told of events that the log does not hold");
                }
                let (asked, known) = (slot.asked_after, slot.known_to);
                let wants_the_same = slot.feed.wants() == Some(ReadRequest::Now(asked));
                // What was heard since the read began need not be in its answer.
                if wants_the_same && (!is_all || known > asked) {
                    tracing::error!(%room_id, after = %asked, "the log has a hole; trying again");
                    self.retry_later(room_id);
                } else {
                    slot.reading = false;
                }
                self.deliver(room_id, delivered);
            }
            Outcome::Read(Err(error)) => {
                tracing::warn!(%room_id, %error, "the log could not be read; trying again");
                slot.feed.read_failed();
                self.retry_later(room_id);
            }
        }
        self.pursue(room_id);
    }

    /// The feed counts as reading until the wait is over, so that nothing else makes it read before.
    fn retry_later(&mut self, room_id: RoomId) {
        if let Some(slot) = self.feeds.get(&room_id) {
            let (epoch, retry) = (slot.epoch, self.shared.settings.retry);
            self.reads.wait(room_id, epoch, retry, Outcome::RetryDue);
        }
    }

    /// Encodes each event once and gives the bytes to everybody who gets it.
    fn deliver(&mut self, room_id: RoomId, delivered: Vec<Delivered>) {
        for Delivered { event, to, dropped } in delivered {
            let frame = wire::room_event(&event);
            for id in to {
                if let Some(socket) = self.sockets.get(&id) {
                    socket.outbox.push(FrameClass::Durable, frame.clone());
                }
            }
            for id in dropped {
                self.tell_removed(id, &event);
                self.unfollow(id, room_id);
            }
        }
    }

    /// The log took the socket's user out of the room. The signal that says the same may be late, or lost.
    fn tell_removed(&mut self, id: ConnectionId, event: &RoomEvent) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let reason = match &event.kind {
            RoomEventKind::RoomDeleted => RemovalReason::RoomDeleted,
            _ if event.actor_id == socket.user_id => RemovalReason::Left,
            _ => RemovalReason::Removed,
        };
        let frame = wire::room_removed(event.room_id, reason);
        socket.outbox.push(FrameClass::Durable, frame);
        socket.note_removal(event.room_id, event.seq);
        if socket.follows_all() {
            // They may have been let in again since, by a signal that found them still in the room, or by none.
            self.surveys.memberships_are_due([socket.user_id]);
        }
    }

    /// Gets the feed what it wants from the log. One read at a time for each feed.
    pub(super) fn pursue(&mut self, room_id: RoomId) {
        let Some(slot) = self.feeds.get_mut(&room_id) else {
            return;
        };
        if slot.reading {
            return;
        }
        let settings = &self.shared.settings;
        match slot.feed.wants() {
            Some(ReadRequest::Now(after)) => {
                slot.reading = true;
                slot.asked_after = after;
                slot.known_to = slot.feed.position();
                slot.feed.read_starts();
                self.reads.read(room_id, slot.epoch, after, settings.page);
            }
            Some(ReadRequest::Soon) if !slot.waiting => {
                slot.waiting = true;
                let (epoch, wait) = (slot.epoch, settings.gap_wait);
                self.reads.wait(room_id, epoch, wait, Outcome::GapDue);
            }
            Some(ReadRequest::Soon) | None => {}
        }
    }
}
