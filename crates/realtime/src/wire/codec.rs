use std::{cell::RefCell, rc::Rc, sync::Arc};

use bytestring::ByteString;
use domain::{BusEvent, LiveStream, Message, RoomEvent, RoomId, StreamEnd, StreamId, Timestamp};

use super::{flat, native, stream};

/// The protocol that a socket speaks. All of them tell the same events, in the same order; what a protocol has no word for,
/// it leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codec {
    /// That of the product.
    Native,
    /// The dialect "flat"; the one room of the socket goes by this name there.
    Flat(Arc<str>),
    /// The dialect "stream".
    Stream,
}

/// What one event is to a socket: any number of frames, which go out in this order.
pub type Frames = Vec<ByteString>;

impl Codec {
    /// True when the client keeps the numbers of the log, answers and streams apart, and is told of them.
    pub(crate) fn is_native(&self) -> bool {
        matches!(self, Self::Native)
    }

    /// True when the author of a stream is shown it too.
    pub(crate) fn shows_authors_their_own(&self) -> bool {
        matches!(self, Self::Stream)
    }

    /// A durable event of a room.
    #[must_use]
    pub fn room_event(&self, event: &RoomEvent) -> Frames {
        match self {
            Self::Native => vec![native::room_event(event)],
            Self::Flat(room) => Vec::from_iter(flat::room_event(room, event)),
            Self::Stream => stream::room_event(event),
        }
    }

    /// A passing event of a room.
    #[must_use]
    pub fn passing(&self, event: &BusEvent) -> Frames {
        match self {
            Self::Native => Vec::from_iter(native::bus_frame(event)),
            Self::Flat(_) | Self::Stream => Vec::new(),
        }
    }

    /// A stream with its text so far, as it is at `now`.
    #[must_use]
    pub fn stream_shown(&self, shown: &LiveStream, now: Timestamp) -> Frames {
        match self {
            Self::Native => vec![native::stream_started(shown)],
            // To have begun to write is nothing to see.
            Self::Stream if shown.revision > 0 => vec![stream::chunk(shown, now)],
            Self::Flat(_) | Self::Stream => Vec::new(),
        }
    }

    /// The first `index` characters of the stream's text stay, and others follow them now.
    #[must_use]
    pub fn stream_changed(&self, changed: &LiveStream, index: usize, now: Timestamp) -> Frames {
        match self {
            Self::Native => {
                let rest: String = changed.text.as_str().chars().skip(index).collect();
                let (room_id, id) = (changed.room_id, changed.id);
                vec![native::stream_delta(room_id, id, index, &rest)]
            }
            Self::Flat(_) | Self::Stream => self.stream_shown(changed, now),
        }
    }

    /// The stream has become this message, which is told as an event of its own.
    #[must_use]
    pub fn stream_finished(&self, message: &Message) -> Frames {
        match self {
            Self::Native => vec![native::stream_finished(message)],
            Self::Flat(_) | Self::Stream => Vec::new(),
        }
    }

    /// The stream has ended without a message. What is known of it may be that alone.
    #[must_use]
    pub fn stream_aborted(&self, ended: &EndedStream<'_>) -> Frames {
        match self {
            Self::Native => vec![native::stream_aborted(ended.room_id, ended.id, ended.why)],
            Self::Flat(_) => Vec::new(),
            Self::Stream => {
                let author = ended.stream.map(|it| &it.username);
                Vec::from_iter(author.map(|author| stream::cleared(author, ended.at)))
            }
        }
    }
}

/// The end of a stream that has not become a message.
#[derive(Debug, Clone, Copy)]
pub struct EndedStream<'a> {
    /// Where.
    pub room_id: RoomId,
    /// Which.
    pub id: StreamId,
    /// Why.
    pub why: StreamEnd,
    /// As it was last, where it was known.
    pub stream: Option<&'a LiveStream>,
    /// When it was heard of.
    pub at: Timestamp,
}

/// One event in every protocol that somebody speaks: encoded when the first socket of a protocol is told, and shared by all
/// of that protocol; those of "flat" that have another name for the room are of another.
pub(crate) struct PerCodec<F> {
    encode: F,
    // A handful: the protocols that are spoken in one room.
    frames: RefCell<Vec<(Codec, Rc<[ByteString]>)>>,
}

impl<F: Fn(&Codec) -> Frames> PerCodec<F> {
    pub fn new(encode: F) -> Self {
        Self {
            encode,
            frames: RefCell::default(),
        }
    }

    /// The frames for a socket of this protocol.
    pub fn get(&self, codec: &Codec) -> Rc<[ByteString]> {
        let mut frames = self.frames.borrow_mut();
        if let Some((_, known)) = frames.iter().find(|(known, _)| known == codec) {
            return known.clone();
        }
        let new: Rc<[ByteString]> = (self.encode)(codec).into();
        frames.push((codec.clone(), new.clone()));
        new
    }
}

#[cfg(test)]
mod tests;
