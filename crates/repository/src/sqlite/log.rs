use async_trait::async_trait;
use domain::{
    MessageId, Role, RoomEvent, RoomId, Seq, StoreError, StoreResult, Timestamp, UserId,
    ports::{Appended, NewMessage, RoomLog},
    values::{Emoji, MessageContent},
};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    Sqlite,
    fault::Fault,
    members, moderation, reactions,
    rows::{self, micros, number},
};

#[async_trait]
impl RoomLog for Sqlite {
    async fn append(&self, new: NewMessage) -> StoreResult<Appended> {
        self.write(move |connection| append(connection, &new)).await
    }

    async fn edit(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        content: MessageContent,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.write(move |connection| {
            if sender_for_member(connection, room, message, by)? != by {
                return Err(StoreError::Denied.into());
            }
            let seq = record(connection, room, by, at, Entry::MessageEdited(message))?;
            connection
                .prepare_cached(
                    "UPDATE messages SET content = ?2, updated_at = ?3, edited_at = ?3, edited_seq = ?4
                     WHERE id = ?1",
                )?
                .execute(params![message.0, content.as_str(), micros(at), number(seq)])?;
            event(connection, room, seq)
        })
        .await
    }

    async fn delete(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.write(move |connection| {
            let sender = sender(connection, room, message)?;
            moderation::may_delete(connection, room, by, sender)?;
            connection
                .prepare_cached(
                    "UPDATE messages SET content = '', attachments = '[]', updated_at = ?2, deleted_at = ?2
                     WHERE id = ?1",
                )?
                .execute(params![message.0, micros(at)])?;
            reactions::forget(connection, message)?;
            let seq = record(connection, room, by, at, Entry::MessageDeleted(message))?;
            event(connection, room, seq)
        })
        .await
    }

    async fn react(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Appended> {
        self.write(move |connection| {
            sender_for_member(connection, room, message, by)?;
            reactions::add(connection, room, message, by, &emoji, at)
        })
        .await
    }

    async fn unreact(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        emoji: Emoji,
        at: Timestamp,
    ) -> StoreResult<Option<RoomEvent>> {
        self.write(move |connection| {
            sender_for_member(connection, room, message, by)?;
            reactions::remove(connection, room, message, by, &emoji, at)
        })
        .await
    }

    async fn read(&self, room: RoomId, after: Seq, limit: u32) -> StoreResult<Vec<RoomEvent>> {
        // Named, because `read` alone is the port's method here.
        Sqlite::read(self, move |connection| {
            events(connection, room, after, limit.into())
        })
        .await
    }

    async fn heads(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<(RoomId, Seq)>> {
        let rooms = rows::id_list(rooms.iter().map(|room| room.0));
        Sqlite::read(self, move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, last_seq FROM rooms WHERE id IN (SELECT unhex(value) FROM json_each(?1))",
            )?;
            let heads = statement.query_map([rooms], |row| {
                Ok((RoomId(row.get("id")?), rows::seq(row, "last_seq")?))
            })?;
            Ok(heads.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// What a row of the log says; the rest of it is told by the rows that it points at.
pub(super) enum Entry<'a> {
    RoomCreated,
    RoomDeleted,
    MemberJoined(UserId, Role),
    MemberLeft(UserId),
    MemberRenamed(UserId),
    MessageSent(MessageId),
    MessageEdited(MessageId),
    MessageDeleted(MessageId),
    ReactionAdded(Reacted<'a>),
    ReactionRemoved(Reacted<'a>),
}

/// To which message, by which emoji, and how often that stands there with the change.
pub(super) struct Reacted<'a> {
    pub(super) message: MessageId,
    pub(super) emoji: &'a Emoji,
    pub(super) count: u64,
}

impl Entry<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::RoomCreated => "room_created",
            Self::RoomDeleted => "room_deleted",
            Self::MemberJoined(..) => "member_joined",
            Self::MemberLeft(_) => "member_left",
            Self::MemberRenamed(_) => "member_renamed",
            Self::MessageSent(_) => "message_sent",
            Self::MessageEdited(_) => "message_edited",
            Self::MessageDeleted(_) => "message_deleted",
            Self::ReactionAdded(_) => "reaction_added",
            Self::ReactionRemoved(_) => "reaction_removed",
        }
    }

    fn subject(&self) -> Option<Uuid> {
        match self {
            Self::RoomCreated | Self::RoomDeleted => None,
            Self::MemberJoined(user, _) | Self::MemberLeft(user) | Self::MemberRenamed(user) => {
                Some(user.0)
            }
            Self::MessageSent(message)
            | Self::MessageEdited(message)
            | Self::MessageDeleted(message) => Some(message.0),
            Self::ReactionAdded(reacted) | Self::ReactionRemoved(reacted) => {
                Some(reacted.message.0)
            }
        }
    }

    fn role(&self) -> Option<Role> {
        match self {
            Self::MemberJoined(_, role) => Some(*role),
            _ => None,
        }
    }

    /// By how much it changes how many members the room has, where it tells that.
    fn comings(&self) -> Option<i64> {
        match self {
            Self::MemberJoined(..) => Some(1),
            Self::MemberLeft(_) => Some(-1),
            Self::MemberRenamed(_) => Some(0),
            _ => None,
        }
    }

    fn reacted(&self) -> Option<&Reacted<'_>> {
        match self {
            Self::ReactionAdded(reacted) | Self::ReactionRemoved(reacted) => Some(reacted),
            _ => None,
        }
    }
}

/// Gives the entry the room's next number.
pub(super) fn record(
    connection: &Connection,
    room: RoomId,
    actor: UserId,
    at: Timestamp,
    entry: Entry<'_>,
) -> Result<Seq, Fault> {
    let seq: u64 = connection
        .prepare_cached(
            "UPDATE rooms SET last_seq = last_seq + 1 WHERE id = ?1 AND deleted_at IS NULL RETURNING last_seq",
        )?
        .query_row([room.0], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound)?;
    let reacted = entry.reacted();
    let count = match (reacted, entry.comings()) {
        (Some(reacted), _) => Some(reacted.count.try_into().unwrap_or(i64::MAX)),
        (None, None) => None,
        // The membership itself is written afterwards, with the number.
        (None, Some(comings)) => Some(members::count(connection, room)? + comings),
    };
    connection
        .prepare_cached(
            "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, role, at, emoji, count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            room.0,
            seq,
            entry.kind(),
            actor.0,
            entry.subject(),
            entry.role().map(rows::role_text),
            micros(at),
            reacted.map(|it| it.emoji.as_str()),
            count,
        ])?;
    Ok(Seq(seq))
}

