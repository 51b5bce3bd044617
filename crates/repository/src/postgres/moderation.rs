//! Who keeps order in rooms that nobody owns.

use deadpool_postgres::Transaction;
use domain::{RoomId, UserId};

use super::{fault::Fault, statement::row};

/// True for an admin of the server, in a room that guests may come into. The room is locked, and of an admin the row is from
/// here on: who ceases to be one waits for this change, or is seen.
pub(super) async fn moderates(
    transaction: &Transaction<'_>,
    room: RoomId,
    user: UserId,
) -> Result<bool, Fault> {
    let found = row(
        transaction,
        "SELECT 1 FROM users u JOIN rooms r ON r.id = $1
         WHERE u.id = $2 AND u.is_admin AND u.deactivated_at IS NULL
           AND r.guests AND r.visibility = 'public' AND r.deleted_at IS NULL
         FOR SHARE OF u",
        &[&room.0, &user.0],
    )
    .await?;
    Ok(found.is_some())
}
