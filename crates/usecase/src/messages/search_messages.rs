use std::sync::Arc;

use domain::{
    Message, RoomId, StoreError, TRACED,
    ports::{MessageStore, RoomStore},
    values::{PageSize, SearchTerm},
};
use tracing::instrument;

use crate::{Caller, access};

/// Finds messages by their words.
pub struct SearchMessages {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) messages: Arc<dyn MessageStore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchMessagesError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SearchMessages {
    /// The newest matches in the caller's rooms, or in one of them.
    ///
    /// # Errors
    /// [`SearchMessagesError`].
    #[instrument(target = TRACED, name = "SearchMessages", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: Option<RoomId>,
        term: &SearchTerm,
        limit: PageSize<100>,
    ) -> Result<Vec<Message>, SearchMessagesError> {
        if let Some(id) = room {
            access::as_member(&*self.rooms, id, caller.user_id)
                .await?
                .ok_or(SearchMessagesError::RoomNotFound)?;
        }
        Ok(self
            .messages
            .search(caller.user_id, room, term, limit.get())
            .await?)
    }
}

#[cfg(test)]
mod tests;
