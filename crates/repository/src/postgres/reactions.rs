//! What members say of a message by an emoji. Changes are made while the room is locked.

use deadpool_postgres::{GenericClient, Transaction};
use domain::{
    Conflict, MessageId, Reaction, ReactionCount, RoomEvent, RoomId, Seq, StoreError, Timestamp,
    UserId, ports::Appended, values::Emoji,
};

use super::{
    fault::Fault,
    log::{Entry, Reacted, event, record},
    rows::{self, number},
    statement::{self, execute, row},
};

/// Adds a reaction, unless it stands there. The user is a member, and the message is there.
pub(super) async fn add(
    transaction: &Transaction<'_>,
    room: RoomId,
    message: MessageId,
    by: UserId,
    emoji: &Emoji,
    at: Timestamp,
) -> Result<Appended, Fault> {
    let first = row(
        transaction,
        "SELECT seq FROM reactions WHERE message_id = $1 AND emoji = $2 AND user_id = $3",
        &[&message.0, &emoji.as_str(), &by.0],
    )
    .await?;
    if let Some(first) = first {
        let first = rows::seq(&first, "seq")?;
        return Ok(Appended::Repeat(event(transaction, room, first).await?));
    }
    let standing = standing(transaction, message, emoji).await?;
    if standing.others >= i64::from(ReactionCount::MAX_PER_MESSAGE) {
        return Err(StoreError::Conflict(Conflict::TooManyEmojis).into());
    }
    let count = standing.count + 1;
    let reacted = Reacted {
        message,
        emoji,
        count,
    };
    let seq = record(transaction, room, by, at, Entry::ReactionAdded(reacted)).await?;
    execute(
        transaction,
        "INSERT INTO reactions (message_id, emoji, user_id, seq, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[&message.0, &emoji.as_str(), &by.0, &number(seq), &at],
    )
    .await?;
    execute(
        transaction,
        "INSERT INTO reaction_counts (message_id, emoji, count, first_seq, last_seq) VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (message_id, emoji) DO UPDATE SET count = excluded.count, last_seq = excluded.last_seq",
        &[&message.0, &emoji.as_str(), &count, &number(seq)],
    )
    .await?;
    Ok(Appended::New(event(transaction, room, seq).await?))
}

/// Takes a reaction back, if it stands there. The user is a member, and the message is there.
pub(super) async fn remove(
    transaction: &Transaction<'_>,
    room: RoomId,
    message: MessageId,
    by: UserId,
    emoji: &Emoji,
    at: Timestamp,
) -> Result<Option<RoomEvent>, Fault> {
    let removed = execute(
        transaction,
        "DELETE FROM reactions WHERE message_id = $1 AND emoji = $2 AND user_id = $3",
        &[&message.0, &emoji.as_str(), &by.0],
    )
    .await?;
    if removed == 0 {
        return Ok(None);
    }
    let standing = standing(transaction, message, emoji).await?;
    let count = (standing.count - 1).max(0);
    let reacted = Reacted {
        message,
        emoji,
        count,
    };
    let seq = record(transaction, room, by, at, Entry::ReactionRemoved(reacted)).await?;
    if count == 0 {
        // Whoever tries one emoji after another leaves nothing that each look at the message goes through.
        execute(
            transaction,
            "DELETE FROM reaction_counts WHERE message_id = $1 AND emoji = $2",
            &[&message.0, &emoji.as_str()],
        )
        .await?;
    } else {
        execute(
            transaction,
            "UPDATE reaction_counts SET count = $3, last_seq = $4 WHERE message_id = $1 AND emoji = $2",
            &[&message.0, &emoji.as_str(), &count, &number(seq)],
        )
        .await?;
    }
    Ok(Some(event(transaction, room, seq).await?))
}

/// Nothing of them stays with a message that is deleted.
pub(super) async fn forget(transaction: &Transaction<'_>, message: MessageId) -> Result<(), Fault> {
    execute(
        transaction,
        "WITH forgotten AS (DELETE FROM reactions WHERE message_id = $1)
         DELETE FROM reaction_counts WHERE message_id = $1",
        &[&message.0],
    )
    .await?;
    Ok(())
}

/// Those that were added after an event, the oldest first.
pub(super) async fn list(
    client: &impl GenericClient,
    room: RoomId,
    message: MessageId,
    after: Seq,
    limit: u32,
) -> Result<Vec<Reaction>, Fault> {
    let reactions = statement::rows(
        client,
        "SELECT r.emoji, r.user_id, u.username, r.seq, r.created_at
         FROM reactions r JOIN messages m ON m.id = r.message_id JOIN users u ON u.id = r.user_id
         WHERE r.message_id = $1 AND m.room_id = $2 AND r.seq > $3
         ORDER BY r.seq LIMIT $4",
        &[&message.0, &room.0, &number(after), &i64::from(limit)],
    )
    .await?;
    rows::all(reactions, rows::reaction)
}

/// What stands at a message.
struct Standing {
    /// How often the emoji does.
    count: i64,
    /// How many other emojis do.
    others: i64,
}

async fn standing(
    transaction: &Transaction<'_>,
    message: MessageId,
    emoji: &Emoji,
) -> Result<Standing, Fault> {
    let found = row(
        transaction,
        "SELECT coalesce(max(count) FILTER (WHERE emoji = $2), 0) AS count,
                count(*) FILTER (WHERE emoji <> $2) AS others
         FROM reaction_counts WHERE message_id = $1",
        &[&message.0, &emoji.as_str()],
    )
    .await?
    .ok_or(StoreError::NotFound)?;
    Ok(Standing {
        count: found.try_get("count")?,
        others: found.try_get("others")?,
    })
}
