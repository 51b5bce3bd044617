use std::{collections::HashMap, sync::Arc};

use domain::{ConnectionId, IdMap, RemovalReason, RoomEvent, RoomEventKind, RoomId, Seq, UserId};

use super::State;
use crate::{
    FeedOutput, Outbox, ReadRequest,
    hub::log_reads::{Done, Outcome},
    latency::{Timing, Timings},
    wire::{self, Codec, Frames, PerCodec},
};

/// How the events of the rooms come in, from the bus and from the log, and go out to the sockets.
impl State {
    /// A durable event was heard.
    pub(in crate::hub) fn heard(&mut self, event: RoomEvent) {
        let room_id = event.room_id;
        let Some(slot) = self.feeds.get_mut(&room_id) else {
            return;
        };
        let stood = slot.feed.position();
        let said = slot.feed.heard(Arc::new(event));
        self.deliver(room_id, stood, said, Codec::room_event);
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
                slot.waiting = None;
                slot.feed.gap_due();
                if slot.feed.misses_some() {
                    slot.gap.suspect();
                }
            }
            Outcome::RetryDue => slot.reading = None,
            Outcome::Read(Ok((events, is_all))) => self.read(room_id, events, is_all),
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
        if let Some(slot) = self.feeds.get_mut(&room_id) {
            let (epoch, retry) = (slot.epoch, self.shared.settings.retry);
            let waiting = self.reads.wait(room_id, epoch, retry, Outcome::RetryDue);
            slot.reading = Some(waiting);
        }
    }

    /// The log answered.
    fn read(&mut self, room_id: RoomId, events: Vec<RoomEvent>, is_all: bool) {
        let Some(slot) = self.feeds.get_mut(&room_id) else {
            return;
        };
        let mut late = Latecomers::default();
        let stood = slot.feed.position();
        let said = slot
            .feed
            .read(events, is_all, |id, event| match self.sockets.get(&id) {
                Some(socket) => late.takes(id, &socket.outbox, event),
                None => true,
            });
        if slot.gap.was_read(slot.feed.position() > stood, is_all) {
            self.shared.stats.gaps_healed.count();
        }
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
            slot.reading = None;
        }
        self.deliver(room_id, stood, said, |codec, event| {
            late.frames(codec, event)
        });
        for id in late.held {
            self.hold(id, room_id);
        }
        for id in late.given.into_keys() {
            self.next_turn(id);
        }
    }

    /// The feed tells the socket nothing more of what it missed, until there is room in its queue.
    fn hold(&mut self, id: ConnectionId, room_id: RoomId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.hold(room_id);
            self.next_turn(id);
        }
    }

    /// Tells what a feed said that `stood` there before. Each event is encoded once in each protocol, for all who get it.
    pub(super) fn deliver(
        &mut self,
        room_id: RoomId,
        stood: Seq,
        said: impl IntoIterator<Item = FeedOutput>,
        encode: impl Fn(&Codec, &RoomEvent) -> Frames,
    ) {
        let said: Vec<_> = said.into_iter().collect();
        // Whom an event takes out does not see what came to a message after it, though a late read of the log shows it.
        let mut ends = IdMap::default();
        for output in &said {
            if let FeedOutput::Dropped { id, event } = output {
                ends.insert(*id, event.seq);
            }
        }
        for output in said {
            match output {
                FeedOutput::Event { event, to } => {
                    if let RoomEventKind::MessageSent(message) = &event.kind {
                        self.stream_sent(message);
                    }
                    let frames = PerCodec::new(|codec| encode(codec, &event));
                    // What the feed had passed before is told to those who missed it: that it is late says nothing of this
                    // node.
                    let is_timed = self.shared.settings.times_deliveries && event.seq > stood;
                    let mut timings = match is_timed {
                        true => Timings::of(event.at, event.seq, to.len()),
                        false => Timings::none(),
                    };
                    let sockets = to.iter().filter_map(|id| Some((id, self.sockets.get(id)?)));
                    for (id, socket) in sockets {
                        let end = socket.ending.get(&room_id).or(ends.get(id));
                        let shown = end.and_then(|end| event.as_of(*end));
                        let codec = socket.outbox.codec();
                        let frames = match shown {
                            Some(shown) => codec.room_event(&shown).into(),
                            None => frames.get(codec),
                        };
                        let is_own = is_sent_by(&event, socket.user_id);
                        let mut is_first = false;
                        // One delivery, however many frames it is; and none, where the dialect has no frame for it.
                        for (place, frame) in frames.iter().enumerate() {
                            let timing = match place {
                                0 => timings.next(),
                                _ => None,
                            };
                            let timing = timing.unwrap_or(Timing::NEVER);
                            is_first |= socket.outbox.push_event(frame.clone(), is_own, timing);
                        }
                        if is_first {
                            self.touched.note(*id, &socket.outbox);
                        }
                    }
                }
                FeedOutput::Resumed { id, from, to } => {
                    self.shared.stats.resumes.count();
                    if let Some(socket) = self.sockets.get(&id) {
                        let told = || wire::resumed(room_id, from, to);
                        socket.outbox.push_native(told);
                    }
                }
                FeedOutput::Ends { id, event } => self.is_ending(id, room_id, event.seq),
                FeedOutput::Dropped { id, event } => {
                    self.tell_removed(id, &event);
                    self.expel(id, room_id);
                }
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
        let told = || wire::room_removed(event.room_id, reason);
        socket.outbox.push_native(told);
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
        let settings = &self.shared.settings;
        // Beside a read too, which may be for others.
        if slot.feed.misses_some() && slot.waiting.is_none() {
            let (epoch, wait) = (slot.epoch, settings.gap_wait);
            let waiting = self.reads.wait(room_id, epoch, wait, Outcome::GapDue);
            slot.waiting = Some(waiting);
        }
        if slot.reading.is_some() {
            return;
        }
        match slot.feed.wants() {
            Some(ReadRequest::Now(after)) => {
                slot.asked_after = after;
                slot.known_to = slot.feed.position();
                slot.feed.read_starts();
                let reading = self.reads.read(room_id, slot.epoch, after, settings.page);
                slot.reading = Some(reading);
            }
            Some(ReadRequest::Soon) | None => {}
        }
    }
}

/// Those who are told what they missed by one answer of the log: as much as their queues take.
#[derive(Default)]
struct Latecomers {
    frames: HashMap<Seq, Vec<(Codec, Frames)>>,
    /// How many bytes each is about to get, in how many frames.
    given: IdMap<ConnectionId, (usize, usize)>,
    held: Vec<ConnectionId>,
}

impl Latecomers {
    fn takes(&mut self, id: ConnectionId, outbox: &Outbox, event: &RoomEvent) -> bool {
        let codec = outbox.codec();
        let of_event = self.frames.entry(event.seq).or_default();
        if !of_event.iter().any(|(known, _)| known == codec) {
            of_event.push((codec.clone(), codec.room_event(event)));
        }
        let told = of_event.iter().find(|(known, _)| known == codec);
        let told = told
            .map(|(_, frames)| frames.as_slice())
            .unwrap_or_default();
        let length: usize = told.iter().map(|frame| frame.len()).sum();
        let (bytes, frames) = self.given.get(&id).copied().unwrap_or_default();
        let (bytes, frames) = (bytes + length, frames + told.len());
        // One that is closing takes anything, for nothing.
        let takes = outbox.is_closing() || outbox.has_room_for(bytes, frames);
        if takes {
            self.given.insert(id, (bytes, frames));
        } else {
            self.held.push(id);
        }
        takes
    }

    fn frames(&self, codec: &Codec, event: &RoomEvent) -> Frames {
        let mut encoded = self.frames.get(&event.seq).into_iter().flatten();
        let known = encoded.find(|(known, _)| known == codec);
        known.map_or_else(|| codec.room_event(event), |(_, frames)| frames.clone())
    }
}

/// The sender's own sockets get a message as an event too, behind the answer to the command that sent it.
fn is_sent_by(event: &RoomEvent, user_id: UserId) -> bool {
    matches!(&event.kind, RoomEventKind::MessageSent(message) if message.sender_id == user_id)
}
