use std::{collections::BTreeMap, time::Duration};

use domain::{
    ConnectionId, IdMap, IdSet, LiveStream, Splice, StreamId, StreamState, Timestamp, UserId,
    common_start,
};
use tokio::time::Instant;

use crate::{FrameClass, Outbox, wire::PerCodec};

/// The messages that are being written in one room, as this node knows them.
///
/// It is told what the bus says, which may lose, repeat and reorder, and what the store holds, and says when the store is to
/// be asked. Its promise: once the store was asked after the last change, each text is that of the store; and a socket that
/// takes what it is [told](Self::tell) has that text.
#[derive(Debug, Default)]
pub(crate) struct RoomStreams {
    // In the order in which they were begun, so that they are told in it.
    streams: BTreeMap<StreamId, Told>,
}

/// A stream, and what was told of it.
#[derive(Debug)]
struct Told {
    stream: LiveStream,
    /// The first character that was not told; none when all were.
    from: Option<usize>,
    /// No change is told before.
    next: Instant,
    /// The sockets that were told of it, and how many frames each of them had lost before that.
    sockets: IdMap<ConnectionId, u64>,
    /// The store was asked, and did not hold it. The second time it is gone: it may have been begun after the first
    /// question.
    is_missing: bool,
}

/// What a change asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing: it is known.
    Known,
    /// That the stream is [told](RoomStreams::tell) at this moment, or at once when that is over.
    Due(Instant),
    /// That the store is asked: something before it was missed.
    Missed,
}

/// What the store's answer asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Streams to be told, and when.
    pub due: Vec<(StreamId, Instant)>,
    /// Streams that have ended.
    pub gone: Vec<StreamId>,
    /// The store is to be asked again.
    pub is_unsure: bool,
}

impl RoomStreams {
    /// Nothing is being written.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// One was begun, or is known to be as it is here.
    pub fn started(&mut self, stream: LiveStream, now: Instant) -> Heard {
        let Some(told) = self.streams.get_mut(&stream.id) else {
            let id = stream.id;
            let told = Told {
                stream,
                from: None,
                next: now,
                sockets: IdMap::default(),
                is_missing: false,
            };
            self.streams.insert(id, told);
            return Heard::Due(now);
        };
        if stream.revision <= told.stream.revision {
            return Heard::Known;
        }
        let (index, _) = common_start(told.stream.text.as_str(), stream.text.as_str());
        told.stream = stream;
        told.changed_from(index)
    }

    /// One was written to.
    pub fn written(&mut self, id: StreamId, splice: &Splice) -> Heard {
        let Some(told) = self.streams.get_mut(&id) else {
            return Heard::Missed;
        };
        let stream = &mut told.stream;
        if splice.revision <= stream.revision {
            return Heard::Known;
        }
        let is_next = splice.revision == stream.revision + 1;
        let Some(text) = stream.spliced(splice).ok().filter(|_| is_next) else {
            return Heard::Missed;
        };
        stream.text = text;
        stream.revision = splice.revision;
        told.changed_from(splice.index)
    }

    /// The store was asked what it holds of the room. Of those that `ended` since the question was asked its answer may be
    /// too old.
    pub fn listed(
        &mut self,
        list: Vec<LiveStream>,
        ended: &IdSet<StreamId>,
        now: Instant,
    ) -> Listed {
        let mut listed = Listed::default();
        let list = list.into_iter().filter(|it| !ended.contains(&it.id));
        let (hidden, shown): (Vec<_>, Vec<_>) = list.partition(|it| it.is_hidden);
        let held: IdSet<_> = shown.iter().map(|stream| stream.id).collect();
        for (id, told) in &mut self.streams {
            if held.contains(id) {
                told.is_missing = false;
            } else if told.is_missing || hidden.iter().any(|stream| stream.id == *id) {
                listed.gone.push(*id);
            } else {
                told.is_missing = true;
                listed.is_unsure = true;
            }
        }
        for stream in shown {
            let id = stream.id;
            // One that takes no more writes is told by its message, which may have come already.
            if stream.state != StreamState::Open && !self.streams.contains_key(&id) {
                continue;
            }
            if let Heard::Due(at) = self.started(stream, now) {
                listed.due.push((id, at));
            }
        }
        listed
    }

    /// Tells a stream to these sockets: what has changed, to those who have the rest; all of it, to those who do not.
    /// Its next change is told after `pause` at the earliest. `clock` is the time of day.
    pub fn tell<'a>(
        &mut self,
        id: StreamId,
        to: impl Iterator<Item = (ConnectionId, UserId, &'a Outbox)>,
        now: Instant,
        pause: Duration,
        clock: Timestamp,
    ) {
        let Some(told) = self.streams.get_mut(&id) else {
            return;
        };
        let from = told.from.take();
        if from.is_some() {
            told.next = now + pause;
        }
        let stream = &told.stream;
        let whole = PerCodec::new(|codec| codec.stream_shown(stream, clock));
        let change = from
            .map(|index| PerCodec::new(move |codec| codec.stream_changed(stream, index, clock)));
        for (socket, user_id, outbox) in to {
            let codec = outbox.codec();
            if user_id == stream.user_id && !codec.shows_authors_their_own() {
                continue;
            }
            // Asked before, so that a frame which is dropped now is noticed the next time.
            let dropped = outbox.dropped();
            let is_level = told.sockets.insert(socket, dropped) == Some(dropped);
            let frames = match (&change, is_level) {
                (_, false) => whole.get(codec),
                (Some(change), true) => change.get(codec),
                (None, true) => continue,
            };
            for frame in &*frames {
                outbox.push(FrameClass::Ephemeral, frame.clone());
            }
        }
    }

    /// Tells all streams to a socket that has come into the room.
    pub fn tell_all(
        &mut self,
        socket: ConnectionId,
        user_id: UserId,
        outbox: &Outbox,
        clock: Timestamp,
    ) {
        let codec = outbox.codec();
        for told in self.streams.values_mut() {
            let is_shown = user_id != told.stream.user_id || codec.shows_authors_their_own();
            if is_shown && !told.sockets.contains_key(&socket) {
                told.sockets.insert(socket, outbox.dropped());
                // What is told of it later, and stands here already, changes nothing.
                for frame in codec.stream_shown(&told.stream, clock) {
                    outbox.push(FrameClass::Ephemeral, frame);
                }
            }
        }
    }

    /// A socket has left the room.
    pub fn forget(&mut self, socket: ConnectionId) {
        for told in self.streams.values_mut() {
            told.sockets.remove(&socket);
        }
    }

    /// One has ended. Answers it, as it was last, and who was told of it.
    pub fn ended(&mut self, id: StreamId) -> Option<(LiveStream, Vec<ConnectionId>)> {
        let told = self.streams.remove(&id)?;
        Some((told.stream, told.sockets.into_keys().collect()))
    }

    /// Those of this author.
    pub fn of_author(&self, author: UserId) -> Vec<StreamId> {
        let streams = self.streams.iter();
        streams
            .filter(|(_, told)| told.stream.user_id == author)
            .map(|(id, _)| *id)
            .collect()
    }
}

impl Told {
    fn changed_from(&mut self, index: usize) -> Heard {
        self.from = Some(self.from.map_or(index, |from| from.min(index)));
        Heard::Due(self.next)
    }
}

#[cfg(test)]
mod tests;
