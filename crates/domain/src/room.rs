use serde::{Deserialize, Serialize};

use crate::{
    RoomId, Seq, Timestamp, UserId,
    values::{GuestId, RoomDescription, RoomName, Username},
};

/// A room: a list of members and a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Its name; `dm:<smaller id>:<larger id>` for a direct room.
    pub name: RoomName,
    /// What it is about; may be empty.
    pub description: RoomDescription,
    /// False for a direct room.
    pub is_group: bool,
    /// Who may find and join it.
    pub visibility: Visibility,
    /// Guests may come in; of a public room alone.
    #[serde(default)]
    pub guests: bool,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The number of the latest event when this was read.
    pub last_seq: Seq,
}

/// Who may find a room and join it without being added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Its members alone; for others it does not exist.
    #[default]
    Private,
    /// Every account.
    Public,
}

/// What a member may do, from the most to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Reads, writes, leaves.
    Member,
    /// Adds and removes members, deletes anyone's message.
    Admin,
    /// Made the room; appoints admins and may delete the room.
    Owner,
}

/// A user in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// What a guest is known by; none for an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_id: Option<GuestId>,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
}

/// Where a member stands in a room, all of it taken at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomSnapshot {
    /// Which room.
    pub room_id: RoomId,
    /// The number of the latest event.
    pub last_seq: Seq,
    /// Up to where the member has read.
    pub last_read_seq: Seq,
    /// How many messages of others, not deleted, lie after that. Exact.
    pub unread: u64,
}

/// The name of the one direct room of two users, the same from both ends.
#[must_use]
pub fn direct_room_name(one: UserId, other: UserId) -> RoomName {
    let (smaller, larger) = (one.min(other), one.max(other));
    RoomName::parse(&format!("dm:{smaller}:{larger}")).expect("76 characters, none of them special")
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn both_ends_give_a_direct_room_the_same_name() {
        let (a, b) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(direct_room_name(a, b), direct_room_name(b, a));
        assert_eq!(direct_room_name(a, b).as_str(), format!("dm:{a}:{b}"));
    }

    #[test]
    fn roles_are_ordered_by_power() {
        assert!(Role::Owner > Role::Admin && Role::Admin > Role::Member);
    }
}
