use std::sync::Arc;

use domain::{
    Message, MessageId, RoomId, Seq, StoreError, TRACED,
    ports::{MessagePage, MessageStore, RoomStore, UserStore},
    values::PageSize,
};
use tracing::instrument;

use crate::{Caller, access};

/// Reads a room's history.
pub struct ListMessages {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
}

/// A place in a history: a message, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types say it")]
pub enum Cursor {
    Seq(Seq),
    Message(MessageId),
}

/// Which part of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// A page, counted from 1, newest first.
    Page(u32),
    /// A window around a message, oldest first.
    Around(MessageId),
    /// What lies before, newest first.
    Before(Cursor),
    /// What lies after, oldest first.
    After(Cursor),
}

/// A part of the history.
#[derive(Debug, PartialEq, Eq)]
pub struct MessageList {
    /// The messages, in the order that [`History`] says.
    pub messages: Vec<Message>,
    /// True when more lie in the direction that was asked for; always false around a message.
    pub has_more: bool,
    /// The number of the room's latest event when the room was read: where a client that shows this goes on from.
    pub last_seq: Seq,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListMessagesError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The message that marks the place is not there (any more).
    #[error("no such message")]
    MessageNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListMessages {
    /// A part of the history, for members, and for an admin of the server where guests may come in.
    ///
    /// # Errors
    /// [`ListMessagesError`].
    #[instrument(target = TRACED, name = "ListMessages", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room_id: RoomId,
        history: History,
        limit: PageSize<200>,
    ) -> Result<MessageList, ListMessagesError> {
        let (rooms, users) = (&*self.rooms, &*self.users);
        access::as_member_or_moderator(rooms, users, room_id, caller.user_id)
            .await?
            .ok_or(ListMessagesError::RoomNotFound)?;
        // Read anew, because what the right was judged by may be a few seconds old; and before the messages: an event
        // in between is then told twice, never not at all.
        let room = self.rooms.by_id(room_id).await?;
        let room = room.ok_or(ListMessagesError::RoomNotFound)?;
        let limit = limit.get();
        let page = match history {
            History::Page(page) => MessagePage::Newest {
                skip: u64::from(page.saturating_sub(1)) * u64::from(limit),
            },
            History::Around(id) => MessagePage::Around(self.seq_of(room_id, id).await?),
            History::Before(cursor) => MessagePage::Before(self.resolve(room_id, cursor).await?),
            History::After(cursor) => MessagePage::After(self.resolve(room_id, cursor).await?),
        };
        // One row more than was asked for tells whether there are more.
        let ask = if matches!(page, MessagePage::Around(_)) {
            limit
        } else {
            limit + 1
        };
        let mut messages = self.messages.page(room_id, page, ask).await?;
        let has_more = messages.len() > limit as usize;
        messages.truncate(limit as usize);
        Ok(MessageList {
            messages,
            has_more,
            last_seq: room.last_seq,
        })
    }

    async fn resolve(&self, room: RoomId, cursor: Cursor) -> Result<Seq, ListMessagesError> {
        match cursor {
            Cursor::Seq(seq) => Ok(seq),
            Cursor::Message(id) => self.seq_of(room, id).await,
        }
    }

    async fn seq_of(&self, room: RoomId, id: MessageId) -> Result<Seq, ListMessagesError> {
        let message = self.messages.by_id(room, id).await?;
        Ok(message.ok_or(ListMessagesError::MessageNotFound)?.seq)
    }
}

#[cfg(test)]
mod tests;
