use domain::{Message, RoomId, UserId, values::SearchTerm};
use rusqlite::{Connection, params};

use super::{fault::Fault, messages::messages};

/// The index knows runs of three characters; a shorter word is looked for in the text itself.
const RUN: usize = 3;

/// CROSS JOIN keeps the order of the tables: only the rooms of the user are gone through.
pub(super) const SCANNED: &str = "SELECT * FROM shown_messages WHERE arrival IN (
                 SELECT m.arrival FROM room_members p CROSS JOIN messages m ON m.room_id = p.room_id
                 WHERE p.user_id = ?1 AND p.left_seq IS NULL AND (?2 IS NULL OR p.room_id = ?2)
                   AND m.deleted_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM json_each(?3) word
                                   WHERE instr(lower(m.content), lower(word.value)) = 0)
                 ORDER BY m.arrival DESC LIMIT ?4
             )
             ORDER BY arrival DESC";

/// The index is gone through from its newest entry on, until the page is full.
pub(super) const INDEXED: &str = "SELECT * FROM shown_messages WHERE arrival IN (
             SELECT f.rowid FROM messages_fts f CROSS JOIN messages m ON m.arrival = f.rowid
             WHERE f.content MATCH ?5
               AND m.room_id IN (SELECT p.room_id FROM room_members p
                                 WHERE p.user_id = ?1 AND p.left_seq IS NULL AND (?2 IS NULL OR p.room_id = ?2))
               AND m.deleted_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM json_each(?3) word
                               WHERE instr(lower(m.content), lower(word.value)) = 0)
             ORDER BY f.rowid DESC LIMIT ?4
         )
         ORDER BY arrival DESC";

pub(super) fn newest(
    connection: &Connection,
    user: UserId,
    room: Option<RoomId>,
    term: &SearchTerm,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    let (long, short): (Vec<&str>, Vec<&str>) = term
        .as_str()
        .split_whitespace()
        .partition(|word| word.chars().count() >= RUN);
    let room = room.map(|room| room.0);
    let short = serde_json::to_string(&short)?;
    if long.is_empty() {
        return messages(connection, SCANNED, params![user.0, room, short, limit]);
    }
    messages(
        connection,
        INDEXED,
        params![user.0, room, short, limit, phrases(&long)],
    )
}

/// Each word as a quoted phrase, so that no character of it is an operator of the query language.
fn phrases(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
        .collect::<Vec<_>>()
        .join(" AND ")
}
