//! What members say of a message by an emoji.

use domain::{
    Conflict, MessageId, Reaction, ReactionCount, RoomEvent, RoomId, Seq, StoreError, Timestamp,
    UserId, ports::Appended, values::Emoji,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    fault::Fault,
    log::{Entry, Reacted, event, record},
    rows::{self, micros, number},
};

/// Adds a reaction, unless it stands there. The user is a member, and the message is there.
pub(super) fn add(
    connection: &Connection,
    room: RoomId,
    message: MessageId,
    by: UserId,
    emoji: &Emoji,
    at: Timestamp,
) -> Result<Appended, Fault> {
    if let Some(first) = standing(connection, message, by, emoji)? {
        return Ok(Appended::Repeat(event(connection, room, first)?));
    }
    let others: u32 = connection
        .prepare_cached(
            "SELECT count(*) FROM reaction_counts WHERE message_id = ?1 AND emoji <> ?2",
        )?
        .query_row(params![message.0, emoji.as_str()], |row| row.get(0))?;
    if others >= ReactionCount::MAX_PER_MESSAGE {
        return Err(StoreError::Conflict(Conflict::TooManyEmojis).into());
    }
    let count = count(connection, message, emoji)? + 1;
    let reacted = Reacted {
        message,
        emoji,
        count,
    };
    let seq = record(connection, room, by, at, Entry::ReactionAdded(reacted))?;
    connection
        .prepare_cached(
            "INSERT INTO reactions (message_id, emoji, user_id, seq, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            message.0,
            emoji.as_str(),
            by.0,
            number(seq),
            micros(at)
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO reaction_counts (message_id, emoji, count, first_seq, last_seq) VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT DO UPDATE SET count = excluded.count, last_seq = excluded.last_seq",
        )?
        .execute(params![message.0, emoji.as_str(), count, number(seq)])?;
    Ok(Appended::New(event(connection, room, seq)?))
}

/// Takes a reaction back, if it stands there. The user is a member, and the message is there.
pub(super) fn remove(
    connection: &Connection,
    room: RoomId,
    message: MessageId,
    by: UserId,
    emoji: &Emoji,
    at: Timestamp,
) -> Result<Option<RoomEvent>, Fault> {
    let removed = connection
        .prepare_cached(
            "DELETE FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3",
        )?
        .execute(params![message.0, emoji.as_str(), by.0])?;
    if removed == 0 {
        return Ok(None);
    }
    let count = count(connection, message, emoji)?.saturating_sub(1);
    let reacted = Reacted {
        message,
        emoji,
        count,
    };
    let seq = record(connection, room, by, at, Entry::ReactionRemoved(reacted))?;
    if count == 0 {
        // Whoever tries one emoji after another leaves nothing that each look at the message goes through.
        connection
            .prepare_cached("DELETE FROM reaction_counts WHERE message_id = ?1 AND emoji = ?2")?
            .execute(params![message.0, emoji.as_str()])?;
    } else {
        connection
            .prepare_cached(
                "UPDATE reaction_counts SET count = ?3, last_seq = ?4 WHERE message_id = ?1 AND emoji = ?2",
            )?
            .execute(params![message.0, emoji.as_str(), count, number(seq)])?;
    }
    Ok(Some(event(connection, room, seq)?))
}

/// Nothing of them stays with a message that is deleted.
pub(super) fn forget(connection: &Connection, message: MessageId) -> Result<(), Fault> {
    for table in [
        "DELETE FROM reactions WHERE message_id = ?1",
        "DELETE FROM reaction_counts WHERE message_id = ?1",
    ] {
        connection.prepare_cached(table)?.execute([message.0])?;
    }
    Ok(())
}

/// Those that were added after an event, the oldest first.
pub(super) fn list(
    connection: &Connection,
    room: RoomId,
    message: MessageId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Reaction>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT r.emoji, r.user_id, u.username, r.seq, r.created_at
         FROM reactions r JOIN messages m ON m.id = r.message_id JOIN users u ON u.id = r.user_id
         WHERE r.message_id = ?1 AND m.room_id = ?2 AND r.seq > ?3
         ORDER BY r.seq LIMIT ?4",
    )?;
    let reactions = statement.query_map(
        params![message.0, room.0, number(after), limit],
        rows::reaction,
    )?;
    Ok(reactions.collect::<Result<_, _>>()?)
}

/// The event that added the reaction, if it stands there.
fn standing(
    connection: &Connection,
    message: MessageId,
    by: UserId,
    emoji: &Emoji,
) -> Result<Option<Seq>, Fault> {
    Ok(connection
        .prepare_cached(
            "SELECT seq FROM reactions WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3",
        )?
        .query_row(params![message.0, emoji.as_str(), by.0], |row| {
            rows::seq(row, "seq")
        })
        .optional()?)
}

/// How often the emoji stands there.
fn count(connection: &Connection, message: MessageId, emoji: &Emoji) -> Result<u64, Fault> {
    let count = connection
        .prepare_cached("SELECT count FROM reaction_counts WHERE message_id = ?1 AND emoji = ?2")?
        .query_row(params![message.0, emoji.as_str()], |row| row.get(0))
        .optional()?;
    Ok(count.unwrap_or_default())
}
