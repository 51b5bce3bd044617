use async_trait::async_trait;

use crate::{
    Attachment, MessageId, RoomEvent, RoomId, Seq, StoreResult, Timestamp, UserId,
    values::{ClientMsgId, Emoji, MessageContent},
};

/// A message to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id, kept unless the message is a repeat.
    pub id: MessageId,
    /// Where.
    pub room_id: RoomId,
    /// Who sends it.
    pub sender_id: UserId,
    /// Its text.
    pub content: MessageContent,
    /// What hangs on it.
    pub attachments: Vec<Attachment>,
    /// The sender's own reference.
    pub client_msg_id: Option<ClientMsgId>,
    /// Its author was lost while they wrote it: it is what there was.
    pub interrupted: bool,
    /// When.
    pub at: Timestamp,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is the room's newest event.
    New(RoomEvent),
    /// The change was made before, by the same user: that event, with the message as it is now.
    Repeat(RoomEvent),
}

/// The durable events of every room.
///
/// Each method that changes something gives the event the room's next [`Seq`] in the transaction of the change,
/// under the room's lock. So numbers have no gap and no double, and whoever reads number n can read all below it.
/// What a method has answered is on stable storage.
///
/// Each change MUST answer `NotFound` when the acting user is no member at the commit, or the room or the message
/// is not there (any more). An admin of the server need be no member to [delete](Self::delete) where guests may come in.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RoomLog: Send + Sync {
    /// Appends `MessageSent`. MUST answer the first event, and store nothing, when `client_msg_id` was used before
    /// by this sender in this room, at any age, and when both calls are under way at once.
    async fn append(&self, new: NewMessage) -> StoreResult<Appended>;

    /// Gives a message another text, with the event `MessageEdited`. MUST answer `Denied` unless `by` sent it.
    async fn edit(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        content: MessageContent,
        at: Timestamp,
    ) -> StoreResult<RoomEvent>;

    /// Deletes a message, content, reactions and all, with the event `MessageDeleted`. MUST answer `Denied` unless `by` sent
    /// it or is at least an admin of the room, or moderates it: is at the commit an admin of the server who is not deactivated, in a
    /// public room that guests may come into. Who moderates it need not be a member.
    async fn delete(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent>;

    /// Adds the reaction of `by` to a message, with the event `ReactionAdded`, or answers the event that added it when it
    /// stands there already, and stores nothing. MUST answer `Conflict(TooManyEmojis)` when the message carries
    /// [`MAX_PER_MESSAGE`](crate::ReactionCount::MAX_PER_MESSAGE) other emojis.
    async fn react(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Appended>;

    /// Takes the reaction of `by` back, with the event `ReactionRemoved`. None, and nothing is stored, when there is no such
    /// reaction.
    async fn unreact(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Option<RoomEvent>>;

    /// The events after `after`, in order, at most `limit`. MUST leave out none in between, and MUST show a deleted
    /// message without its content. A deleted room still tells its log, to its end.
    async fn read(&self, room: RoomId, after: Seq, limit: u32) -> StoreResult<Vec<RoomEvent>>;

    /// The number of the latest event of each of these rooms, deleted ones too, in any order. A room that is not there
    /// is left out, and one that is named twice may be told once.
    async fn heads(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<(RoomId, Seq)>>;
}
