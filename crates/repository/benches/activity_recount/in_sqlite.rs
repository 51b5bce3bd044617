//! Rows and recounts by plain SQL over SQLite, past the adapter.

use std::path::Path;

use rusqlite::{Connection, Row, ToSql, named_params, params};
use uuid::Uuid;

use crate::{
    answers::{Answers, INTERVALS, RANKED},
    world::{self, Chapter, ROOMS, USERS, World},
};

pub struct Plain(Connection);

impl Plain {
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("SQLite");
        let pragmas =
            "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000;";
        connection.execute_batch(pragmas).expect("pragmas");
        Self(connection)
    }

    pub fn people(&mut self) {
        let all = self.0.transaction().expect("a transaction");
        for number in 0..USERS {
            let (id, name) = (world::user(number), format!("user {number}"));
            let address = format!("u{number}@example.org");
            all.prepare_cached(
                "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
                 VALUES (?1, ?2, ?2, ?2, ?3, '$argon2id', 'OFFLINE', ?4, ?4)",
            )
            .and_then(|mut it| it.execute(params![id, name, address, world::user_made(number)]))
            .expect("an account");
        }
        for number in 0..ROOMS {
            let visibility = if number % 2 == 0 { "public" } else { "private" };
            all.prepare_cached(
                "INSERT INTO rooms (id, name, description, is_group, visibility, created_by, created_at)
                 VALUES (?1, 'room', '', 1, ?2, ?3, 0)",
            )
            .and_then(|mut it| {
                it.execute(params![world::room(number), visibility, world::user(0)])
            })
            .expect("a room");
        }
        all.commit().expect("a commit");
    }

    pub fn add(&mut self, world: &World, chapter: &Chapter) {
        let all = self.0.transaction().expect("a transaction");
        for (number, sent) in world.messages.iter().enumerate().skip(chapter.first) {
            let deleted_at = sent.is_deleted.then_some(sent.at);
            let (id, room) = (world::message(number), world::room(sent.room));
            all.prepare_cached(
                "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at, deleted_at)
                 VALUES (?1, ?2, ?3, ?4, 'x', '[]', ?5, ?5, ?6)",
            )
            .and_then(|mut it| {
                it.execute(params![id, room, sent.seq, world::user(sent.sender), sent.at, deleted_at])
            })
            .expect("a message");
        }
        for event in &chapter.events {
            let (room, actor) = (world::room(event.room), world::user(event.actor));
            all.prepare_cached(
                "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .and_then(|mut it| {
                it.execute(params![
                    room,
                    event.seq,
                    event.kind,
                    actor,
                    event.subject,
                    event.at
                ])
            })
            .expect("an event");
        }
        for id in &chapter.struck {
            all.prepare_cached("UPDATE messages SET deleted_at = 1 WHERE id = ?1")
                .and_then(|mut it| it.execute([id]))
                .expect("a deletion");
        }
        for (number, last) in world.last.iter().enumerate() {
            all.prepare_cached("UPDATE rooms SET last_seq = ?2 WHERE id = ?1")
                .and_then(|mut it| it.execute(params![world::room(number), last]))
                .expect("a counter");
        }
        if let Some(gone) = chapter.gone {
            let sql = "UPDATE rooms SET deleted_at = 1 WHERE id = ?1";
            all.execute(sql, [world::room(gone)]).expect("a deletion");
        }
        all.commit().expect("a commit");
        self.0.execute_batch("ANALYZE").expect("statistics");
    }

    pub fn recount(&self, room: Option<Uuid>) -> Answers {
        let series = |length: i64| {
            self.rows(
                room,
                &format!("m.created_at / {length} * {length}"),
                "count(*), count(DISTINCT m.sender_id)",
                "ORDER BY 1",
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        };
        let ranked = format!("ORDER BY 2 DESC, 1 LIMIT {RANKED}");
        let totals = self.rows(
            room,
            "0",
            "count(*), count(DISTINCT m.sender_id)",
            "",
            |row| Ok((row.get(1)?, row.get(2)?)),
        );
        let accounts = self.0.query_row(
            "SELECT count(*) FROM users WHERE password_hash <> '' AND created_at >= ?1 AND created_at < ?2",
            [
                world::begin().as_microsecond(),
                world::end().as_microsecond(),
            ],
            |row| row.get(0),
        );
        Answers {
            series: INTERVALS
                .map(|interval| series(interval.seconds() * 1_000_000))
                .to_vec(),
            totals: totals.into_iter().next().unwrap_or_default(),
            rooms: self.rows(
                room,
                "m.room_id",
                "count(*), count(DISTINCT m.sender_id)",
                &ranked,
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            ),
            users: self.rows(room, "m.sender_id", "count(*)", &ranked, |row| {
                Ok((row.get(0)?, row.get(1)?))
            }),
            hours: self.rows(
                room,
                "m.created_at / 3600000000 % 24",
                "count(*)",
                "ORDER BY 1",
                |row| Ok((row.get(0)?, row.get(1)?)),
            ),
            accounts: accounts.expect("a count"),
        }
    }

    /// What stands, in groups.
    fn rows<T>(
        &self,
        room: Option<Uuid>,
        by: &str,
        columns: &str,
        order: &str,
        each: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let here = room.map_or("", |_| "AND m.room_id = :room");
        let sql = format!(
            "SELECT {by}, {columns} FROM messages m JOIN rooms r ON r.id = m.room_id
             WHERE m.deleted_at IS NULL AND r.deleted_at IS NULL {here} GROUP BY 1 {order}"
        );
        let named: &[(&str, &dyn ToSql)] = named_params! {":room": room};
        let mut statement = self.0.prepare(&sql).expect("a statement");
        let found = statement.query_map(if room.is_some() { named } else { &[] }, each);
        let found = found.expect("an answer").collect::<Result<_, _>>();
        found.expect("rows")
    }
}
