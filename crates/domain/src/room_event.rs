use serde::{Deserialize, Serialize};

use crate::{Member, Message, MessageId, RoomId, Seq, Timestamp, UserId, values::MessageContent};

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

impl RoomEvent {
    /// The event for one who was taken out of the room at `end`, where that differs: without the text that was given to
    /// a message afterwards.
    #[must_use]
    pub fn without_later_text(&self, end: Timestamp) -> Option<Self> {
        let (RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message)) =
            &self.kind
        else {
            return None;
        };
        if message.edited_at <= Some(end) {
            return None;
        }
        let mut without = self.clone();
        if let RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) =
            &mut without.kind
        {
            message.content = MessageContent::empty();
        }
        Some(without)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MessageStatus, values::Username};
    use uuid::Uuid;

    fn event(edited_at: Option<i64>) -> RoomEvent {
        let at = |second| Timestamp::from_second(second).unwrap();
        let user_id = UserId(Uuid::from_u128(1));
        let message = Message {
            id: MessageId(Uuid::from_u128(2)),
            room_id: RoomId(Uuid::from_u128(3)),
            seq: Seq(4),
            sender_id: user_id,
            username: Username::parse("ann").unwrap(),
            content: MessageContent::parse("text").unwrap(),
            attachments: vec![],
            client_msg_id: None,
            status: MessageStatus::Sent,
            created_at: at(1),
            updated_at: at(1),
            edited_at: edited_at.map(at),
            deleted_at: None,
        };
        RoomEvent {
            room_id: message.room_id,
            seq: Seq(4),
            actor_id: user_id,
            at: at(1),
            kind: RoomEventKind::MessageSent(message),
        }
    }

    #[test]
    fn who_was_taken_out_does_not_see_what_was_written_afterwards() {
        let end = Timestamp::from_second(5).unwrap();
        for unchanged in [None, Some(4), Some(5)] {
            assert_eq!(event(unchanged).without_later_text(end), None);
        }
        let without = event(Some(6)).without_later_text(end).unwrap();
        let RoomEventKind::MessageSent(message) = without.kind else {
            panic!("another event");
        };
        assert_eq!(message.content, MessageContent::empty());
    }
}
