use std::sync::Arc;

use domain::{
    Member, RoomId, StoreError, TRACED,
    ports::{MemberStore, RoomStore, UserStore},
};
use tracing::instrument;

use crate::{Caller, access};

/// Lists who is in a room.
pub struct ListMembers {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) members: Arc<dyn MemberStore>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListMembersError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListMembers {
    /// The members, for members, and for an admin of the server where guests may come in.
    ///
    /// # Errors
    /// [`ListMembersError`].
    #[instrument(target = TRACED, name = "ListMembers", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<Vec<Member>, ListMembersError> {
        let (rooms, users) = (&*self.rooms, &*self.users);
        access::as_member_or_moderator(rooms, users, room, caller.user_id)
            .await?
            .ok_or(ListMembersError::RoomNotFound)?;
        Ok(self.members.list(room).await?)
    }
}

#[cfg(test)]
mod tests;
