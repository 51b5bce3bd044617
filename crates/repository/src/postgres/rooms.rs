use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use domain::{
    Member, Role, Room, RoomEvent, RoomId, RoomSnapshot, StoreError, StoreResult, Timestamp,
    UserId, direct_room_name,
    ports::{NewRoom, OpenedRoom, RoomStore},
    values::RoomName,
};
use uuid::Uuid;

use super::{
    Postgres,
    fault::Fault,
    log::{self, Entry},
    making, members, moderation,
    rows::{self, number, room_columns},
    statement::{self, execute, row},
};

#[async_trait]
impl RoomStore for Postgres {
    async fn create(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        self.change(async |transaction: &Transaction<'_>| {
            let made = making::make(transaction, new, None).await?;
            Ok(made.ok_or(StoreError::NotFound)?)
        })
        .await
    }

    async fn open_direct(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        let [(peer, _)] = new.members[..] else {
            return Err(StoreError::Other("a direct room has one peer".to_owned()));
        };
        let key = direct_room_name(new.created_by, peer);
        self.change(async |transaction: &Transaction<'_>| {
            making::open(transaction, new, key.as_str()).await
        })
        .await
    }

    async fn open_public(&self, new: &NewRoom) -> StoreResult<OpenedRoom> {
        let key = rows::guests_key(&new.name);
        self.change(async |transaction: &Transaction<'_>| {
            making::open(transaction, new, &key).await
        })
        .await
    }

    async fn of_guests(&self, name: &RoomName) -> StoreResult<Option<Room>> {
        let key = rows::guests_key(name);
        self.run(async |client: &mut Client| making::by_key(client, &key).await)
            .await
    }

    async fn by_id(&self, id: RoomId) -> StoreResult<Option<Room>> {
        self.run(async |client: &mut Client| making::by_id(client, id).await)
            .await
    }

    async fn with_role(
        &self,
        id: RoomId,
        user: UserId,
    ) -> StoreResult<Option<(Room, Option<Role>)>> {
        self.run(async |client: &mut Client| {
            let found = row(
                client,
                concat!(
                    "SELECT ",
                    room_columns!(),
                    ", m.role FROM rooms r
                     LEFT JOIN room_members m ON m.room_id = r.id AND m.user_id = $2 AND m.left_seq IS NULL
                     WHERE r.id = $1 AND r.deleted_at IS NULL"
                ),
                &[&id.0, &user.0],
            )
            .await?;
            let Some(row) = found else { return Ok(None) };
            Ok(Some((rows::room(&row)?, rows::some_role(&row, "role")?)))
        })
        .await
    }

    async fn of_user<'a>(
        &self,
        user: UserId,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        let Some(part) = part(name_contains) else {
            return Ok(Vec::new());
        };
        self.run(async |client: &mut Client| {
            let rooms = statement::rows(
                client,
                concat!(
                    "SELECT ",
                    room_columns!(),
                    " FROM room_members m JOIN rooms r ON r.id = m.room_id
                      WHERE m.user_id = $1 AND m.left_seq IS NULL
                        AND strpos(lower(r.name COLLATE \"C\"), lower($2::text COLLATE \"C\")) > 0
                      ORDER BY m.joined_at DESC, m.room_id DESC
                      LIMIT $3"
                ),
                &[&user.0, &part, &i64::from(limit)],
            )
            .await?;
            rows::all(rooms, rows::room)
        })
        .await
    }

    async fn public<'a>(
        &self,
        name_contains: Option<&'a str>,
        limit: u32,
    ) -> StoreResult<Vec<Room>> {
        let Some(part) = part(name_contains) else {
            return Ok(Vec::new());
        };
        self.run(async |client: &mut Client| {
            let rooms = statement::rows(
                client,
                concat!(
                    "SELECT ",
                    room_columns!(),
                    " FROM rooms r
                      WHERE r.visibility = 'public' AND r.deleted_at IS NULL
                        AND strpos(lower(r.name COLLATE \"C\"), lower($1::text COLLATE \"C\")) > 0
                      ORDER BY r.created_at DESC, r.id DESC
                      LIMIT $2"
                ),
                &[&part, &i64::from(limit)],
            )
            .await?;
            rows::all(rooms, rows::room)
        })
        .await
    }

    async fn snapshots(
        &self,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Vec<RoomSnapshot>> {
        self.run(async |client: &mut Client| snapshots(client, user, only).await)
            .await
    }

    async fn delete(
        &self,
        id: RoomId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<(RoomEvent, Vec<Member>)> {
        self.change(async |transaction: &Transaction<'_>| {
            let room = log::lock(transaction, id).await?;
            if UserId(room.try_get("created_by")?) != by
                && !moderation::moderates(transaction, id, by).await?
            {
                return Err(StoreError::Denied.into());
            }
            let members = members::list(transaction, id).await?;
            let seq = log::record(transaction, id, by, at, Entry::RoomDeleted).await?;
            // Without its key, so that the two of a direct room can open another.
            execute(
                transaction,
                "UPDATE rooms SET deleted_at = $2, direct_key = NULL WHERE id = $1",
                &[&id.0, &at],
            )
            .await?;
            execute(
                transaction,
                "UPDATE room_members SET left_seq = $2 WHERE room_id = $1 AND left_seq IS NULL",
                &[&id.0, &number(seq)],
            )
            .await?;
            Ok((log::event(transaction, id, seq).await?, members))
        })
        .await
    }
}

pub(super) async fn snapshots(
    client: &Client,
    user: UserId,
    only: Option<Vec<RoomId>>,
) -> Result<Vec<RoomSnapshot>, Fault> {
    let only: Option<Vec<Uuid>> = only.map(|rooms| rooms.into_iter().map(|room| room.0).collect());
    let snapshots = statement::rows(client, SNAPSHOTS, &[&user.0, &only]).await?;
    rows::all(snapshots, |row| {
        Ok(RoomSnapshot {
            room_id: RoomId(row.try_get("room_id")?),
            last_seq: rows::seq(row, "last_seq")?,
            last_read_seq: rows::seq(row, "last_read_seq")?,
            unread: rows::count(row, "unread")?,
        })
    })
}

/// One statement, so one moment. What came before the member did is not unread.
pub(super) const SNAPSHOTS: &str = "WITH places AS (
         SELECT m.room_id, m.joined_at, r.last_seq, greatest(m.last_read_seq, m.joined_seq) AS last_read_seq
         FROM room_members m JOIN rooms r ON r.id = m.room_id
         WHERE m.user_id = $1 AND m.left_seq IS NULL AND ($2::uuid[] IS NULL OR m.room_id = ANY($2))
     )
     SELECT p.room_id, p.last_seq, p.last_read_seq,
            (SELECT count(*) FROM messages x
             WHERE x.room_id = p.room_id AND x.seq > p.last_read_seq
               AND x.sender_id <> $1 AND x.deleted_at IS NULL) AS unread
     FROM places p
     ORDER BY p.joined_at DESC, p.room_id DESC";

/// What a name must contain. None when no name can: NUL is in none, and Postgres refuses it.
fn part(name_contains: Option<&str>) -> Option<&str> {
    let part = name_contains.unwrap_or_default();
    (!part.contains('\0')).then_some(part)
}
