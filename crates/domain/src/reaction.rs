use serde::{Deserialize, Serialize};

use crate::{MessageId, Seq, Timestamp, UserId, values::Emoji, values::Username};

/// One member's answer to a message by an emoji. The same member says the same one once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reaction {
    /// Which emoji.
    pub emoji: Emoji,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// The number of the event that added it.
    pub seq: Seq,
    /// When.
    pub created_at: Timestamp,
}

/// All reactions to a message by one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReactionCount {
    /// Which emoji.
    pub emoji: Emoji,
    /// How many members have reacted so; at least 1.
    pub count: u64,
    /// Who: the first ones of those who stand there, at most [`SHOWN_USERS`](Self::SHOWN_USERS).
    pub user_ids: Vec<UserId>,
    /// The number of the latest event that added or removed one of these. What a client hears of them up to it is counted
    /// already.
    pub last_seq: Seq,
}

impl ReactionCount {
    /// The most users that are named beside a count.
    pub const SHOWN_USERS: u32 = 10;
    /// The most different emojis that a message carries.
    pub const MAX_PER_MESSAGE: u32 = 20;
}

/// What the log says of a reaction that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionChange {
    /// To which message.
    pub message_id: MessageId,
    /// Whose.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// Which emoji.
    pub emoji: Emoji,
    /// How many members stood by this emoji when the change was made, it included. So who applies the changes in their
    /// order comes to the right count, from whatever point on.
    pub count: u64,
}
