//! How much is said where, counted from the logs.

use async_trait::async_trait;
use deadpool_postgres::{Client, Transaction};
use domain::{
    ActivityPoint, HourActivity, RoomActivity, RoomId, Span, StoreResult, Timestamp, UserActivity,
    UserId, ports::ActivityStore,
};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    Postgres,
    fault::Fault,
    rows,
    statement::{self, execute, row},
};
use crate::columns::{clamped, gone_apart, interval_number, rows_of, take_from_each};

#[async_trait]
impl ActivityStore for Postgres {
    async fn count_on(&self, limit: u32) -> StoreResult<bool> {
        self.change(async |transaction: &Transaction<'_>| count(transaction, limit).await)
            .await
    }

    async fn start_anew(&self) -> StoreResult<()> {
        self.change(async |transaction: &Transaction<'_>| {
            execute(transaction, LOCK, &[&COUNTER]).await?;
            execute(transaction, "DELETE FROM activity", &[]).await?;
            execute(transaction, "DELETE FROM activity_positions", &[]).await?;
            Ok(())
        })
        .await
    }

    async fn series(&self, span: &Span) -> StoreResult<Vec<ActivityPoint>> {
        let sql =
            "SELECT bucket, sum(messages)::bigint AS messages, count(DISTINCT user_id) AS senders
                   FROM activity WHERE {span} GROUP BY bucket ORDER BY bucket";
        self.spanning(span, sql, None, |row| {
            Ok(ActivityPoint {
                at: row.try_get("bucket")?,
                messages: rows::count(row, "messages")?,
                senders: rows::count(row, "senders")?,
            })
        })
        .await
    }

    async fn totals(&self, span: &Span) -> StoreResult<(u64, u64)> {
        let sql = "SELECT coalesce(sum(messages), 0)::bigint AS messages, count(DISTINCT user_id) AS senders
                   FROM activity WHERE {span}";
        let found = self
            .spanning(span, sql, None, |row| {
                Ok((rows::count(row, "messages")?, rows::count(row, "senders")?))
            })
            .await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    async fn top_rooms(&self, span: &Span, limit: u32) -> StoreResult<Vec<RoomActivity>> {
        let sql = "SELECT a.*, CASE WHEN r.visibility = 'public' THEN r.name END AS name, r.visibility
                   FROM (SELECT room_id, sum(messages)::bigint AS messages, count(DISTINCT user_id) AS senders
                         FROM activity WHERE {span} GROUP BY room_id
                         ORDER BY messages DESC, room_id LIMIT $4) a
                   JOIN rooms r ON r.id = a.room_id
                   ORDER BY a.messages DESC, a.room_id";
        self.spanning(span, sql, Some(limit), |row| {
            Ok(RoomActivity {
                room_id: RoomId(row.try_get("room_id")?),
                name: rows::some_value(row, "name")?,
                visibility: rows::visibility(row)?,
                messages: rows::count(row, "messages")?,
                senders: rows::count(row, "senders")?,
            })
        })
        .await
    }

    async fn top_users(&self, span: &Span, limit: u32) -> StoreResult<Vec<UserActivity>> {
        let sql = "SELECT a.*, u.username, u.guest_id
                   FROM (SELECT user_id, sum(messages)::bigint AS messages
                         FROM activity WHERE {span} GROUP BY user_id
                         ORDER BY messages DESC, user_id LIMIT $4) a
                   JOIN users u ON u.id = a.user_id
                   ORDER BY a.messages DESC, a.user_id";
        self.spanning(span, sql, Some(limit), |row| {
            Ok(UserActivity {
                user_id: UserId(row.try_get("user_id")?),
                username: rows::value(row, "username")?,
                guest_id: rows::some_value(row, "guest_id")?,
                messages: rows::count(row, "messages")?,
            })
        })
        .await
    }

    async fn busiest_hours(&self, span: &Span) -> StoreResult<Vec<HourActivity>> {
        let sql = "SELECT extract(hour FROM bucket AT TIME ZONE 'UTC')::bigint AS hour, sum(messages)::bigint AS messages
                   FROM activity WHERE {span} GROUP BY 1 ORDER BY 1";
        self.spanning(span, sql, None, |row| {
            Ok(HourActivity {
                hour: u8::try_from(rows::count(row, "hour")?).unwrap_or_default(),
                messages: rows::count(row, "messages")?,
            })
        })
        .await
    }

    async fn new_accounts(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64> {
        self.run(async |client: &mut Client| {
            let sql = "SELECT count(*) FROM users
                 WHERE created_at >= $1 AND created_at < $2 AND guest_id IS NULL AND password_hash <> ''";
            match row(client, sql, &[&from, &to]).await? {
                Some(found) => rows::count(&found, "count"),
                None => Ok(0),
            }
        })
        .await
    }
}

impl Postgres {
    /// The rows of a query about a span, which stands in it as `{span}`; the limit is its fourth parameter.
    async fn spanning<T: Send + 'static>(
        &self,
        span: &Span,
        sql: &'static str,
        limit: Option<u32>,
        each: fn(&Row) -> Result<T, Fault>,
    ) -> StoreResult<Vec<T>> {
        let unit = interval_number(span.interval);
        let limit = limit.map(i64::from);
        let room = span.room.map(|room| room.0);
        let mut condition = "unit = $1 AND bucket >= $2 AND bucket < $3".to_owned();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&unit, &span.from, &span.to];
        if let Some(limit) = &limit {
            values.push(limit);
        }
        if let Some(room) = &room {
            values.push(room);
            condition += &format!(" AND room_id = ${}", values.len());
        }
        let sql = sql.replace("{span}", &condition);
        self.run(async |client: &mut Client| {
            let found = statement::rows(client, &sql, &values).await?;
            rows::all(found, each)
        })
        .await
    }
}

