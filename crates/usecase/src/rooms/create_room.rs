use std::{collections::HashMap, sync::Arc};

use domain::{
    Role, Room, RoomId, StoreError, TRACED, UserId, Visibility,
    ports::{Clock, EventBus, IdSource, NewRoom, RoomStore},
    values::{RoomDescription, RoomName},
};
use tracing::instrument;

use super::announce;
use crate::{Caller, access};

/// Makes a room; the caller owns it.
pub struct CreateRoom {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// What a new room is.
#[derive(Debug)]
pub struct CreateRoomInput {
    /// Its name.
    pub name: RoomName,
    /// What it is about.
    pub description: RoomDescription,
    /// More than a talk of two; a name that begins like a direct room's makes it a group in any case.
    pub is_group: bool,
    /// Who may find it.
    pub visibility: Visibility,
    /// Guests may come in; of a public room alone.
    pub guests: bool,
    /// Who is in it from the start, beside the caller; naming one twice gives the higher role.
    pub members: Vec<(UserId, Role)>,
    /// Who the client says makes it.
    pub creator: Option<UserId>,
}

/// Why no room was made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateRoomError {
    /// The client names another maker than the caller.
    #[error("creator_id must be the caller")]
    CreatorIsNotCaller,
    /// A member would be made owner beside the caller.
    #[error("a room has one owner, its creator")]
    SecondOwner,
    /// Guests would come into a private room.
    #[error("guests can be let into a public room alone")]
    GuestsInPrivate,
    /// A member is no account; a guest is none.
    #[error("a member is not a user")]
    UnknownMember,
    /// More members than one call may name.
    #[error("at most {} members can be named at once", CreateRoom::MAX_MEMBERS)]
    TooManyMembers,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl CreateRoom {
    /// The most members that one call may name; more can be added afterwards.
    pub const MAX_MEMBERS: usize = 1_000;

    /// Makes the room and tells its members.
    ///
    /// # Errors
    /// [`CreateRoomError`]; then there is no new room.
    #[instrument(target = TRACED, name = "CreateRoom", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: CreateRoomInput,
    ) -> Result<Room, CreateRoomError> {
        if input.creator.is_some_and(|id| id != caller.user_id) {
            return Err(CreateRoomError::CreatorIsNotCaller);
        }
        if input.members.len() > Self::MAX_MEMBERS {
            return Err(CreateRoomError::TooManyMembers);
        }
        if input.guests && input.visibility == Visibility::Private {
            return Err(CreateRoomError::GuestsInPrivate);
        }
        // Guests come by themselves.
        if input.members.iter().any(|(user, _)| !user.is_of_account()) {
            return Err(CreateRoomError::UnknownMember);
        }
        let members = each_once(caller.user_id, input.members);
        if members.iter().any(|(_, role)| *role == Role::Owner) {
            return Err(CreateRoomError::SecondOwner);
        }
        // What looks like the talk of two others would pass for it.
        let is_group = input.is_group || access::is_direct_name(&input.name);
        let opened = self
            .rooms
            .create(&NewRoom {
                id: RoomId(self.ids.next()),
                name: input.name,
                description: input.description,
                is_group,
                visibility: input.visibility,
                guests: input.guests,
                created_by: caller.user_id,
                created_at: self.clock.now(),
                members,
            })
            .await
            .map_err(|error| match error {
                StoreError::NotFound => CreateRoomError::UnknownMember,
                other => CreateRoomError::Store(other),
            })?;
        announce(&*self.bus, &opened).await;
        Ok(opened.room)
    }
}

/// The members beside the maker, in the order in which they are named; one who is named twice has the higher role.
fn each_once(creator: UserId, named: Vec<(UserId, Role)>) -> Vec<(UserId, Role)> {
    let mut roles = HashMap::new();
    for (id, role) in &named {
        let highest = roles.entry(*id).or_insert(*role);
        *highest = (*highest).max(*role);
    }
    roles.remove(&creator);
    named
        .into_iter()
        .filter_map(|(id, _)| roles.remove_entry(&id))
        .collect()
}

#[cfg(test)]
mod tests;