pub(super) const EVENTS: &str =
    "SELECT e.room_id AS event_room_id, e.seq AS event_seq, e.kind, e.actor_id, e.subject_id,
                e.role AS joined_as, e.at, e.emoji AS event_emoji, e.count AS event_count,
                u.username AS subject_name, u.guest_id AS subject_guest_id, m.*
         FROM room_events e
         LEFT JOIN shown_messages m ON m.id = e.subject_id AND e.kind IN ('message_sent', 'message_edited')
         LEFT JOIN users u ON u.id = iif(e.emoji IS NULL, e.subject_id, e.actor_id)
         WHERE e.room_id = ?1 AND e.seq > ?2
         ORDER BY e.seq
         LIMIT ?3";

/// The events after `after`, with the messages as they are now.
pub(super) fn events(
    connection: &Connection,
    room: RoomId,
    after: Seq,
    limit: i64,
) -> Result<Vec<RoomEvent>, Fault> {
    let mut statement = connection.prepare_cached(EVENTS)?;
    let events = statement.query_map(params![room.0, number(after), limit], rows::event)?;
    Ok(events.collect::<Result<_, _>>()?)
}

/// One event, read in the way that a replay reads it.
pub(super) fn event(connection: &Connection, room: RoomId, seq: Seq) -> Result<RoomEvent, Fault> {
    let before = Seq(seq.0.saturating_sub(1));
    let mut found = events(connection, room, before, 1)?;
    Ok(found.pop().ok_or(StoreError::NotFound)?)
}

fn append(connection: &Connection, new: &NewMessage) -> Result<Appended, Fault> {
    let (room, sender) = (new.room_id, new.sender_id);
    members::role_in(connection, room, sender)?.ok_or(StoreError::NotFound)?;
    if let Some(reference) = &new.client_msg_id {
        let first: Option<u64> = connection
            .prepare_cached(
                "SELECT seq FROM messages WHERE room_id = ?1 AND sender_id = ?2 AND client_msg_id = ?3",
            )?
            .query_row(params![room.0, sender.0, reference.as_str()], |row| row.get(0))
            .optional()?;
        if let Some(seq) = first {
            return Ok(Appended::Repeat(event(connection, room, Seq(seq))?));
        }
    }
    let seq = record(connection, room, sender, new.at, Entry::MessageSent(new.id))?;
    connection
        .prepare_cached(
            "INSERT INTO messages
                 (id, room_id, seq, sender_id, content, attachments, client_msg_id, interrupted, created_at, updated_at, guest_name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9,
                     (SELECT username FROM users WHERE id = ?4 AND guest_id IS NOT NULL))",
        )?
        .execute(params![
            new.id.0,
            room.0,
            number(seq),
            sender.0,
            new.content.as_str(),
            serde_json::to_string(&new.attachments)?,
            new.client_msg_id.as_ref().map(|reference| reference.as_str()),
            new.interrupted,
            micros(new.at),
        ])?;
    Ok(Appended::New(event(connection, room, seq)?))
}

/// Who sent the message, if `by` is in the room.
fn sender_for_member(
    connection: &Connection,
    room: RoomId,
    message: MessageId,
    by: UserId,
) -> Result<UserId, Fault> {
    members::role_in(connection, room, by)?.ok_or(StoreError::NotFound)?;
    sender(connection, room, message)
}

/// Who sent the message.
fn sender(connection: &Connection, room: RoomId, message: MessageId) -> Result<UserId, Fault> {
    let sender = connection
        .prepare_cached(
            "SELECT sender_id FROM messages WHERE id = ?1 AND room_id = ?2 AND deleted_at IS NULL",
        )?
        .query_row([message.0, room.0], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound)?;
    Ok(UserId(sender))
}