/// One node counts at a time, and the others wait for it.
const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";
const COUNTER: i64 = 0x6163_7469_7669_7479;

/// How many rooms one call looks at.
const ROOMS: usize = 256;

async fn count(transaction: &Transaction<'_>, limit: u32) -> Result<bool, Fault> {
    execute(transaction, LOCK, &[&COUNTER]).await?;
    let behind = statement::rows(
        transaction,
        "SELECT r.id, coalesce(p.seq, 0) AS seq, r.last_seq, r.deleted_at IS NOT NULL AS is_gone
         FROM rooms r LEFT JOIN activity_positions p ON p.room_id = r.id
         WHERE r.last_seq > coalesce(p.seq, 0)
         LIMIT $1",
        &[&(ROOMS as i64)],
    )
    .await?;
    let standing = rows::all(behind, |row| {
        let room: Uuid = row.try_get("id")?;
        let (seq, last) = (rows::count(row, "seq")?, rows::count(row, "last_seq")?);
        Ok((row.try_get("is_gone")?, (room, seq, last)))
    })?;
    if standing.is_empty() {
        return Ok(false);
    }
    let may_be_more = standing.len() >= ROOMS;
    let (gone, standing) = gone_apart(standing);
    if !gone.is_empty() {
        let (rooms, _, ends) = in_columns(&gone);
        let most = rows_of(limit);
        let values: [&(dyn ToSql + Sync); 2] = [&rooms, &clamped(most)];
        if execute(transaction, FORGET_GONE, &values).await? < most {
            execute(transaction, MOVE_ON, &[&rooms, &ends]).await?;
        }
        return Ok(true);
    }
    let (todo, taken) = take_from_each(standing, limit);
    let (rooms, after, upto) = in_columns(&todo);
    execute(transaction, COUNT, &[&rooms, &after, &upto]).await?;
    execute(transaction, "DELETE FROM activity WHERE messages = 0", &[]).await?;
    execute(transaction, MOVE_ON, &[&rooms, &upto]).await?;
    Ok(may_be_more || taken >= u64::from(limit))
}

fn in_columns(todo: &[(Uuid, u64, u64)]) -> (Vec<Uuid>, Vec<i64>, Vec<i64>) {
    let rooms = todo.iter().map(|(room, ..)| *room);
    let after = todo.iter().map(|(_, after, _)| clamped(*after));
    let upto = todo.iter().map(|(.., upto)| clamped(*upto));
    (rooms.collect(), after.collect(), upto.collect())
}

/// A message counts when it is sent, and counts no more when it is deleted; where, is what it says itself.
const COUNT: &str = "INSERT INTO activity (unit, bucket, room_id, user_id, messages)
    SELECT u.unit, date_bin(u.length, m.created_at, '1970-01-01Z'), t.room_id, m.sender_id,
           sum(CASE e.kind WHEN 'message_sent' THEN 1 ELSE -1 END)
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS t (room_id, after, upto)
    JOIN room_events e ON e.room_id = t.room_id AND e.seq > t.after AND e.seq <= t.upto
    JOIN messages m ON m.id = e.subject_id
    CROSS JOIN (VALUES (0::smallint, interval '1 minute'), (1::smallint, interval '1 hour'), (2::smallint, interval '1 day'))
        AS u (unit, length)
    WHERE e.kind IN ('message_sent', 'message_deleted')
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (unit, bucket, room_id, user_id) DO UPDATE SET messages = activity.messages + excluded.messages";

/// By where the rows lie, which only moves under the lock.
const FORGET_GONE: &str = "DELETE FROM activity WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM activity WHERE room_id = ANY ($1) LIMIT $2))";

const MOVE_ON: &str = "INSERT INTO activity_positions (room_id, seq)
    SELECT * FROM unnest($1::uuid[], $2::bigint[])
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq";
