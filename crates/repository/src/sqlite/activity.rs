//! How much is said where, counted from the logs.

use async_trait::async_trait;
use domain::{
    ActivityPoint, HourActivity, RoomActivity, RoomId, Span, StoreResult, Timestamp, UserActivity,
    UserId, ports::ActivityStore,
};
use rusqlite::{Connection, Row, named_params, params};
use uuid::Uuid;

use super::{
    Sqlite,
    fault::Fault,
    rows::{self, micros},
};
use crate::columns::{gone_apart, interval_number, rows_of, take_from_each};

#[async_trait]
impl ActivityStore for Sqlite {
    async fn count_on(&self, limit: u32) -> StoreResult<bool> {
        // Looked for beside the writer, which everybody waits for; what it finds is looked at again by the writer.
        let behind = self.read(behind).await?;
        if behind.is_empty() {
            return Ok(false);
        }
        self.write(move |connection| count(connection, &behind, limit))
            .await
    }

    async fn start_anew(&self) -> StoreResult<()> {
        self.write(|connection| {
            connection.execute("DELETE FROM activity", [])?;
            connection.execute("DELETE FROM activity_positions", [])?;
            Ok(())
        })
        .await
    }

    async fn series(&self, span: &Span) -> StoreResult<Vec<ActivityPoint>> {
        let sql = "SELECT bucket, sum(messages) AS messages, count(DISTINCT user_id) AS senders
                   FROM activity WHERE {span} GROUP BY bucket ORDER BY bucket";
        self.spanning(span, sql, None, |row| {
            Ok(ActivityPoint {
                at: rows::time(row, "bucket")?,
                messages: row.get("messages")?,
                senders: row.get("senders")?,
            })
        })
        .await
    }

    async fn totals(&self, span: &Span) -> StoreResult<(u64, u64)> {
        let sql =
            "SELECT coalesce(sum(messages), 0) AS messages, count(DISTINCT user_id) AS senders
                   FROM activity WHERE {span}";
        let found = self
            .spanning(span, sql, None, |row| {
                Ok((row.get("messages")?, row.get("senders")?))
            })
            .await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    async fn top_rooms(&self, span: &Span, limit: u32) -> StoreResult<Vec<RoomActivity>> {
        let sql = "SELECT a.*, iif(r.visibility = 'public', r.name, NULL) AS name, r.visibility
                   FROM (SELECT room_id, sum(messages) AS messages, count(DISTINCT user_id) AS senders
                         FROM activity WHERE {span} GROUP BY room_id
                         ORDER BY messages DESC, room_id LIMIT :limit) a
                   JOIN rooms r ON r.id = a.room_id
                   ORDER BY a.messages DESC, a.room_id";
        self.spanning(span, sql, Some(limit), |row| {
            Ok(RoomActivity {
                room_id: RoomId(row.get("room_id")?),
                name: rows::some_value(row, "name")?,
                visibility: rows::visibility(row)?,
                messages: row.get("messages")?,
                senders: row.get("senders")?,
            })
        })
        .await
    }

    async fn top_users(&self, span: &Span, limit: u32) -> StoreResult<Vec<UserActivity>> {
        let sql = "SELECT a.*, u.username, u.guest_id
                   FROM (SELECT user_id, sum(messages) AS messages
                         FROM activity WHERE {span} GROUP BY user_id
                         ORDER BY messages DESC, user_id LIMIT :limit) a
                   JOIN users u ON u.id = a.user_id
                   ORDER BY a.messages DESC, a.user_id";
        self.spanning(span, sql, Some(limit), |row| {
            Ok(UserActivity {
                user_id: UserId(row.get("user_id")?),
                username: rows::value(row, "username")?,
                guest_id: rows::some_value(row, "guest_id")?,
                messages: row.get("messages")?,
            })
        })
        .await
    }

    async fn busiest_hours(&self, span: &Span) -> StoreResult<Vec<HourActivity>> {
        let sql = "SELECT bucket / 3600000000 % 24 AS hour, sum(messages) AS messages
                   FROM activity WHERE {span} GROUP BY 1 ORDER BY 1";
        self.spanning(span, sql, None, |row| {
            Ok(HourActivity {
                hour: row.get("hour")?,
                messages: row.get("messages")?,
            })
        })
        .await
    }

    async fn new_accounts(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT count(*) FROM users
                     WHERE created_at >= ?1 AND created_at < ?2 AND guest_id IS NULL AND password_hash <> ''",
                )?
                .query_row(params![micros(from), micros(to)], |row| row.get(0))?)
        })
        .await
    }
}

