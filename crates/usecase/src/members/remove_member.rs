use std::sync::Arc;

use domain::{
    RemovalReason, Role, RoomId, StoreError, TRACED, UserId,
    ports::{Clock, EventBus, LiveStreams, MemberStore, RoomStore, UserStore},
};
use tracing::instrument;

use super::tell_left;
use crate::{Caller, access};

/// Removes a member from a room, or leaves it.
pub struct RemoveMember {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why the member is still there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveMemberError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The user is not in it.
    #[error("no such member")]
    MemberNotFound,
    /// Removing takes somebody who stands above the member.
    #[error("removing a member takes somebody above them")]
    NotAllowed,
    /// A direct room keeps its two members.
    #[error("the members of a direct room are fixed")]
    DirectRoom,
    /// The owner stays; the room can be deleted instead.
    #[error("the owner cannot leave; delete the room instead")]
    OwnerStays,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RemoveMemberError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::MemberNotFound,
            StoreError::Denied => Self::NotAllowed,
            other => Self::Store(other),
        }
    }
}

impl RemoveMember {
    /// Removes the user and tells the room and the user. No message of theirs is taken from then on, and what they were
    /// writing there ends. Who stands above them may, and with a guest an admin of the server.
    ///
    /// # Errors
    /// [`RemoveMemberError`].
    #[instrument(target = TRACED, name = "RemoveMember", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        room_id: RoomId,
        user: UserId,
    ) -> Result<(), RemoveMemberError> {
        let (rooms, users) = (&*self.rooms, &*self.users);
        let (room, role) = access::as_member_or_moderator(rooms, users, room_id, caller.user_id)
            .await?
            .ok_or(RemoveMemberError::RoomNotFound)?;
        let member = self
            .members
            .get(room_id, user)
            .await?
            .ok_or(RemoveMemberError::MemberNotFound)?;
        // Opening the direct room again answers this one: who left it could never come back.
        if access::is_direct(&room) {
            return Err(RemoveMemberError::DirectRoom);
        }
        let leaves = user == caller.user_id;
        if leaves && role == Some(Role::Owner) {
            return Err(RemoveMemberError::OwnerStays);
        }
        let may = leaves
            || role > Some(member.role)
            || (user.is_guest() && access::moderates(users, &room, caller.user_id).await?);
        if !may {
            return Err(RemoveMemberError::NotAllowed);
        }
        let event = self
            .members
            .remove(room_id, user, caller.user_id, self.clock.now())
            .await?;
        let reason = if leaves {
            RemovalReason::Left
        } else {
            RemovalReason::Removed
        };
        tell_left(&*self.bus, &*self.streams, event, user, reason).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
