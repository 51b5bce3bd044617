use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient, Transaction};
use domain::{
    Conflict, Member, Role, RoomEvent, RoomId, Seq, StoreError, StoreResult, Timestamp, UserId,
    ports::{Departure, MemberStore, NewMember},
    values::Username,
};
use uuid::Uuid;

use super::{
    Postgres,
    fault::Fault,
    log::{self, Entry},
    moderation,
    rows::{self, number},
    statement::{self, execute, row},
};

#[async_trait]
impl MemberStore for Postgres {
    async fn list(&self, room: RoomId) -> StoreResult<Vec<Member>> {
        self.run(async |client: &mut Client| list(client, room).await)
            .await
    }

    async fn get(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>> {
        self.run(async |client: &mut Client| {
            let found = row(
                client,
                "SELECT m.user_id, m.role, m.joined_at, u.username, u.guest_id
                 FROM room_members m JOIN users u ON u.id = m.user_id
                 WHERE m.room_id = $1 AND m.user_id = $2 AND m.left_seq IS NULL",
                &[&room.0, &user.0],
            )
            .await?;
            found.as_ref().map(rows::member).transpose()
        })
        .await
    }

    async fn rooms_of(&self, users: Vec<UserId>) -> StoreResult<Vec<(UserId, RoomId)>> {
        let users: Vec<Uuid> = users.into_iter().map(|user| user.0).collect();
        self.run(async |client: &mut Client| {
            let rooms = statement::rows(
                client,
                "SELECT user_id, room_id FROM room_members WHERE user_id = ANY($1) AND left_seq IS NULL",
                &[&users],
            )
            .await?;
            rows::all(rooms, |row| {
                let user = UserId(row.try_get("user_id")?);
                Ok((user, RoomId(row.try_get("room_id")?)))
            })
        })
        .await
    }

    async fn departures(&self, user: UserId, rooms: Vec<RoomId>) -> StoreResult<Vec<Departure>> {
        let rooms: Vec<Uuid> = rooms.into_iter().map(|room| room.0).collect();
        self.run(async |client: &mut Client| {
            let departures = statement::rows(
                client,
                "SELECT room_id, left_seq FROM room_members
                 WHERE user_id = $1 AND left_seq IS NOT NULL AND room_id = ANY($2)",
                &[&user.0, &rooms],
            )
            .await?;
            rows::all(departures, |row| {
                Ok(Departure {
                    room_id: RoomId(row.try_get("room_id")?),
                    seq: rows::seq(row, "left_seq")?,
                })
            })
        })
        .await
    }

    async fn add(&self, new: &NewMember) -> StoreResult<RoomEvent> {
        self.change(async |transaction: &Transaction<'_>| {
            let public: bool = log::lock(transaction, new.room_id)
                .await?
                .try_get("is_public")?;
            let (by, role) = roles(transaction, new.room_id, new.by, new.user_id).await?;
            let lets_in = by >= Some(Role::Admin) || (public && new.by == new.user_id);
            if !lets_in {
                return Err(StoreError::Denied.into());
            }
            if role.is_some() {
                return Err(StoreError::Conflict(Conflict::AlreadyMember).into());
            }
            let seq = join(transaction, new).await?;
            log::event(transaction, new.room_id, seq).await
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
        self.change(async |transaction: &Transaction<'_>| {
            log::lock(transaction, room).await?;
            let renamed = execute(
                transaction,
                "UPDATE users SET username = $3, name = $3, updated_at = $4
                 WHERE id = $2 AND guest_id IS NOT NULL
                   AND EXISTS (SELECT 1 FROM room_members
                               WHERE room_id = $1 AND user_id = $2 AND left_seq IS NULL)",
                &[&room.0, &guest.0, &name.as_str(), &at],
            )
            .await?;
            if renamed == 0 {
                return Err(StoreError::NotFound.into());
            }
            let entry = Entry::MemberRenamed(guest);
            let seq = log::record(transaction, room, guest, at, entry).await?;
            log::event(transaction, room, seq).await
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
        self.run(async |client: &mut Client| {
            let guests = statement::rows(
                client,
                "SELECT m.room_id, m.user_id FROM room_members m
                 WHERE m.room_id IN (SELECT id FROM rooms WHERE guests) AND m.left_seq IS NULL
                   AND (m.room_id, m.user_id) > ($1, $2)
                   AND EXISTS (SELECT 1 FROM users u WHERE u.id = m.user_id AND u.guest_id IS NOT NULL)
                 ORDER BY m.room_id, m.user_id
                 LIMIT $3",
                &[&room, &user, &i64::from(limit)],
            )
            .await?;
            rows::all(guests, |row| {
                let room = RoomId(row.try_get("room_id")?);
                Ok((room, UserId(row.try_get("user_id")?)))
            })
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
        self.change(async |transaction: &Transaction<'_>| {
            log::lock(transaction, room).await?;
            let (above, role) = roles(transaction, room, by, user).await?;
            let role = role.ok_or(StoreError::NotFound)?;
            let may = by == user
                || above > Some(role)
                || (user.is_guest() && moderation::moderates(transaction, room, by).await?);
            if role == Role::Owner || !may {
                return Err(StoreError::Denied.into());
            }
            let seq = log::record(transaction, room, by, at, Entry::MemberLeft(user)).await?;
            execute(
                transaction,
                "UPDATE room_members SET left_seq = $3 WHERE room_id = $1 AND user_id = $2",
                &[&room.0, &user.0, &number(seq)],
            )
            .await?;
            log::event(transaction, room, seq).await
        })
        .await
    }
}

/// How many are in the room.
pub(super) async fn count(client: &impl GenericClient, room: RoomId) -> Result<i64, Fault> {
    let count = "SELECT count(*) FROM room_members WHERE room_id = $1 AND left_seq IS NULL";
    let found = row(client, count, &[&room.0]).await?;
    Ok(found.ok_or(StoreError::NotFound)?.try_get("count")?)
}

pub(super) async fn list(client: &impl GenericClient, room: RoomId) -> Result<Vec<Member>, Fault> {
    let members = statement::rows(
        client,
        "SELECT m.user_id, m.role, m.joined_at, u.username, u.guest_id
         FROM room_members m JOIN users u ON u.id = m.user_id
         WHERE m.room_id = $1 AND m.left_seq IS NULL
         ORDER BY m.joined_seq",
        &[&room.0],
    )
    .await?;
    rows::all(members, rows::member)
}

/// What two users are in the room, each if they are in it. A deleted room has no members.
async fn roles(
    transaction: &Transaction<'_>,
    room: RoomId,
    one: UserId,
    other: UserId,
) -> Result<(Option<Role>, Option<Role>), Fault> {
    let found = row(
        transaction,
        "SELECT max(role) FILTER (WHERE user_id = $2) AS one, max(role) FILTER (WHERE user_id = $3) AS other
         FROM room_members WHERE room_id = $1 AND user_id IN ($2, $3) AND left_seq IS NULL",
        &[&room.0, &one.0, &other.0],
    )
    .await?;
    match found {
        Some(row) => Ok((
            rows::some_role(&row, "one")?,
            rows::some_role(&row, "other")?,
        )),
        None => Ok((None, None)),
    }
}

/// Lets somebody in without asking whether they may come. Who was in the room before finds their marks again. The room is
/// locked.
async fn join(transaction: &Transaction<'_>, new: &NewMember) -> Result<Seq, Fault> {
    let joined = row(
        transaction,
        "WITH counted AS (
             UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1 AND deleted_at IS NULL RETURNING id, last_seq
         ), recorded AS (
             INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, role, at, count)
             SELECT id, last_seq, 'member_joined', $2, $3, $4, $5,
                    1 + (SELECT count(*) FROM room_members WHERE room_id = $1 AND left_seq IS NULL)
             FROM counted
         )
         INSERT INTO room_members (room_id, user_id, role, joined_at, joined_seq)
         SELECT id, $3, $4, $5, last_seq FROM counted
         ON CONFLICT (room_id, user_id) DO UPDATE
         SET role = excluded.role, joined_at = excluded.joined_at, joined_seq = excluded.joined_seq,
             left_seq = NULL
         RETURNING joined_seq",
        &[
            &new.room_id.0,
            &new.by.0,
            &new.user_id.0,
            &rows::role_text(new.role),
            &new.at,
        ],
    )
    .await?;
    rows::seq(&joined.ok_or(StoreError::NotFound)?, "joined_seq")
}
