//! Who keeps order in rooms that nobody owns.

use domain::{Role, RoomId, StoreError, UserId};
use rusqlite::Connection;

use super::{fault::Fault, members::role_in};

/// True for an admin of the server, in a room that guests may come into.
pub(super) fn moderates(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM users u JOIN rooms r ON r.id = ?1
             WHERE u.id = ?2 AND u.is_admin = 1 AND u.deactivated_at IS NULL
               AND r.guests = 1 AND r.visibility = 'public' AND r.deleted_at IS NULL",
        )?
        .exists([room.0, user.0])?)
}

/// `NotFound` for a stranger, and `Denied` for a member who neither is `sender` nor keeps order in the room.
pub(super) fn may_delete(
    connection: &Connection,
    room: RoomId,
    by: UserId,
    sender: UserId,
) -> Result<(), Fault> {
    let role = role_in(connection, room, by)?;
    let is_own = role.is_some() && sender == by;
    let may = is_own || role >= Some(Role::Admin);
    if !may && !moderates(connection, room, by)? {
        let why = role.map_or(StoreError::NotFound, |_| StoreError::Denied);
        return Err(why.into());
    }
    Ok(())
}
