//! How rooms are made.

use std::collections::HashSet;

use deadpool_postgres::{GenericClient, Transaction};
use domain::{
    Role, Room, RoomId, Seq, StoreError, UserId,
    ports::{NewRoom, OpenedRoom},
};
use uuid::Uuid;

use super::{
    fault::Fault,
    log,
    rows::{self, room_columns},
    statement::row,
};

/// The room, its members and the events that tell of them, in one statement; whoever is no account breaks a foreign key.
/// A room with a key that is being made by somebody else is waited for.
const MAKE: &str = "WITH made AS (
         INSERT INTO rooms (id, name, description, is_group, visibility, direct_key, created_by, created_at, last_seq, guests)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1 + cardinality($9::uuid[]), $11)
         ON CONFLICT (direct_key) DO NOTHING
         RETURNING id
     ), member AS (
         SELECT made.id AS room_id, m.user_id, m.role, 1 + m.place AS seq
         FROM made, unnest($9::uuid[], $10::text[]) WITH ORDINALITY AS m (user_id, role, place)
     ), created AS (
         INSERT INTO room_events (room_id, seq, kind, actor_id, at) SELECT id, 1, 'room_created', $7, $8 FROM made
     ), joined AS (
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, role, at, count)
         SELECT room_id, seq, 'member_joined', $7, user_id, role, $8, seq - 1 FROM member
     ), let_in AS (
         INSERT INTO room_members (room_id, user_id, role, joined_at, joined_seq)
         SELECT room_id, user_id, role, $8, seq FROM member
     )
     SELECT id FROM made";

/// Makes the room with its members, the owner first. None when its direct key is taken.
pub(super) async fn make(
    transaction: &Transaction<'_>,
    new: &NewRoom,
    direct_key: Option<&str>,
) -> Result<Option<OpenedRoom>, Fault> {
    let mut seen = HashSet::new();
    let owner = (new.created_by != UserId::HOUSE).then_some((new.created_by, Role::Owner));
    // Somebody who is named twice is in the room once, as what they were named first.
    let (users, roles): (Vec<Uuid>, Vec<&str>) = owner
        .into_iter()
        .chain(new.members.iter().copied())
        .filter(|(user, _): &(UserId, Role)| seen.insert(*user))
        .map(|(user, role)| (user.0, rows::role_text(role)))
        .unzip();
    let made = row(
        transaction,
        MAKE,
        &[
            &new.id.0,
            &new.name.as_str(),
            &new.description.as_str(),
            &new.is_group,
            &rows::visibility_text(new.visibility),
            &direct_key,
            &new.created_by.0,
            &new.created_at,
            &users,
            &roles,
            &new.guests,
        ],
    )
    .await?;
    if made.is_none() {
        return Ok(None);
    }
    Ok(Some(OpenedRoom {
        room: by_id(transaction, new.id)
            .await?
            .ok_or(StoreError::NotFound)?,
        events: log::events(transaction, new.id, Seq::START, i64::MAX).await?,
    }))
}

/// The room that has this key, or else a new one. Each statement sees what was committed before it: who has lost against
/// another call finds that one's room in the next.
pub(super) async fn open(
    transaction: &Transaction<'_>,
    new: &NewRoom,
    key: &str,
) -> Result<OpenedRoom, Fault> {
    // More than one round only when the room is deleted in between, again and again.
    for _ in 0..4 {
        if let Some(room) = by_key(transaction, key).await? {
            return Ok(OpenedRoom {
                room,
                events: Vec::new(),
            });
        }
        if let Some(opened) = make(transaction, new, Some(key)).await? {
            return Ok(opened);
        }
    }
    Err(StoreError::Unavailable("the room comes and goes".to_owned()).into())
}

pub(super) async fn by_key(client: &impl GenericClient, key: &str) -> Result<Option<Room>, Fault> {
    let found = row(
        client,
        concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms r WHERE r.direct_key = $1"
        ),
        &[&key],
    )
    .await?;
    found.as_ref().map(rows::room).transpose()
}

pub(super) async fn by_id(client: &impl GenericClient, id: RoomId) -> Result<Option<Room>, Fault> {
    let found = row(
        client,
        concat!(
            "SELECT ",
            room_columns!(),
            " FROM rooms r WHERE r.id = $1 AND r.deleted_at IS NULL"
        ),
        &[&id.0],
    )
    .await?;
    found.as_ref().map(rows::room).transpose()
}
