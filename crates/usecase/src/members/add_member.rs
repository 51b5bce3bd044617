use std::sync::Arc;

use domain::{
    Conflict, Member, Role, RoomEventKind, RoomId, StoreError, TRACED, UserId,
    ports::{Clock, EventBus, MemberStore, NewMember, RoomStore, UserStore},
};
use tracing::instrument;

use super::tell_joined;
use crate::{Caller, access};

/// Adds a user to a room, or joins a public one.
pub struct AddMember {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Who comes in, as what.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the types say it")]
pub struct AddMemberInput {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub role: Role,
}

/// Why nobody came in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddMemberError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// No such account.
    #[error("no such user")]
    UserNotFound,
    /// Adding takes an admin; appointing an admin takes the owner; nobody is made owner. A guest is in rooms alone that allow
    /// guests, and is no admin.
    #[error(
        "adding a member takes an admin, appointing an admin takes the owner, and a guest a room that allows guests"
    )]
    NotAllowed,
    /// A direct room keeps its two members.
    #[error("the members of a direct room are fixed")]
    DirectRoom,
    /// They are in it.
    #[error("the user is a member already")]
    AlreadyMember,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AddMemberError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::RoomNotFound,
            StoreError::Denied => Self::NotAllowed,
            StoreError::Conflict(Conflict::AlreadyMember) => Self::AlreadyMember,
            other => Self::Store(other),
        }
    }
}

impl AddMember {
    /// Adds the user and tells the room and the user.
    ///
    /// # Errors
    /// [`AddMemberError`].
    #[instrument(target = TRACED, name = "AddMember", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: AddMemberInput,
    ) -> Result<Member, AddMemberError> {
        let (room, role) = access::as_visitor(&*self.rooms, input.room_id, caller.user_id)
            .await?
            .ok_or(AddMemberError::RoomNotFound)?;
        if !may_add(role, caller.user_id, input) {
            return Err(AddMemberError::NotAllowed);
        }
        // A room that two users opened with each other has no third chair.
        if access::is_direct(&room) {
            return Err(AddMemberError::DirectRoom);
        }
        if input.user_id.is_guest() && !(room.guests && input.role == Role::Member) {
            return Err(AddMemberError::NotAllowed);
        }
        if input.user_id == UserId::HOUSE || self.users.by_id(input.user_id).await?.is_none() {
            return Err(AddMemberError::UserNotFound);
        }
        let event = self
            .members
            .add(&NewMember {
                room_id: input.room_id,
                user_id: input.user_id,
                role: input.role,
                by: caller.user_id,
                at: self.clock.now(),
            })
            .await?;
        let RoomEventKind::MemberJoined(member) = event.kind.clone() else {
            return Err(AddMemberError::Store(StoreError::Other(
                "a member was added without the event that says so".into(),
            )));
        };
        tell_joined(&*self.bus, event, room, input.user_id).await;
        Ok(member)
    }
}

fn may_add(caller_role: Option<Role>, caller: UserId, input: AddMemberInput) -> bool {
    match caller_role {
        Some(Role::Owner) => input.role < Role::Owner,
        Some(Role::Admin) => input.role == Role::Member,
        // Who asks to join a room they are in learns that, not that they may not.
        Some(Role::Member) | None => input.user_id == caller && input.role == Role::Member,
    }
}

#[cfg(test)]
mod tests;
