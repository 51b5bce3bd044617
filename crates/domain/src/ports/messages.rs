use async_trait::async_trait;

use crate::{
    Message, MessageId, Reaction, ReceiptKind, RoomId, Seq, StoreResult, UserId,
    values::{RoomName, SearchTerm},
};

/// Which part of a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagePage {
    /// Newest first, `skip` left out.
    Newest {
        /// How many to leave out.
        skip: u64,
    },
    /// Those before a number, newest first.
    Before(Seq),
    /// Those after a number, oldest first.
    After(Seq),
    /// Those around a message, oldest first: half of the page before it, it, the rest after it.
    Around(Seq),
}

/// Where a member's mark stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the message that was marked.
    pub seq: Seq,
    /// True when the mark moved forward.
    pub moved: bool,
}

/// Messages, for reading, and how far members have read.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// A message of the room, unless it was deleted.
    async fn by_id(&self, room: RoomId, id: MessageId) -> StoreResult<Option<Message>>;

    /// The message with this id, in whatever room, if `user` sent it and it was not deleted.
    async fn sent_by(&self, user: UserId, id: MessageId) -> StoreResult<Option<Message>>;

    /// A page of the room's messages, in the order that [`MessagePage`] says, without the deleted ones. The status
    /// of a message MUST be the furthest mark of any other member, gone ones included.
    async fn page(&self, room: RoomId, page: MessagePage, limit: u32) -> StoreResult<Vec<Message>>;

    /// The newest messages of `user`, deleted ones left out, in rooms that let guests in, the newest first; each with its room's
    /// name, if guests know the room by that: [`open_public`](super::RoomStore::open_public) has made it. MUST NOT answer a message of any other room.
    async fn among_guests(
        &self,
        user: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(Option<RoomName>, Message)>>;

    /// The messages that contain every word of `term`, as a part of a word too, whatever the case of ASCII letters, and
    /// of all letters where the word has three and more (a Postgres without ICU knows the case of ASCII alone); in the
    /// rooms that `user` is in, or in the one that is named: the best first, and of equally good ones the newest;
    /// what is best, a store may say for itself. MUST NOT answer a message of any other room, nor a deleted one.
    async fn search(
        &self,
        user: UserId,
        room: Option<RoomId>,
        term: &SearchTerm,
        limit: u32,
    ) -> StoreResult<Vec<Message>>;

    /// The reactions to a message that were added after the event `after`, the oldest first. None of a message that is not
    /// there (any more).
    async fn reactions(
        &self,
        room: RoomId,
        message: MessageId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<Vec<Reaction>>;

    /// Moves a member's mark forward to a message; a mark never moves back, and what is read is delivered too.
    /// MUST answer `NotFound` for an unknown message, or when `user` is no member.
    async fn mark(
        &self,
        room: RoomId,
        user: UserId,
        message: MessageId,
        kind: ReceiptKind,
    ) -> StoreResult<Receipt>;
}
