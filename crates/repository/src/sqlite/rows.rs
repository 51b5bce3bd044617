//! From columns to entities and back.

use domain::{
    Member, Message, MessageStatus, Reaction, ReactionChange, Role, Room, RoomEvent, RoomEventKind,
    Seq, Session, SessionId, Timestamp, User, UserId, UserStatus, Visibility, values::InvalidValue,
};
use rusqlite::{Row, types::Type};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub(super) use crate::columns::{
    clamped, guest_key, guests_key, number, role_text, user_status_text, visibility_text,
};

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A list of ids as JSON, for `SELECT unhex(value) FROM json_each(?)`.
pub(super) fn id_list(ids: impl Iterator<Item = Uuid>) -> String {
    let ids: Vec<_> = ids.map(|id| id.simple().to_string()).collect();
    serde_json::json!(ids).to_string()
}

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get("id")?),
        username: value(row, "username")?,
        name: value(row, "name")?,
        email: value(row, "email")?,
        guest_id: some_value(row, "guest_id")?,
        status: match text(row, "status")? {
            "ONLINE" => UserStatus::Online,
            "OFFLINE" => UserStatus::Offline,
            other => return Err(unknown("status", other)),
        },
        shares_drafts: row.get("shares_drafts")?,
        is_admin: row.get("is_admin")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get("id")?),
        user_id: UserId(row.get("user_id")?),
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn room(row: &Row<'_>) -> rusqlite::Result<Room> {
    Ok(Room {
        id: domain::RoomId(row.get("id")?),
        name: value(row, "name")?,
        description: value(row, "description")?,
        is_group: row.get("is_group")?,
        visibility: visibility(row)?,
        guests: row.get("guests")?,
        created_by: UserId(row.get("created_by")?),
        created_at: time(row, "created_at")?,
        last_seq: seq(row, "last_seq")?,
    })
}

pub(super) fn visibility(row: &Row<'_>) -> rusqlite::Result<Visibility> {
    match text(row, "visibility")? {
        "private" => Ok(Visibility::Private),
        "public" => Ok(Visibility::Public),
        other => Err(unknown("visibility", other)),
    }
}

pub(super) fn member(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        user_id: UserId(row.get("user_id")?),
        username: value(row, "username")?,
        guest_id: some_value(row, "guest_id")?,
        role: role(row, "role")?,
        joined_at: time(row, "joined_at")?,
    })
}

/// A row of the view `shown_messages`.
pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: domain::MessageId(row.get("id")?),
        room_id: domain::RoomId(row.get("room_id")?),
        seq: seq(row, "seq")?,
        sender_id: UserId(row.get("sender_id")?),
        username: value(row, "username")?,
        guest_id: some_value(row, "guest_id")?,
        content: value(row, "content")?,
        attachments: json(row, "attachments")?,
        client_msg_id: some_value(row, "client_msg_id")?,
        interrupted: row.get("interrupted")?,
        status: match text(row, "status")? {
            "SENT" => MessageStatus::Sent,
            "DELIVERED" => MessageStatus::Delivered,
            "READ" => MessageStatus::Read,
            other => return Err(unknown("status", other)),
        },
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        edited_at: some_time(row, "edited_at")?,
        edited_seq: row.get::<_, Option<u64>>("edited_seq")?.map(Seq),
        deleted_at: some_time(row, "deleted_at")?,
        reactions: json(row, "reactions")?,
    })
}

/// A row of the log, beside the message or the user that it is about.
pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<RoomEvent> {
    let at = time(row, "at")?;
    let subject = || row.get::<_, Uuid>("subject_id");
    let kind = match text(row, "kind")? {
        "room_created" => RoomEventKind::RoomCreated,
        "room_deleted" => RoomEventKind::RoomDeleted,
        "member_joined" => RoomEventKind::MemberJoined(Member {
            user_id: UserId(subject()?),
            username: value(row, "subject_name")?,
            guest_id: some_value(row, "subject_guest_id")?,
            role: role(row, "joined_as")?,
            joined_at: at,
        }),
        "member_left" => RoomEventKind::MemberLeft {
            user_id: UserId(subject()?),
            username: some_value(row, "subject_name")?,
            guest_id: some_value(row, "subject_guest_id")?,
        },
        "member_renamed" => RoomEventKind::MemberRenamed {
            user_id: UserId(subject()?),
            username: value(row, "subject_name")?,
            guest_id: some_value(row, "subject_guest_id")?,
        },
        "message_sent" => RoomEventKind::MessageSent(message(row)?),
        "message_edited" => RoomEventKind::MessageEdited(message(row)?),
        "reaction_added" => RoomEventKind::ReactionAdded(reaction_change(row)?),
        "reaction_removed" => RoomEventKind::ReactionRemoved(reaction_change(row)?),
        "message_deleted" => RoomEventKind::MessageDeleted {
            message_id: domain::MessageId(subject()?),
        },
        other => return Err(unknown("kind", other)),
    };
    Ok(RoomEvent {
        room_id: domain::RoomId(row.get("event_room_id")?),
        seq: seq(row, "event_seq")?,
        actor_id: UserId(row.get("actor_id")?),
        at,
        members: match kind {
            RoomEventKind::MemberJoined(_)
            | RoomEventKind::MemberLeft { .. }
            | RoomEventKind::MemberRenamed { .. } => row.get("event_count")?,
            _ => None,
        },
        kind,
    })
}

fn reaction_change(row: &Row<'_>) -> rusqlite::Result<ReactionChange> {
    Ok(ReactionChange {
        message_id: domain::MessageId(row.get("subject_id")?),
        user_id: UserId(row.get("actor_id")?),
        username: value(row, "subject_name")?,
        emoji: value(row, "event_emoji")?,
        count: row.get("event_count")?,
    })
}

pub(super) fn reaction(row: &Row<'_>) -> rusqlite::Result<Reaction> {
    Ok(Reaction {
        emoji: value(row, "emoji")?,
        user_id: UserId(row.get("user_id")?),
        username: value(row, "username")?,
        seq: seq(row, "seq")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn role(row: &Row<'_>, column: &str) -> rusqlite::Result<Role> {
    match text(row, column)? {
        "OWNER" => Ok(Role::Owner),
        "ADMIN" => Ok(Role::Admin),
        "MEMBER" => Ok(Role::Member),
        other => Err(unknown(column, other)),
    }
}

pub(super) fn seq(row: &Row<'_>, column: &str) -> rusqlite::Result<Seq> {
    row.get(column).map(Seq)
}

pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    timestamp(row.get(column)?)
}

fn some_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(column)?
        .map(timestamp)
        .transpose()
}

fn timestamp(micros: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| malformed(Box::new(error)))
}

fn text<'a>(row: &'a Row<'_>, column: &str) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(column)?.as_str()?)
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text(row, column)?).map_err(|error| malformed(Box::new(error)))
}

pub(super) fn value<T: TryFrom<String, Error = InvalidValue>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<T> {
    T::try_from(row.get(column)?).map_err(|error| malformed(Box::new(error)))
}

pub(super) fn some_value<T: TryFrom<String, Error = InvalidValue>>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let value = text.map(T::try_from).transpose();
    value.map_err(|error| malformed(Box::new(error)))
}

fn unknown(column: &str, word: &str) -> rusqlite::Error {
    malformed(format!("{column}: {word:?} is not known to this version").into())
}

fn malformed(error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error)
}
