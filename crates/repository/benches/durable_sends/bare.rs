//! The same rows, as fast as the database takes them from one loop.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use testkit::sample;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::senders::Measured;

pub fn sqlite(path: &Path, batch: usize, time: Duration) -> Measured {
    let connection = Connection::open(path).expect("SQLite");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;",
        )
        .expect("pragmas");
    let run = |sql: &str| {
        let mut statement = connection.prepare_cached(sql).expect("a statement");
        statement.execute([]).expect("it runs");
    };
    let (room, user) = (sample::id(), sample::id());
    connection
        .execute(
            "INSERT INTO rooms (id, name, description, is_group, visibility, created_by, created_at)
             VALUES (?1, 'bare', '', 1, 'private', ?2, 0)",
            [room, user],
        )
        .expect("a room");
    let text = "x".repeat(200);
    let (mut seq, mut latencies) = (0_i64, Vec::new());
    let begin = Instant::now();
    while begin.elapsed() < time {
        let asked = Instant::now();
        run("BEGIN IMMEDIATE");
        for _ in 0..batch {
            seq += 1;
            let id = sample::id();
            connection
                .prepare_cached(
                    "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, client_msg_id,
                         created_at, updated_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, '[]', ?6, 0, 0)",
                )
                .and_then(|mut s| s.execute(params![id, room, seq, user, text, id.to_string()]))
                .expect("a message");
            connection
                .prepare_cached(
                    "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
                     VALUES (?1, ?2, 'message_sent', ?3, ?4, 0)",
                )
                .and_then(|mut s| s.execute(params![room, seq, user, id]))
                .expect("an event");
        }
        connection
            .prepare_cached("UPDATE rooms SET last_seq = ?2 WHERE id = ?1")
            .and_then(|mut s| s.execute(params![room, seq]))
            .expect("the counter");
        run("COMMIT");
        latencies.push(asked.elapsed());
    }
    Measured::of(latencies.len() * batch, begin.elapsed(), latencies)
}

const ROWS: &str = "WITH message AS (
        INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, client_msg_id, created_at, updated_at)
        SELECT i.id, $2, $3 + i.n, $4, $5, '[]', i.id::text, now(), now()
        FROM unnest($1::uuid[]) WITH ORDINALITY AS i (id, n)
    ), event AS (
        INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
        SELECT $2, $3 + i.n, 'message_sent', $4, i.id, now()
        FROM unnest($1::uuid[]) WITH ORDINALITY AS i (id, n)
    )
    UPDATE rooms SET last_seq = $3 + cardinality($1::uuid[]) WHERE id = $2";

/// One statement is one commit.
pub async fn postgres(dsn: &str, batch: usize, time: Duration) -> Measured {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await.expect("Postgres");
    let connection = tokio::spawn(connection);
    let (room, user) = (sample::id(), sample::id());
    client
        .execute(
            "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
             VALUES ($1, 'b', $2, 'b', $2, '', 'OFFLINE', now(), now())",
            &[&user, &user.to_string()],
        )
        .await
        .expect("an account");
    client
        .execute(
            "INSERT INTO rooms (id, name, description, is_group, visibility, created_by, created_at)
             VALUES ($1, 'bare', '', true, 'private', $2, now())",
            &[&room, &user],
        )
        .await
        .expect("a room");
    let statement = client.prepare(ROWS).await.expect("a statement");
    let text = "x".repeat(200);
    let (mut seq, mut latencies) = (0_i64, Vec::new());
    let begin = Instant::now();
    while begin.elapsed() < time {
        let asked = Instant::now();
        let ids: Vec<Uuid> = (0..batch).map(|_| sample::id()).collect();
        client
            .execute(&statement, &[&ids, &room, &seq, &user, &text])
            .await
            .expect("rows");
        seq += i64::try_from(batch).expect("a small number");
        latencies.push(asked.elapsed());
    }
    drop(client);
    connection.await.expect("no panic").expect("no error");
    Measured::of(latencies.len() * batch, begin.elapsed(), latencies)
}
