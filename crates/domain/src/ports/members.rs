use async_trait::async_trait;

use crate::{
    Member, Role, RoomEvent, RoomId, Seq, StoreResult, Timestamp, UserId, values::Username,
};

/// A membership to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Where.
    pub room_id: RoomId,
    /// Who comes in.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// Who lets them in: an admin, or in a public room they themselves.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// The end of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    /// Where.
    pub room_id: RoomId,
    /// The event that ended it: the member's own `MemberLeft`, or `RoomDeleted`.
    pub seq: Seq,
}

/// Who is in which room.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MemberStore: Send + Sync {
    /// The members, the longest in the room first.
    async fn list(&self, room: RoomId) -> StoreResult<Vec<Member>>;

    /// The membership of one user.
    async fn get(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>>;

    /// Which rooms each of these users is in, in any order.
    async fn rooms_of(&self, users: Vec<UserId>) -> StoreResult<Vec<(UserId, RoomId)>>;

    /// How `user` came out of those of these rooms that they were in and are in no longer; of several times, the last.
    /// In any order.
    async fn departures(&self, user: UserId, rooms: Vec<RoomId>) -> StoreResult<Vec<Departure>>;

    /// Adds a member, with the event `MemberJoined`; one who comes back keeps their marks, and their unread count
    /// starts anew. MUST answer `NotFound` for an unknown room or user, `Conflict(AlreadyMember)`, and `Denied`
    /// unless at the commit `by` is at least an admin, or is `user_id` and the room is public.
    async fn add(&self, new: &NewMember) -> StoreResult<RoomEvent>;

    /// Gives a guest another name, in all of their rooms, for what they send from then on, with the event `MemberRenamed` in this one. MUST answer `NotFound`
    /// unless `guest` is a guest and a member of the room.
    async fn rename(
        &self,
        room: RoomId,
        guest: UserId,
        name: &Username,
        at: Timestamp,
    ) -> StoreResult<RoomEvent>;

    /// Guests who are members of rooms, `limit` at most, in the order of room and user, from the one behind `after` on.
    async fn guests(
        &self,
        after: Option<(RoomId, UserId)>,
        limit: u32,
    ) -> StoreResult<Vec<(RoomId, UserId)>>;

    /// Removes a member, with the event `MemberLeft`. MUST answer `NotFound` for an unknown room or member, and
    /// `Denied` unless at the commit `by` is `user`, or stands above `user` in [`Role`], or moderates the room (see
    /// [`RoomLog::delete`](super::RoomLog::delete)) and `user` is a guest. An owner stays.
    async fn remove(
        &self,
        room: RoomId,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent>;
}
