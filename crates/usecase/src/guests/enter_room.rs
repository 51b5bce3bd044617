use std::{fmt, sync::Arc};

use domain::{
    BusEvent, Conflict, Role, Room, RoomId, RoomSnapshot, Seq, StoreError, TRACED, User, UserId,
    Visibility,
    ports::{Clock, EventBus, IdSource, MemberStore, NewMember, NewRoom, RoomStore, UserStore},
    values::{GuestId, RoomDescription, RoomName, Username},
};
use tracing::instrument;

use super::{open_room, tell_renamed};
use crate::members::tell_joined;

/// Lets a guest into a room.
pub struct EnterRoom {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) members: Arc<dyn MemberStore>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// What the server is known by where it says something itself.
const SERVER: &str = "system";

/// Which room a guest means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestRoom {
    /// One that somebody made for guests too.
    Made(RoomId),
    /// The one of this name, which is made when it is first asked for.
    Named(RoomName),
}

/// As guests name the room, and are told it.
impl fmt::Display for GuestRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(id) => id.fmt(f),
            Self::Named(name) => name.fmt(f),
        }
    }
}

/// Who comes, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterRoomInput {
    /// What the guest is known by.
    pub guest_id: GuestId,
    /// What they want to be called.
    pub name: Username,
    /// Where to.
    pub room: GuestRoom,
}

/// A guest in a room.
#[derive(Debug, PartialEq, Eq)]
pub struct Entered {
    /// Who.
    pub user: User,
    /// The room.
    pub room: Room,
    /// Where their socket begins: just before the event that let them in, so that it is told; at the end of the log, when
    /// they were in the room already.
    pub start: RoomSnapshot,
}

/// Why the guest is not let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnterRoomError {
    /// What they are known by is somebody else: an account, another guest, or the server.
    #[error("this id is somebody else's")]
    IdTaken,
    /// No such room, or none that lets guests in: the same answer.
    #[error("no such room for guests")]
    RoomNotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EnterRoom {
    /// Makes the guest a member of the room, under this name, and tells the room. A room that is known by its name is made
    /// when it is not there.
    ///
    /// # Errors
    /// [`EnterRoomError`]. After [`EnterRoomError::Store`] they may be in the room, and are taken out in time.
    #[instrument(target = TRACED, name = "EnterRoom", skip_all)]
    pub async fn execute(&self, input: EnterRoomInput) -> Result<Entered, EnterRoomError> {
        let user_id = UserId::of_guest(&input.guest_id);
        // The dialect shows ids side by side: nobody can pass for whoever has this one, nor for the server.
        if input.guest_id.as_str().eq_ignore_ascii_case(SERVER) {
            return Err(EnterRoomError::IdTaken);
        }
        if let Ok(other) = input.guest_id.as_str().parse::<UserId>()
            && self.users.by_id(other).await?.is_some()
        {
            return Err(EnterRoomError::IdTaken);
        }
        let room = self.room(input.room).await?;
        let now = self.clock.now();
        let user = User::guest(user_id, input.guest_id, input.name, now);
        let known = self.users.by_id(user_id).await?;
        let has_name = known.as_ref().map(|it| it.username == user.username);
        if has_name == Some(false) && self.members.get(room.id, user_id).await?.is_some() {
            let renamed = self.members.rename(room.id, user_id, &user.username, now);
            match renamed.await {
                Ok(event) => tell_renamed(&*self.bus, event, user_id).await,
                // They left meanwhile.
                Err(StoreError::NotFound) => self.admit(&user).await?,
                Err(error) => return Err(error.into()),
            }
        } else if has_name != Some(true) {
            self.admit(&user).await?;
        }
        let start = self.join(&room, user_id).await?;
        Ok(Entered { user, room, start })
    }

    async fn room(&self, wanted: GuestRoom) -> Result<Room, EnterRoomError> {
        let name = match wanted {
            GuestRoom::Named(name) => name,
            GuestRoom::Made(id) => {
                let room = open_room(&*self.rooms, id).await?;
                return room.ok_or(EnterRoomError::RoomNotFound);
            }
        };
        let opened = self
            .rooms
            .open_public(&NewRoom {
                id: RoomId(self.ids.next()),
                name,
                description: RoomDescription::default(),
                is_group: true,
                visibility: Visibility::Public,
                guests: true,
                created_by: UserId::HOUSE,
                created_at: self.clock.now(),
                members: Vec::new(),
            })
            .await?;
        Ok(opened.room)
    }

    async fn admit(&self, user: &User) -> Result<(), EnterRoomError> {
        match self.users.admit(user).await {
            Err(StoreError::Denied) => return Err(EnterRoomError::IdTaken),
            other => other?,
        }
        let user_id = user.id;
        self.bus.publish(BusEvent::UserChanged { user_id }).await;
        Ok(())
    }

    async fn join(&self, room: &Room, user_id: UserId) -> Result<RoomSnapshot, EnterRoomError> {
        let joined = self
            .members
            .add(&NewMember {
                room_id: room.id,
                user_id,
                role: Role::Member,
                by: user_id,
                at: self.clock.now(),
            })
            .await;
        let event = match joined {
            Ok(event) => event,
            Err(StoreError::Conflict(Conflict::AlreadyMember)) => {
                let found = self.rooms.snapshots(user_id, Some(vec![room.id])).await?;
                // They left meanwhile: their client comes again.
                let left = StoreError::Unavailable("the guest is leaving".to_owned());
                return Ok(found.into_iter().next().ok_or(left)?);
            }
            Err(StoreError::NotFound | StoreError::Denied) => {
                return Err(EnterRoomError::RoomNotFound);
            }
            Err(error) => return Err(error.into()),
        };
        let seq = event.seq;
        let (room_id, before) = (room.id, Seq(seq.0.saturating_sub(1)));
        tell_joined(&*self.bus, event, room.clone(), user_id).await;
        Ok(RoomSnapshot {
            room_id,
            last_seq: before,
            last_read_seq: seq,
            unread: 0,
        })
    }
}

#[cfg(test)]
mod tests;
