//! Who may see what: shared by the use cases, so that a rule stands once.

use domain::{
    Role, Room, RoomId, StoreResult, UserId, Visibility,
    ports::{RoomStore, UserStore},
    values::RoomName,
};

/// The room and what `user` is in it, if they are in it. For anybody else a room does not exist.
pub(crate) async fn as_member(
    rooms: &dyn RoomStore,
    room: RoomId,
    user: UserId,
) -> StoreResult<Option<(Room, Role)>> {
    Ok(rooms
        .with_role(room, user)
        .await?
        .and_then(|(room, role)| Some((room, role?))))
}

/// The room, if `user` is in it or everybody may find it.
pub(crate) async fn as_visitor(
    rooms: &dyn RoomStore,
    room: RoomId,
    user: UserId,
) -> StoreResult<Option<(Room, Option<Role>)>> {
    Ok(rooms
        .with_role(room, user)
        .await?
        .filter(|(room, role)| role.is_some() || room.visibility == Visibility::Public))
}

/// The room and what `user` is in it, if they are in it or moderate it.
pub(crate) async fn as_member_or_moderator(
    rooms: &dyn RoomStore,
    users: &dyn UserStore,
    room: RoomId,
    user: UserId,
) -> StoreResult<Option<(Room, Option<Role>)>> {
    let Some((room, role)) = rooms.with_role(room, user).await? else {
        return Ok(None);
    };
    let is_there = role.is_some() || moderates(users, &room, user).await?;
    Ok(is_there.then_some((room, role)))
}

/// True for an admin of the server, in a room that guests may come into: one that they made has nobody else to keep order
/// in it. As fresh as what is remembered of the user: the store judges a change again.
pub(crate) async fn moderates(
    users: &dyn UserStore,
    room: &Room,
    user: UserId,
) -> StoreResult<bool> {
    if !room.guests {
        return Ok(false);
    }
    let user = users.by_id(user).await?;
    Ok(user.is_some_and(|user| user.is_admin))
}

/// True for a room that two users opened with each other: its members are fixed.
pub(crate) fn is_direct(room: &Room) -> bool {
    !room.is_group && is_direct_name(&room.name)
}

/// True for a name of the kind that [`domain::direct_room_name`] gives.
pub(crate) fn is_direct_name(name: &RoomName) -> bool {
    name.as_str().starts_with("dm:")
}
