use std::collections::BTreeSet;

use domain::{
    ConnectionId, IdMap, IdSet, LiveStream, Message, RoomId, Splice, StreamEnd, StreamId, UserId,
};
use tokio::time::Instant;

use super::{State, following::Slot};
use crate::{
    FrameClass,
    streams::{Heard, RoomStreams},
    wire::{Codec, EndedStream, Frames, PerCodec},
};

/// The messages that are being written in the rooms that are followed here, and the sockets that write any.
pub(super) struct Streams {
    /// Of rooms with at least one.
    rooms: IdMap<RoomId, RoomStreams>,
    /// Changes that are told together with those that come meanwhile, by when.
    due: BTreeSet<(Instant, RoomId, StreamId)>,
    /// Which socket writes which stream: while it is open, its author is heard of.
    writers: IdMap<StreamId, Writer>,
    /// Those that ended while a question is under way what the store holds, whose answer may still hold them.
    ended: IdSet<StreamId>,
    /// When the writers are next said to be there, and the store is asked what it holds.
    next_look: Option<Instant>,
}

/// A socket that writes a stream, and in which room, which it need not follow.
struct Writer {
    socket: ConnectionId,
    room_id: RoomId,
}

impl Streams {
    pub fn new() -> Self {
        Self {
            rooms: IdMap::default(),
            due: BTreeSet::new(),
            writers: IdMap::default(),
            ended: IdSet::default(),
            next_look: None,
        }
    }

    /// What a room's streams hear; one that has none left is forgotten.
    fn hear<T>(&mut self, room_id: RoomId, hear: impl FnOnce(&mut RoomStreams) -> T) -> T {
        let room = self.rooms.entry(room_id).or_default();
        let heard = hear(room);
        if room.is_empty() {
            self.rooms.remove(&room_id);
        }
        heard
    }
}

impl State {
    /// A stream was begun.
    pub(in crate::hub) fn stream_started(&mut self, stream: &LiveStream) {
        let (room_id, id) = (stream.room_id, stream.id);
        if self.feeds.contains_key(&room_id) {
            let (stream, now) = (stream.clone(), Instant::now());
            let heard = self.streams.hear(room_id, |room| room.started(stream, now));
            self.stream_heard(room_id, id, &heard);
        }
    }

    /// A stream was written to.
    pub(in crate::hub) fn stream_written(
        &mut self,
        room_id: RoomId,
        id: StreamId,
        splice: &Splice,
    ) {
        if self.feeds.contains_key(&room_id) {
            let heard = self.streams.hear(room_id, |room| room.written(id, splice));
            self.stream_heard(room_id, id, &heard);
        }
    }

    fn stream_heard(&mut self, room_id: RoomId, id: StreamId, heard: &Heard) {
        match heard {
            Heard::Known => {}
            Heard::Due(at) => self.stream_is_due(room_id, id, *at),
            Heard::Missed => self.surveys.streams_are_due([room_id]),
        }
        self.plan_look();
    }

    fn stream_is_due(&mut self, room_id: RoomId, id: StreamId, at: Instant) {
        if at <= Instant::now() {
            self.tell_stream(room_id, id);
        } else {
            self.streams.due.insert((at, room_id, id));
        }
    }

    /// The store answered what these rooms hold.
    pub(super) fn streams_listed(&mut self, asked: &[RoomId], list: Vec<LiveStream>) {
        let ended = std::mem::take(&mut self.streams.ended);
        let mut of_rooms: IdMap<RoomId, Vec<LiveStream>> = IdMap::default();
        for stream in list {
            of_rooms.entry(stream.room_id).or_default().push(stream);
        }
        for room_id in asked.iter().copied() {
            if !self.feeds.contains_key(&room_id) {
                continue;
            }
            let list = of_rooms.remove(&room_id).unwrap_or_default();
            let now = Instant::now();
            let listed = self
                .streams
                .hear(room_id, |room| room.listed(list, &ended, now));
            for (id, at) in listed.due {
                self.stream_is_due(room_id, id, at);
            }
            for id in listed.gone {
                self.stream_ended(room_id, id, StreamEnd::Lost);
            }
            if listed.is_unsure {
                self.surveys.streams_are_due([room_id]);
            }
        }
        self.plan_look();
    }

