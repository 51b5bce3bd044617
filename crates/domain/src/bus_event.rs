use serde::{Deserialize, Serialize};

use crate::{
    LiveStream, MessageId, Room, RoomEvent, RoomId, Seq, SessionId, Splice, StreamEnd, StreamId,
    UserId, values::Username,
};

/// What nodes tell each other. A hint: what must last is in the database before it is published here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "the largest one is the common one: a box would cost each message an allocation"
)]
pub enum BusEvent {
    /// A durable event was committed.
    Room(RoomEvent),
    /// Somebody started or stopped typing.
    Typing {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// Their name.
        username: Username,
        /// Started, or stopped.
        active: bool,
    },
    /// Somebody's first socket came to a room, or their last one left it.
    Presence {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// Their name.
        username: Username,
        /// Came, or left.
        online: bool,
    },
    /// A member's delivered or read mark moved forward.
    Receipt {
        /// Where.
        room_id: RoomId,
        /// Whose mark.
        user_id: UserId,
        /// Which message the mark reached.
        message_id: MessageId,
        /// Its number.
        seq: Seq,
        /// Which mark.
        kind: ReceiptKind,
    },
    /// A stream that others may see was begun.
    StreamStarted(LiveStream),
    /// A stream's text has changed.
    StreamWritten {
        /// Where.
        room_id: RoomId,
        /// Which stream.
        id: StreamId,
        /// How.
        splice: Splice,
    },
    /// A stream ended without a message. One that was sent is told by its message.
    StreamEnded {
        /// Where.
        room_id: RoomId,
        /// Which stream.
        id: StreamId,
        /// Why.
        why: StreamEnd,
    },
    /// A reader asks the author of a stream to stop: for the author's sockets.
    StreamStop {
        /// Whose stream.
        author_id: UserId,
        /// Where.
        room_id: RoomId,
        /// Which stream.
        id: StreamId,
        /// Who asks.
        user_id: UserId,
    },
    /// A user is now a member of a room: for the user's sockets.
    RoomAdded {
        /// Who.
        user_id: UserId,
        /// The room; its `last_seq` is the event that added the user, or one shortly after it.
        room: Room,
    },
    /// A user is no longer a member of a room: for the user's sockets.
    RoomRemoved {
        /// Who.
        user_id: UserId,
        /// Which room.
        room_id: RoomId,
        /// The event that took them out. Signals may cross: one older than a membership says nothing about it.
        seq: Seq,
        /// Why.
        reason: RemovalReason,
    },
    /// What an account says about itself has changed.
    UserChanged {
        /// Who.
        user_id: UserId,
    },
    /// A log-in was ended: its sockets close.
    SessionRevoked {
        /// Whose.
        user_id: UserId,
        /// Which.
        session_id: SessionId,
    },
}

impl BusEvent {
    /// The room whose listeners it is for; none for what concerns a user or the node.
    #[must_use]
    pub fn heard_in(&self) -> Option<RoomId> {
        match self {
            Self::Room(event) => Some(event.room_id),
            Self::StreamStarted(stream) => Some(stream.room_id),
            Self::Typing { room_id, .. }
            | Self::Presence { room_id, .. }
            | Self::Receipt { room_id, .. }
            | Self::StreamWritten { room_id, .. }
            | Self::StreamEnded { room_id, .. } => Some(*room_id),
            Self::StreamStop { .. }
            | Self::RoomAdded { .. }
            | Self::RoomRemoved { .. }
            | Self::UserChanged { .. }
            | Self::SessionRevoked { .. } => None,
        }
    }
}

/// Which mark of a member moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReceiptKind {
    /// The client has it.
    Delivered,
    /// The person has read it.
    Read,
}

/// Why a user is no longer in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// They left.
    Left,
    /// Somebody removed them.
    Removed,
    /// The room was deleted.
    RoomDeleted,
}