impl Sqlite {
    /// The rows of a query about a span, which stands in it as `{span}`.
    async fn spanning<T: Send + 'static>(
        &self,
        span: &Span,
        sql: &'static str,
        limit: Option<u32>,
        each: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Vec<T>> {
        let span = *span;
        // Two texts for each query, so that each has a plan of its own.
        let of_span = "unit = :unit AND bucket >= :from AND bucket < :to";
        let sql = match span.room {
            None => sql.replace("{span}", of_span),
            Some(_) => sql.replace("{span}", &format!("{of_span} AND room_id = :room")),
        };
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let (from, to) = (micros(span.from), micros(span.to));
            let mut values: Vec<(&str, &dyn rusqlite::ToSql)> = Vec::new();
            let unit = interval_number(span.interval);
            values.extend(named_params! {":unit": unit, ":from": from, ":to": to});
            let room = span.room.map(|room| room.0);
            if room.is_some() {
                values.push((":room", &room));
            }
            if limit.is_some() {
                values.push((":limit", &limit));
            }
            let found = statement.query_map(values.as_slice(), each)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// How many rooms one call looks at.
const ROOMS: u32 = 256;

/// Rooms whose logs were not counted to their ends.
fn behind(connection: &Connection) -> Result<Vec<RoomId>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id FROM rooms r LEFT JOIN activity_positions p ON p.room_id = r.id
         WHERE r.last_seq > coalesce(p.seq, 0)
         LIMIT ?1",
    )?;
    let rooms = statement.query_map([ROOMS], |row| row.get("id").map(RoomId))?;
    Ok(rooms.collect::<Result<_, _>>()?)
}

fn count(connection: &Connection, rooms: &[RoomId], limit: u32) -> Result<bool, Fault> {
    let ids = rows::id_list(rooms.iter().map(|room| room.0));
    let mut statement = connection.prepare_cached(
        "SELECT lower(hex(r.id)) AS id, coalesce(p.seq, 0) AS seq, r.last_seq, r.deleted_at IS NOT NULL AS is_gone
         FROM rooms r LEFT JOIN activity_positions p ON p.room_id = r.id
         WHERE r.id IN (SELECT unhex(value) FROM json_each(?1)) AND r.last_seq > coalesce(p.seq, 0)",
    )?;
    let standing = statement.query_map([ids], |row| {
        let id: String = row.get("id")?;
        let is_gone: bool = row.get("is_gone")?;
        Ok((is_gone, (id, row.get("seq")?, row.get("last_seq")?)))
    })?;
    let standing: Vec<(bool, (String, u64, u64))> = standing.collect::<Result<_, _>>()?;
    let (gone, standing) = gone_apart(standing);
    if !gone.is_empty() {
        let gone = serde_json::to_string(&gone)?;
        if forget(connection, &gone, rows_of(limit))? {
            connection.prepare_cached(MOVE_ON)?.execute([&gone])?;
        }
        return Ok(true);
    }
    let (todo, taken) = take_from_each(standing, limit);
    let todo = serde_json::to_string(&todo)?;
    connection.prepare_cached(COUNT)?.execute([&todo])?;
    connection.prepare_cached(FORGET_EMPTY)?.execute([])?;
    connection.prepare_cached(MOVE_ON)?.execute([&todo])?;
    Ok(rooms.len() >= ROOMS as usize || taken >= u64::from(limit))
}

/// Forgets so many rows of these rooms, and answers true when none is left.
fn forget(connection: &Connection, rooms: &str, most: u64) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT a.unit, a.bucket, a.room_id, a.user_id
         FROM json_each(?1) CROSS JOIN activity a ON a.room_id = unhex(value ->> 0)
         LIMIT ?2",
    )?;
    let keys = statement.query_map(params![rooms, most], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let keys: Vec<(i16, i64, Uuid, Uuid)> = keys.collect::<Result<_, _>>()?;
    // Row by row, because SQLite looks a list of such keys up by a part of them.
    let mut delete = connection.prepare_cached(
        "DELETE FROM activity WHERE unit = ?1 AND bucket = ?2 AND room_id = ?3 AND user_id = ?4",
    )?;
    for (unit, bucket, room, user) in &keys {
        delete.execute(params![unit, bucket, room, user])?;
    }
    Ok((keys.len() as u64) < most)
}

/// A message counts when it is sent, and counts no more when it is deleted; where, is what it says itself.
const COUNT: &str = "WITH todo AS (
        SELECT unhex(value ->> 0) AS room_id, value ->> 1 AS after, value ->> 2 AS upto FROM json_each(?1)
    ), units (unit, length) AS (VALUES (0, 60000000), (1, 3600000000), (2, 86400000000))
    INSERT INTO activity (unit, bucket, room_id, user_id, messages)
    SELECT u.unit, m.created_at - m.created_at % u.length, t.room_id, m.sender_id,
           sum(iif(e.kind = 'message_sent', 1, -1))
    FROM todo t
    CROSS JOIN room_events e ON e.room_id = t.room_id AND e.seq > t.after AND e.seq <= t.upto
    CROSS JOIN messages m ON m.id = e.subject_id
    CROSS JOIN units u
    WHERE e.kind IN ('message_sent', 'message_deleted')
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (unit, bucket, room_id, user_id) DO UPDATE SET messages = messages + excluded.messages";

const FORGET_EMPTY: &str = "DELETE FROM activity WHERE messages = 0";

const MOVE_ON: &str = "INSERT INTO activity_positions (room_id, seq)
    SELECT unhex(value ->> 0), value ->> 2 FROM json_each(?1) WHERE true
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq";
