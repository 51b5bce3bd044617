use std::{collections::HashSet, sync::Arc};

use domain::{
    Member, RoomId, StoreError, TRACED,
    ports::{MemberStore, Presence, RoomStore},
};
use tracing::instrument;

use crate::{Caller, access};

/// Lists the members of a room who hold a socket that follows it.
pub struct ListPresence {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) presence: Arc<dyn Presence>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListPresenceError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ListPresence {
    /// The members who are there, for members.
    ///
    /// # Errors
    /// [`ListPresenceError`].
    #[instrument(target = TRACED, name = "ListPresence", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room: RoomId,
    ) -> Result<Vec<Member>, ListPresenceError> {
        access::as_member(&*self.rooms, room, caller.user_id)
            .await?
            .ok_or(ListPresenceError::RoomNotFound)?;
        let online: HashSet<_> = self.presence.online(room).await?.into_iter().collect();
        let mut members = self.members.list(room).await?;
        members.retain(|member| online.contains(&member.user_id));
        Ok(members)
    }
}

#[cfg(test)]
mod tests;
