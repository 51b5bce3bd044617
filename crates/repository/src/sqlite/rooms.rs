use std::collections::HashSet;

use async_trait::async_trait;
use domain::{
    Member, Role, Room, RoomEvent, RoomId, RoomSnapshot, Seq, StoreError, StoreResult, Timestamp,
    UserId, direct_room_name,
    ports::{NewMember, NewRoom, OpenedRoom, RoomStore},
    values::RoomName,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Sqlite,
    fault::Fault,
    log::{self, Entry},
    members, moderation,
    rows::{self, micros, number},
};

#[async_trait]
impl RoomStore for Sqlite {
    async fn create(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        let new = new.clone();
        self.write(move |connection| make(connection, &new, None))
            .await
    }

    async fn open_direct(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        let new = new.clone();
        self.write(move |connection| {
            let [(peer, _)] = new.members[..] else {
                return Err(StoreError::Other("a direct room has one peer".to_owned()).into());
            };
            let key = direct_room_name(new.created_by, peer);
            open(connection, &new, key.as_str())
        })
        .await
    }

    async fn open_public(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        let new = new.clone();
        self.write(move |connection| open(connection, &new, &rows::guests_key(&new.name)))
            .await
    }

    async fn of_guests(&self, name: &RoomName) -> StoreResult<Option<Room>> {
        let key = rows::guests_key(name);
        self.read(move |connection| by_key(connection, &key)).await
    }

    async fn by_id(&self, id: RoomId) -> StoreResult<Option<Room>> {
        self.read(move |connection| by_id(connection, id)).await
    }

