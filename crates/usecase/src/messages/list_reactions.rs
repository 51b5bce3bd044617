use std::sync::Arc;

use domain::{
    MessageId, Reaction, RoomId, Seq, StoreError, TRACED,
    ports::{MessageStore, RoomStore},
    values::PageSize,
};
use tracing::instrument;

use crate::{Caller, access};

/// Says who has reacted to a message, and how.
pub struct ListReactions {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
}

/// A part of the reactions to a message.
#[derive(Debug, PartialEq, Eq)]
pub struct ReactionList {
    /// The oldest first.
    pub reactions: Vec<Reaction>,
    /// True when more were added after these.
    pub has_more: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListReactionsError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// No such message there (any more).
    #[error("no such message")]
    MessageNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListReactions {
    /// The reactions that were added after the event `after`, for members.
    ///
    /// # Errors
    /// [`ListReactionsError`].
    #[instrument(target = TRACED, name = "ListReactions", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
        message: MessageId,
        after: Seq,
        limit: PageSize<200>,
    ) -> Result<ReactionList, ListReactionsError> {
        access::as_member(&*self.rooms, room, caller.user_id)
            .await?
            .ok_or(ListReactionsError::RoomNotFound)?;
        self.messages
            .by_id(room, message)
            .await?
            .ok_or(ListReactionsError::MessageNotFound)?;
        // One more than asked for, to see whether there is more.
        let most = limit.get() + 1;
        let mut reactions = self.messages.reactions(room, message, after, most).await?;
        let has_more = reactions.len() >= most as usize;
        reactions.truncate(limit.get() as usize);
        Ok(ReactionList {
            reactions,
            has_more,
        })
    }
}

#[cfg(test)]
mod tests;
