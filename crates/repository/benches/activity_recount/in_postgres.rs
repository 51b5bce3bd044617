//! Rows and recounts by plain SQL over Postgres, past the adapter.

use domain::Timestamp;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, Row, types::ToSql};
use uuid::Uuid;

use crate::{
    answers::{Answers, INTERVALS, RANKED},
    world::{self, Chapter, Event, ROOMS, Sent, USERS, World},
};

/// How many rows one statement adds.
const ROWS: usize = 10_000;

pub struct Plain {
    client: Client,
    _connection: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Plain {
    pub async fn open(dsn: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(dsn, NoTls).await.expect("Postgres");
        let connection = tokio::spawn(connection);
        Self {
            client,
            _connection: connection,
        }
    }

    async fn run(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) {
        self.client.execute(sql, values).await.expect("a statement");
    }

    pub async fn people(&self) {
        let users: Vec<Uuid> = (0..USERS).map(world::user).collect();
        let made: Vec<Timestamp> = (0..USERS)
            .map(|number| world::time(world::user_made(number)))
            .collect();
        self.run(
            "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
             SELECT i.id, 'user ' || n, 'user ' || n, 'user ' || n, 'u' || n || '@example.org', '$argon2id', 'OFFLINE', i.at, i.at
             FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS i (id, at, n)",
            &[&users, &made],
        )
        .await;
        let rooms: Vec<Uuid> = (0..ROOMS).map(world::room).collect();
        self.run(
            "INSERT INTO rooms (id, name, description, is_group, visibility, created_by, created_at)
             SELECT i.id, 'room', '', true, CASE n % 2 WHEN 0 THEN 'public' ELSE 'private' END, $2, now()
             FROM unnest($1::uuid[]) WITH ORDINALITY AS i (id, n)",
            &[&rooms, &world::user(0)],
        )
        .await;
    }

    pub async fn add(&self, world: &World, chapter: &Chapter) {
        let mut number = chapter.first;
        for sent in world.messages[chapter.first..].chunks(ROWS) {
            self.add_messages(number, sent).await;
            number += sent.len();
        }
        for events in chapter.events.chunks(ROWS) {
            self.add_events(events).await;
        }
        self.run(
            "UPDATE messages SET deleted_at = now() WHERE id = ANY($1)",
            &[&chapter.struck],
        )
        .await;
        let rooms: Vec<Uuid> = (0..ROOMS).map(world::room).collect();
        self.run(
            "UPDATE rooms SET last_seq = i.last FROM unnest($1::uuid[], $2::bigint[]) AS i (id, last)
             WHERE rooms.id = i.id",
            &[&rooms, &world.last],
        )
        .await;
        if let Some(gone) = chapter.gone {
            let sql = "UPDATE rooms SET deleted_at = now() WHERE id = $1";
            self.run(sql, &[&world::room(gone)]).await;
        }
        self.run("ANALYZE", &[]).await;
    }

    async fn add_messages(&self, first: usize, sent: &[Sent]) {
        let ids: Vec<Uuid> = (first..first + sent.len()).map(world::message).collect();
        let rooms: Vec<Uuid> = sent.iter().map(|it| world::room(it.room)).collect();
        let seqs: Vec<i64> = sent.iter().map(|it| it.seq).collect();
        let senders: Vec<Uuid> = sent.iter().map(|it| world::user(it.sender)).collect();
        let times: Vec<Timestamp> = sent.iter().map(|it| world::time(it.at)).collect();
        let deleted: Vec<bool> = sent.iter().map(|it| it.is_deleted).collect();
        self.run(
            "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at, deleted_at)
             SELECT id, room, seq, sender, 'x', '[]', at, at, CASE WHEN deleted THEN at END
             FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::timestamptz[], $6::boolean[])
                 AS i (id, room, seq, sender, at, deleted)",
            &[&ids, &rooms, &seqs, &senders, &times, &deleted],
        )
        .await;
    }

    async fn add_events(&self, events: &[Event]) {
        let rooms: Vec<Uuid> = events.iter().map(|it| world::room(it.room)).collect();
        let seqs: Vec<i64> = events.iter().map(|it| it.seq).collect();
        let kinds: Vec<&str> = events.iter().map(|it| it.kind).collect();
        let actors: Vec<Uuid> = events.iter().map(|it| world::user(it.actor)).collect();
        let subjects: Vec<Option<Uuid>> = events.iter().map(|it| it.subject).collect();
        let times: Vec<Timestamp> = events.iter().map(|it| world::time(it.at)).collect();
        self.run(
            "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])",
            &[&rooms, &seqs, &kinds, &actors, &subjects, &times],
        )
        .await;
    }

    pub async fn recount(&self, room: Option<Uuid>) -> Answers {
        let tally = "count(*), count(DISTINCT m.sender_id)";
        // By the seconds since 1970, which no time zone can shift.
        let seconds = "extract(epoch FROM m.created_at)";
        let number = |row: &Row, column: usize| {
            let number: i64 = row.get(column);
            u64::try_from(number).expect("no less than nothing")
        };
        let mut answers = Answers::default();
        for interval in INTERVALS {
            let length = interval.seconds();
            let by = format!("floor({seconds} / {length})::bigint * {length} * 1000000");
            let points = self.rows(room, &by, tally, "ORDER BY 1").await;
            let points = points.iter();
            let points = points.map(|row| (row.get(0), number(row, 1), number(row, 2)));
            answers.series.push(points.collect());
        }
        let totals = self.rows(room, "0", tally, "").await;
        let totals = totals.first().map(|row| (number(row, 1), number(row, 2)));
        answers.totals = totals.unwrap_or_default();
        let ranked = format!("ORDER BY 2 DESC, 1 LIMIT {RANKED}");
        let rooms = self.rows(room, "m.room_id", tally, &ranked).await;
        let rooms = rooms.iter();
        answers.rooms = rooms
            .map(|row| (row.get(0), number(row, 1), number(row, 2)))
            .collect();
        let users = self.rows(room, "m.sender_id", "count(*)", &ranked).await;
        let users = users.iter().map(|row| (row.get(0), number(row, 1)));
        answers.users = users.collect();
        let by = format!("floor({seconds} / 3600)::bigint % 24");
        let hours = self.rows(room, &by, "count(*)", "ORDER BY 1").await;
        let hours = hours.iter().map(|row| {
            let hour = u8::try_from(number(row, 0)).expect("less than 24");
            (hour, number(row, 1))
        });
        answers.hours = hours.collect();
        let sql = "SELECT count(*) FROM users WHERE password_hash <> '' AND created_at >= $1 AND created_at < $2";
        let (begin, end) = (world::begin(), world::end());
        let accounts = self.client.query_one(sql, &[&begin, &end]).await;
        answers.accounts = number(&accounts.expect("a count"), 0);
        answers
    }

    /// What stands, in groups.
    async fn rows(&self, room: Option<Uuid>, by: &str, columns: &str, order: &str) -> Vec<Row> {
        let here = room.map_or("", |_| "AND m.room_id = $1");
        let sql = format!(
            "SELECT {by}, {columns} FROM messages m JOIN rooms r ON r.id = m.room_id
             WHERE m.deleted_at IS NULL AND r.deleted_at IS NULL {here} GROUP BY 1 {order}"
        );
        let found = match &room {
            Some(room) => self.client.query(&sql, &[room]).await,
            None => self.client.query(&sql, &[]).await,
        };
        found.expect("rows")
    }
}
