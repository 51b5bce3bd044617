use serde::{Deserialize, Serialize};

use crate::{Member, Message, MessageId, RoomId, Seq, Timestamp, UserId};

/// One row of a room's log: a durable change, with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEvent {
    /// Whose log.
    pub room_id: RoomId,
    /// Its number there; commit order is number order, without gaps.
    pub seq: Seq,
    /// Who made the change.
    pub actor_id: UserId,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub kind: RoomEventKind,
}

/// What a [`RoomEvent`] says. Entities are shown as they are when the event is *read*: a replay tells the present
/// text of an edited message, and never the content of one that was deleted since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RoomEventKind {
    /// The room was made; always number 1.
    RoomCreated,
    /// The room is gone; nothing follows.
    RoomDeleted,
    /// Somebody was added, or joined.
    MemberJoined(Member),
    /// Somebody left, or was removed.
    MemberLeft {
        /// Who is no longer in the room.
        user_id: UserId,
    },
    /// A message was sent.
    MessageSent(Message),
    /// A message has another text.
    MessageEdited(Message),
    /// A message is gone.
    MessageDeleted {
        /// Which one.
        message_id: MessageId,
    },
}