    fn tell_stream(&mut self, room_id: RoomId, id: StreamId) {
        let Some(slot) = self.feeds.get(&room_id) else {
            return;
        };
        let sockets = &self.sockets;
        let to = slot.feed.listeners().filter_map(|(id, user_id)| {
            let socket = sockets.get(&id)?;
            Some((id, user_id, &*socket.outbox))
        });
        let pause = self.shared.settings.stream_pause;
        let clock = &*self.shared.clock;
        self.streams.hear(room_id, |room| {
            room.tell(id, to, Instant::now(), pause, clock.now())
        });
    }

    /// A stream ended without a message.
    pub(in crate::hub) fn stream_ended(&mut self, room_id: RoomId, id: StreamId, why: StreamEnd) {
        let told = self.forget_stream(room_id, id);
        // Nothing else tells of this end.
        let class = FrameClass::Durable;
        let (stream, told) = told.unzip();
        let ended = EndedStream {
            room_id,
            id,
            why,
            stream: stream.as_ref(),
            at: self.shared.clock.now(),
        };
        self.tell_end(room_id, told, class, |codec| codec.stream_aborted(&ended));
    }

    /// A message was sent, perhaps one that was told while it was written.
    pub(super) fn stream_sent(&mut self, message: &Message) {
        let told = self.forget_stream(message.room_id, StreamId(message.id.0));
        // The message itself says so too.
        let class = FrameClass::Ephemeral;
        let told = told.map(|(_, told)| told);
        self.tell_end(message.room_id, told, class, |codec| {
            codec.stream_finished(message)
        });
    }

    /// One has ended. Answers it, as it was last, and who was told of it, unless it was not known.
    fn forget_stream(
        &mut self,
        room_id: RoomId,
        id: StreamId,
    ) -> Option<(LiveStream, Vec<ConnectionId>)> {
        self.streams.writers.remove(&id);
        if self.surveys.asks_for_streams() {
            self.streams.ended.insert(id);
        }
        self.streams.hear(room_id, |room| room.ended(id))
    }

    fn tell_end(
        &self,
        room_id: RoomId,
        told: Option<Vec<ConnectionId>>,
        class: FrameClass,
        encode: impl Fn(&Codec) -> Frames,
    ) {
        let (Some(told), Some(slot)) = (told, self.feeds.get(&room_id)) else {
            return;
        };
        let frames = PerCodec::new(encode);
        for socket in told {
            // Who has been taken out is told nothing that came afterwards.
            if slot.feed.is_member(socket)
                && let Some(socket) = self.sockets.get(&socket)
            {
                for frame in &*frames.get(socket.outbox.codec()) {
                    socket.outbox.push(class, frame.clone());
                }
            }
        }
    }

    /// A user has left a room, and writes nothing there any more.
    pub(in crate::hub) fn streams_end_of(&mut self, room_id: RoomId, author: UserId) {
        self.keep_none_of(room_id, Some(author));
        let ids = self.streams.hear(room_id, |room| room.of_author(author));
        for id in ids {
            self.stream_ended(room_id, id, StreamEnd::Removed);
        }
    }

    /// What is written in a room by this user, or by anybody, is not kept from now on, also where nobody follows the room:
    /// whoever ended it may have found the store away.
    pub(in crate::hub) fn keep_none_of(&mut self, room_id: RoomId, author: Option<UserId>) {
        let sockets = &self.sockets;
        self.streams.writers.retain(|_, writer| {
            let of = sockets.get(&writer.socket).map(|socket| socket.user_id);
            writer.room_id != room_id || (author.is_some() && of != author)
        });
    }

