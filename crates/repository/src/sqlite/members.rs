use async_trait::async_trait;
use domain::{
    Conflict, Member, Role, RoomEvent, RoomId, Seq, StoreError, StoreResult, Timestamp, UserId,
    ports::{Departure, MemberStore, NewMember},
    values::Username,
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    Sqlite,
    fault::Fault,
    log::{self, Entry},
    moderation,
    rows::{self, micros, number},
};

#[async_trait]
impl MemberStore for Sqlite {
    async fn list(&self, room: RoomId) -> StoreResult<Vec<Member>> {
        self.read(move |connection| list(connection, room)).await
    }

    async fn get(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT m.*, u.username, u.guest_id FROM room_members m JOIN users u ON u.id = m.user_id
                     WHERE m.room_id = ?1 AND m.user_id = ?2 AND m.left_seq IS NULL",
                )?
                .query_row([room.0, user.0], rows::member)
                .optional()?)
        })
        .await
    }

    async fn rooms_of(&self, users: Vec<UserId>) -> StoreResult<Vec<(UserId, RoomId)>> {
        let users = rows::id_list(users.iter().map(|user| user.0));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user_id, room_id FROM room_members
                 WHERE user_id IN (SELECT unhex(value) FROM json_each(?1)) AND left_seq IS NULL",
            )?;
            let rooms = statement.query_map([users], |row| {
                Ok((UserId(row.get("user_id")?), RoomId(row.get("room_id")?)))
            })?;
            Ok(rooms.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn departures(&self, user: UserId, rooms: Vec<RoomId>) -> StoreResult<Vec<Departure>> {
        let rooms = rows::id_list(rooms.iter().map(|room| room.0));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT room_id, left_seq FROM room_members
                 WHERE user_id = ?1 AND left_seq IS NOT NULL
                   AND room_id IN (SELECT unhex(value) FROM json_each(?2))",
            )?;
            let departures = statement.query_map(params![user.0, rooms], |row| {
                Ok(Departure {
                    room_id: RoomId(row.get("room_id")?),
                    seq: rows::seq(row, "left_seq")?,
                })
            })?;
            Ok(departures.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn add(&self, new: &NewMember) -> StoreResult<RoomEvent> {
        let new = new.clone();
        self.write(move |connection| {
            let public = is_public(connection, new.room_id)?.ok_or(StoreError::NotFound)?;
            let lets_in = role_in(connection, new.room_id, new.by)? >= Some(Role::Admin)
                || (public && new.by == new.user_id);
            if !lets_in {
                return Err(StoreError::Denied.into());
            }
            if role_in(connection, new.room_id, new.user_id)?.is_some() {
                return Err(StoreError::Conflict(Conflict::AlreadyMember).into());
            }
            let seq = join(connection, &new)?;
            log::event(connection, new.room_id, seq)
        })
        .await
    }

    async fn rename(
        &self,
        room: RoomId,
        guest: UserId,
        name: &Username,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        let name = name.clone();
        self.write(move |connection| {
            role_in(connection, room, guest)?.ok_or(StoreError::NotFound)?;
            let renamed = connection
                .prepare_cached(
                    "UPDATE users SET username = ?2, name = ?2, updated_at = ?3
                     WHERE id = ?1 AND guest_id IS NOT NULL",
                )?
                .execute(params![guest.0, name.as_str(), micros(at)])?;
            if renamed == 0 {
                return Err(StoreError::NotFound.into());
            }
            let seq = log::record(connection, room, guest, at, Entry::MemberRenamed(guest))?;
            log::event(connection, room, seq)
        })
        .await
    }

    async fn guests(
        &self,
        after: Option<(RoomId, UserId)>,
        limit: u32,
    ) -> StoreResult<Vec<(RoomId, UserId)>> {
        let (room, user) =
            after.map_or((Uuid::nil(), Uuid::nil()), |(room, user)| (room.0, user.0));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT m.room_id, m.user_id FROM room_members m
                 WHERE m.room_id IN (SELECT id FROM rooms WHERE guests = 1) AND m.left_seq IS NULL
                   AND (m.room_id, m.user_id) > (?1, ?2)
                   AND EXISTS (SELECT 1 FROM users u WHERE u.id = m.user_id AND u.guest_id IS NOT NULL)
                 ORDER BY m.room_id, m.user_id
                 LIMIT ?3",
            )?;
            let guests = statement.query_map(params![room, user, limit], |row| {
                Ok((RoomId(row.get("room_id")?), UserId(row.get("user_id")?)))
            })?;
            Ok(guests.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn remove(
        &self,
        room: RoomId,
        user: UserId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.write(move |connection| {
            let role = role_in(connection, room, user)?.ok_or(StoreError::NotFound)?;
            let may = by == user
                || role_in(connection, room, by)? > Some(role)
                || (user.is_guest() && moderation::moderates(connection, room, by)?);
            if role == Role::Owner || !may {
                return Err(StoreError::Denied.into());
            }
            let seq = log::record(connection, room, by, at, Entry::MemberLeft(user))?;
            connection
                .prepare_cached(
                    "UPDATE room_members SET left_seq = ?3 WHERE room_id = ?1 AND user_id = ?2",
                )?
                .execute(params![room.0, user.0, number(seq)])?;
            log::event(connection, room, seq)
        })
        .await
    }
}

/// What `user` is in the room, if they are in it. A deleted room has no members.
pub(super) fn role_in(
    connection: &Connection,
    room: RoomId,
    user: UserId,
) -> Result<Option<Role>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT role FROM room_members WHERE room_id = ?1 AND user_id = ?2 AND left_seq IS NULL",
        )?
        .query_row([room.0, user.0], |row| rows::role(row, "role"))
        .optional()?)
}

/// How many are in the room.
pub(super) fn count(connection: &Connection, room: RoomId) -> Result<i64, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM room_members WHERE room_id = ?1 AND left_seq IS NULL",
        )?
        .query_row([room.0], |row| row.get(0))?)
}

pub(super) fn list(connection: &Connection, room: RoomId) -> Result<Vec<Member>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT m.*, u.username, u.guest_id FROM room_members m JOIN users u ON u.id = m.user_id
         WHERE m.room_id = ?1 AND m.left_seq IS NULL
         ORDER BY m.joined_seq",
    )?;
    let members = statement.query_map([room.0], rows::member)?;
    Ok(members.collect::<Result<_, _>>()?)
}

/// Lets somebody in without asking whether they may come. Who was in the room before finds their marks again.
pub(super) fn join(connection: &Connection, new: &NewMember) -> Result<Seq, Fault> {
    let entry = Entry::MemberJoined(new.user_id, new.role);
    let seq = log::record(connection, new.room_id, new.by, new.at, entry)?;
    connection
        .prepare_cached(
            "INSERT INTO room_members (room_id, user_id, role, joined_at, joined_seq)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (room_id, user_id) DO UPDATE
             SET role = excluded.role, joined_at = excluded.joined_at, joined_seq = excluded.joined_seq,
                 left_seq = NULL",
        )?
        .execute(params![
            new.room_id.0,
            new.user_id.0,
            rows::role_text(new.role),
            micros(new.at),
            number(seq)
        ])?;
    Ok(seq)
}

fn is_public(connection: &Connection, room: RoomId) -> Result<Option<bool>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT visibility = 'public' FROM rooms WHERE id = ?1 AND deleted_at IS NULL",
        )?
        .query_row([room.0], |row| row.get(0))
        .optional()?)
}