    async fn with_role(
        &self,
        id: RoomId,
        user: UserId,
    ) -> StoreResult<Option<(Room, Option<Role>)>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT r.*, coalesce(m.role, '') AS role
                     FROM rooms r
                     LEFT JOIN room_members m ON m.room_id = r.id AND m.user_id = ?2 AND m.left_seq IS NULL
                     WHERE r.id = ?1 AND r.deleted_at IS NULL",
                )?
                .query_row([id.0, user.0], |row| {
                    let stranger = row.get_ref("role")?.as_str()?.is_empty();
                    let role = (!stranger).then(|| rows::role(row, "role")).transpose()?;
                    Ok((rows::room(row)?, role))
                })
                .optional()?)
        })
        .await
    }

    async fn of_user<'a>(
        &self,
        user: UserId,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        let part = name_contains.unwrap_or_default().to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.* FROM room_members m JOIN rooms r ON r.id = m.room_id
                 WHERE m.user_id = ?1 AND m.left_seq IS NULL AND instr(lower(r.name), lower(?2)) > 0
                 ORDER BY m.joined_at DESC, m.room_id DESC
                 LIMIT ?3",
            )?;
            let rooms = statement.query_map(params![user.0, part, limit], rows::room)?;
            Ok(rooms.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn public<'a>(
        &self,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        let part = name_contains.unwrap_or_default().to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM rooms
                 WHERE visibility = 'public' AND deleted_at IS NULL AND instr(lower(name), lower(?1)) > 0
                 ORDER BY created_at DESC, id DESC
                 LIMIT ?2",
            )?;
            let rooms = statement.query_map(params![part, limit], rows::room)?;
            Ok(rooms.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn snapshots(
        &self,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Vec<RoomSnapshot>> {
        let only = only.map(|rooms| rows::id_list(rooms.iter().map(|room| room.0)));
        self.read(move |connection| snapshots(connection, user, only.as_deref()))
            .await
    }

    async fn delete(
        &self,
        id: RoomId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<(RoomEvent, Vec<Member>)> {
        self.write(move |connection| {
            let room = by_id(connection, id)?.ok_or(StoreError::NotFound)?;
            if room.created_by != by && !moderation::moderates(connection, id, by)? {
                return Err(StoreError::Denied.into());
            }
            let members = members::list(connection, id)?;
            let seq = log::record(connection, id, by, at, Entry::RoomDeleted)?;
            // Without its key, so that the two of a direct room can open another.
            connection
                .prepare_cached(
                    "UPDATE rooms SET deleted_at = ?2, direct_key = NULL WHERE id = ?1",
                )?
                .execute(params![id.0, micros(at)])?;
            connection
                .prepare_cached(
                    "UPDATE room_members SET left_seq = ?2 WHERE room_id = ?1 AND left_seq IS NULL",
                )?
                .execute(params![id.0, number(seq)])?;
            Ok((log::event(connection, id, seq)?, members))
        })
        .await
    }
}

/// One statement, so one moment. What came before the member did is not unread. By their places: every socket that comes reads these,
/// and a look for each name in each row takes as long as the rest.
pub(super) fn snapshots(
    connection: &Connection,
    user: UserId,
    only: Option<&str>,
) -> Result<Vec<RoomSnapshot>, Fault> {
    let mut statement = connection.prepare_cached(SNAPSHOTS)?;
    let snapshots = statement.query_map(params![user.0, only], |row| {
        Ok(RoomSnapshot {
            room_id: RoomId(row.get(0)?),
            last_seq: Seq(row.get(1)?),
            last_read_seq: Seq(row.get(2)?),
            unread: row.get(3)?,
        })
    })?;
    Ok(snapshots.collect::<Result<_, _>>()?)
}

/// One statement, so one moment. What came before the member did is not unread.
pub(super) const SNAPSHOTS: &str = "WITH places AS (
                     SELECT m.room_id, r.last_seq, max(m.last_read_seq, m.joined_seq) AS last_read_seq
                     FROM room_members m JOIN rooms r ON r.id = m.room_id
                     WHERE m.user_id = ?1 AND m.left_seq IS NULL
                       AND (?2 IS NULL OR m.room_id IN (SELECT unhex(value) FROM json_each(?2)))
                     ORDER BY m.joined_at DESC, m.room_id DESC
                 )
                 SELECT p.*, (SELECT count(*) FROM messages x
                              WHERE x.room_id = p.room_id AND x.seq > p.last_read_seq
                                AND x.sender_id <> ?1 AND x.deleted_at IS NULL) AS unread
                 FROM places p";

fn by_id(connection: &Connection, id: RoomId) -> Result<Option<Room>, Fault> {
    Ok(connection
        .prepare_cached("SELECT * FROM rooms WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([id.0], rows::room)
        .optional()?)
}

fn by_key(connection: &Connection, key: &str) -> Result<Option<Room>, Fault> {
    Ok(connection
        .prepare_cached("SELECT * FROM rooms WHERE direct_key = ?1")?
        .query_row([key], rows::room)
        .optional()?)
}

/// The room that has this key, or else a new one.
fn open(connection: &Connection, new: &NewRoom, key: &str) -> Result<OpenedRoom, Fault> {
    match by_key(connection, key)? {
        Some(room) => Ok(OpenedRoom {
            room,
            events: Vec::new(),
        }),
        None => make(connection, new, Some(key)),
    }
}

fn make(
    connection: &Connection,
    new: &NewRoom,
    direct_key: Option<&str>,
) -> Result<OpenedRoom, Fault> {
    connection
        .prepare_cached(
            "INSERT INTO rooms (id, name, description, is_group, visibility, direct_key, created_by, created_at, guests)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            new.id.0,
            new.name.as_str(),
            new.description.as_str(),
            new.is_group,
            rows::visibility_text(new.visibility),
            direct_key,
            new.created_by.0,
            micros(new.created_at),
            new.guests,
        ])?;
    log::record(
        connection,
        new.id,
        new.created_by,
        new.created_at,
        Entry::RoomCreated,
    )?;
    let mut seen = HashSet::new();
    let owner = (new.created_by != UserId::HOUSE).then_some((new.created_by, Role::Owner));
    for (user_id, role) in owner.into_iter().chain(new.members.iter().copied()) {
        // Somebody who is named twice is in the room once, as what they were named first.
        if seen.insert(user_id) {
            let member = NewMember {
                room_id: new.id,
                user_id,
                role,
                by: new.created_by,
                at: new.created_at,
            };
            members::join(connection, &member)?;
        }
    }
    Ok(OpenedRoom {
        room: by_id(connection, new.id)?.ok_or(StoreError::NotFound)?,
        events: log::events(connection, new.id, Seq::START, i64::MAX)?,
    })
}