    /// Tells a socket that has come into a room what is being written there.
    pub(super) fn show_streams(&mut self, id: ConnectionId, room_id: RoomId) {
        // Not who is told how a membership ended, nor who was taken out by what the feed told just now.
        let is_member = |slot: &Slot| slot.feed.is_member(id);
        if self.feeds.get(&room_id).is_some_and(is_member)
            && let Some(room) = self.streams.rooms.get_mut(&room_id)
            && let Some(socket) = self.sockets.get(&id)
        {
            let now = self.shared.clock.now();
            room.tell_all(id, socket.user_id, &socket.outbox, now);
        }
    }

    /// A socket has left a room.
    pub(super) fn forget_streams(&mut self, id: ConnectionId, room_id: RoomId) {
        if !self.feeds.contains_key(&room_id) {
            self.streams.rooms.remove(&room_id);
        } else if let Some(room) = self.streams.rooms.get_mut(&room_id) {
            room.forget(id);
        }
    }

    /// A socket writes a stream.
    pub(in crate::hub) fn writes_stream(
        &mut self,
        socket: ConnectionId,
        room_id: RoomId,
        id: StreamId,
    ) {
        if self.sockets.contains_key(&socket) {
            let writer = Writer { socket, room_id };
            self.streams.writers.insert(id, writer);
            self.plan_look();
        }
    }

    /// A socket is gone. What it wrote is kept for one lease more, for its author to come back to.
    pub(super) fn writes_nothing(&mut self, id: ConnectionId) {
        let of_socket = self
            .streams
            .writers
            .extract_if(|_, writer| writer.socket == id);
        let left: Vec<_> = of_socket.map(|(stream, _)| stream).collect();
        self.surveys.renewals_are_due(left);
    }

    /// The store renewed these; the others that it was asked about are there no longer.
    pub(super) fn streams_renewed(&mut self, asked: &[StreamId], renewed: &[StreamId]) {
        let renewed: IdSet<_> = renewed.iter().collect();
        for id in asked.iter().filter(|id| !renewed.contains(id)) {
            self.streams.writers.remove(id);
        }
    }

    fn plan_look(&mut self) {
        let streams = &mut self.streams;
        if streams.writers.is_empty() && streams.rooms.is_empty() {
            streams.next_look = None;
        } else {
            let interval = self.shared.settings.stream_look;
            streams
                .next_look
                .get_or_insert_with(|| Instant::now() + interval);
        }
    }

    /// The bus lost something: of the rooms where something is being written, the store is asked. Elsewhere it is asked at
    /// the next change.
    pub(super) fn streams_may_differ(&mut self) {
        let rooms: Vec<_> = self.streams.rooms.keys().copied().collect();
        self.surveys.streams_are_due(rooms);
    }

    /// When [`tend_streams`](Self::tend_streams) is to be called next.
    pub(in crate::hub) fn streams_due(&self) -> Option<Instant> {
        let told = self.streams.due.first().map(|(at, ..)| *at);
        told.into_iter().chain(self.streams.next_look).min()
    }

    /// Tells the changes that are due. Now and then says which authors are there, and asks the store what it holds of the
    /// rooms where something is being written: what the bus may have lost.
    pub(in crate::hub) fn tend_streams(&mut self) {
        let now = Instant::now();
        while let Some((at, room_id, id)) = self.streams.due.first().copied() {
            if at > now {
                break;
            }
            self.streams.due.pop_first();
            self.tell_stream(room_id, id);
        }
        if self.streams.next_look.is_some_and(|look| look <= now) {
            self.streams.next_look = None;
            let writers: Vec<_> = self.streams.writers.keys().copied().collect();
            self.surveys.renewals_are_due(writers);
            self.streams_may_differ();
            self.plan_look();
        }
    }
}
