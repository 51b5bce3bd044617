use serde::{Deserialize, Serialize};

use crate::{
    Member, Message, MessageId, ReactionChange, ReactionCount, RoomId, Seq, Timestamp, UserId,
    values::{GuestId, MessageContent, Username},
};

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
    /// How many members the room has since; told by what happens to a member, unless a version before guests wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<u64>,
    /// What changed.
    pub kind: RoomEventKind,
}

impl RoomEvent {
    /// The event for one who was taken out of the room by the event `end`, where that differs: without the text and the
    /// reactions that were given to a message afterwards.
    #[must_use]
    pub fn as_of(&self, end: Seq) -> Option<Self> {
        let (RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message)) =
            &self.kind
        else {
            return None;
        };
        let has_later_text = message.edited_seq > Some(end);
        let is_later = |reactions: &ReactionCount| reactions.last_seq > end;
        if !has_later_text && !message.reactions.iter().any(is_later) {
            return None;
        }
        let mut shown = self.clone();
        if let RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) =
            &mut shown.kind
        {
            if has_later_text {
                message.content = MessageContent::empty();
            }
            message.reactions.retain(|it| !is_later(it));
        }
        Some(shown)
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
        /// Their name; a node of a version before guests does not tell it.
        #[serde(default)]
        username: Option<Username>,
        /// What a guest is known by; none for an account.
        #[serde(default)]
        guest_id: Option<GuestId>,
    },
    /// A guest goes by another name.
    MemberRenamed {
        /// Who.
        user_id: UserId,
        /// Their name from now on.
        username: Username,
        /// What they are known by.
        guest_id: Option<GuestId>,
    },
    /// A message was sent.
    MessageSent(Message),
    /// A message has another text.
    MessageEdited(Message),
    /// A member reacted to a message.
    ReactionAdded(ReactionChange),
    /// A member took a reaction back.
    ReactionRemoved(ReactionChange),
    /// A message is gone, with the reactions to it.
    MessageDeleted {
        /// Which one.
        message_id: MessageId,
    },
    /// Something that this version does not know: a newer node wrote it, while nodes are replaced one by one. It has its
    /// place in the order, and no more is said of it.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        MessageStatus,
        values::{Emoji, Username},
    };
    use uuid::Uuid;

    fn event(edited_seq: Option<u64>, reactions: Vec<ReactionCount>) -> RoomEvent {
        let at = Timestamp::from_second(1).unwrap();
        let user_id = UserId(Uuid::from_u128(1));
        let message = Message {
            id: MessageId(Uuid::from_u128(2)),
            room_id: RoomId(Uuid::from_u128(3)),
            seq: Seq(4),
            sender_id: user_id,
            username: Username::parse("ann").unwrap(),
            guest_id: None,
            content: MessageContent::parse("text").unwrap(),
            attachments: vec![],
            client_msg_id: None,
            interrupted: false,
            status: MessageStatus::Sent,
            created_at: at,
            updated_at: at,
            edited_at: edited_seq.map(|_| at),
            edited_seq: edited_seq.map(Seq),
            deleted_at: None,
            reactions,
        };
        RoomEvent {
            room_id: message.room_id,
            seq: Seq(4),
            actor_id: user_id,
            at,
            members: None,
            kind: RoomEventKind::MessageSent(message),
        }
    }

    fn reactions(last_seq: u64) -> ReactionCount {
        ReactionCount {
            emoji: Emoji::parse("+1").unwrap(),
            count: 1,
            user_ids: vec![UserId(Uuid::from_u128(1))],
            last_seq: Seq(last_seq),
        }
    }

    fn message_of(event: Option<RoomEvent>) -> Message {
        match event.map(|event| event.kind) {
            Some(RoomEventKind::MessageSent(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_was_taken_out_does_not_see_what_was_written_afterwards() {
        for unchanged in [None, Some(5), Some(9)] {
            assert_eq!(event(unchanged, vec![]).as_of(Seq(9)), None);
        }
        let shown = message_of(event(Some(10), vec![]).as_of(Seq(9)));
        assert_eq!(shown.content, MessageContent::empty());
    }

    /// While nodes are replaced one by one, those before guests tell less, and it is taken.
    #[test]
    fn what_an_older_node_tells_is_understood() {
        let (room, user) = (Uuid::from_u128(3), Uuid::from_u128(1));
        let left = format!(
            r#"{{"room_id":"{room}","seq":4,"actor_id":"{user}","at":"1970-01-01T00:00:01Z",
                 "kind":{{"MemberLeft":{{"user_id":"{user}"}}}}}}"#
        );
        let event: RoomEvent = serde_json::from_str(&left).unwrap();
        assert_eq!(event.members, None);
        assert_eq!(
            event.kind,
            RoomEventKind::MemberLeft {
                user_id: UserId(user),
                username: None,
                guest_id: None,
            }
        );
        let mut sent = serde_json::to_value(self::event(None, vec![])).unwrap();
        // An account has none, and then an older node is not told of it either.
        assert!(sent["kind"]["MessageSent"].get("guest_id").is_none());
        assert!(sent.get("members").is_none());
        sent["members"] = 7.into();
        sent["kind"]["MessageSent"]["guest_id"] = "zoe-1".into();
        let sent: RoomEvent = serde_json::from_value(sent).unwrap();
        assert_eq!(sent.members, Some(7));
        let guest_id = message_of(Some(sent)).guest_id;
        assert_eq!(guest_id, Some(GuestId::parse("zoe-1").unwrap()));
    }

    #[test]
    fn who_was_taken_out_does_not_see_how_was_reacted_afterwards() {
        let (before, after) = (reactions(9), reactions(10));
        assert_eq!(event(Some(5), vec![before.clone()]).as_of(Seq(9)), None);
        let event = event(Some(5), vec![before.clone(), after]);
        let shown = message_of(event.as_of(Seq(9)));
        assert_eq!(shown.reactions, [before]);
        assert_eq!(shown.content.as_str(), "text");
    }
}
