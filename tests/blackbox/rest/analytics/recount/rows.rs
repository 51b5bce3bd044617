//! Messages that are written past the node.

use rusqlite::Connection;
use tempfile::TempDir;

use super::{People, Said};
use crate::{fleet::rig::Fleet, server::Start};

/// How many rows one statement adds: psql takes it as an argument.
const ROWS: usize = 200;

/// The database, past the node.
pub enum Rows {
    /// In its folder.
    Sqlite(TempDir),
    Postgres(Fleet),
}

impl Rows {
    /// A node over it, to be started.
    pub fn node(&self) -> Start {
        let node = match self {
            Self::Sqlite(folder) => Start::default().in_folder(folder.path()),
            Self::Postgres(fleet) => fleet.node().with("DB_STATEMENT_TIMEOUT", "30s"),
        };
        node.with("RATE_REST_USER", "off")
            .with("RATE_REGISTER_IP", "off")
    }

    fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("data/chatterstack.db");
                Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            Self::Postgres(fleet) => drop(fleet.query(sql)),
        }
    }

    fn id(&self, id: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    fn time(&self, at: i64) -> String {
        match self {
            Self::Sqlite(_) => at.to_string(),
            Self::Postgres(_) => {
                format!("timestamptz 'epoch' + {at} * interval '1 microsecond'")
            }
        }
    }

    /// Adds what was said to the rooms and to their logs, which stood here.
    pub fn add(&self, people: &People, said: &[Said], mut last: Vec<i64>) {
        for (chunk, said) in said.chunks(ROWS).enumerate() {
            let (mut messages, mut events) = (Vec::new(), Vec::new());
            for (place, said) in said.iter().enumerate() {
                last[said.room] += 1;
                let id = self.id(&message(chunk * ROWS + place));
                let room = self.id(&people.rooms[said.room]);
                let sender = self.id(people.users[said.sender].id());
                let (seq, at) = (last[said.room], self.time(said.at));
                messages.push(format!(
                    "({id}, {room}, {seq}, {sender}, 'x', '[]', {at}, {at})"
                ));
                events.push(format!(
                    "({room}, {seq}, 'message_sent', {sender}, {id}, {at})"
                ));
            }
            self.run(&format!(
                "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at) VALUES {};
                 INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at) VALUES {};",
                messages.join(", "),
                events.join(", "),
            ));
        }
        for (room, last) in people.rooms.iter().zip(last) {
            let room = self.id(room);
            self.run(&format!(
                "UPDATE rooms SET last_seq = {last} WHERE id = {room}"
            ));
        }
    }
}

pub fn message(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}
