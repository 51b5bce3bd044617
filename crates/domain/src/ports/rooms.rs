use async_trait::async_trait;

use crate::{
    Member, Role, Room, RoomEvent, RoomId, RoomSnapshot, StoreResult, Timestamp, UserId,
    Visibility,
    values::{RoomDescription, RoomName},
};

/// A room to be made.
#[derive(Debug, Clone)]
pub struct NewRoom {
    /// Its id.
    pub id: RoomId,
    /// Its name.
    pub name: RoomName,
    /// What it is about.
    pub description: RoomDescription,
    /// More than a talk of two.
    pub is_group: bool,
    /// Who may find it.
    pub visibility: Visibility,
    /// Guests may come in; of a public room alone.
    pub guests: bool,
    /// Who makes it, and becomes its owner; [`UserId::HOUSE`] is in no room.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Who else is in it from the start; the maker is not listed.
    pub members: Vec<(UserId, Role)>,
}

/// A room, and the events that made it: none when it was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedRoom {
    /// The room as it is now.
    pub room: Room,
    /// What happened, in the order of the log.
    pub events: Vec<RoomEvent>,
}

/// Rooms.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RoomStore: Send + Sync {
    /// Makes a room with its members: `RoomCreated` is event 1, a `MemberJoined` each follows, the owner's first.
    /// MUST answer `NotFound`, and make nothing, when a member is no account.
    async fn create(&self, new: &NewRoom) -> StoreResult<OpenedRoom>;

    /// Opens the direct room of two users: `new.created_by` and its only member. MUST make one room at most for a
    /// pair, from whichever end and however often it is asked at once; a second call answers the first room and no
    /// events. MUST answer `NotFound` when the peer is no account.
    async fn open_direct(&self, new: &NewRoom) -> StoreResult<OpenedRoom>;

    /// Opens the room that guests know by the name of `new`. MUST make one room at most for a name, however often it is
    /// asked at once; a second call answers the first room and no events.
    async fn open_public(&self, new: &NewRoom) -> StoreResult<OpenedRoom>;

    /// The room that guests know by this name, if [`open_public`](Self::open_public) has made it.
    async fn of_guests(&self, name: &RoomName) -> StoreResult<Option<Room>>;

    /// The room, unless it was deleted.
    async fn by_id(&self, id: RoomId) -> StoreResult<Option<Room>>;

    /// The room, with what `user` is in it, unless it was deleted. For asking whether they may: it MAY be a few seconds
    /// old, `last_seq` too. A membership that is not there MUST NOT be remembered, only one that is.
    async fn with_role(
        &self,
        id: RoomId,
        user: UserId,
    ) -> StoreResult<Option<(Room, Option<Role>)>>;

    /// The rooms that `user` is in, the latest joined first; `name_contains` ignores the case of ASCII letters and
    /// takes every character as it is.
    async fn of_user<'a>(
        &self,
        user: UserId,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>>;

    /// The public rooms, the newest first; `name_contains` as above.
    async fn public<'a>(
        &self,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>>;

    /// Where `user` stands in each of their rooms; with `only`, in those of them that are listed. Each snapshot is
    /// taken at one moment. A room that the user is not in is left out.
    async fn snapshots(
        &self,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Vec<RoomSnapshot>>;

    /// Deletes the room; its last event is `RoomDeleted`. MUST answer `NotFound` for an unknown or deleted room and
    /// `Denied` unless `by` made it, or at the commit moderates it (see [`RoomLog::delete`](super::RoomLog::delete)). Answers who was in it.
    async fn delete(
        &self,
        id: RoomId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<(RoomEvent, Vec<Member>)>;
}
