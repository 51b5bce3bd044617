//! From columns to entities and back.

use domain::{
    Member, Message, MessageId, MessageStatus, Reaction, ReactionChange, Role, Room, RoomEvent,
    RoomEventKind, RoomId, Seq, Session, SessionId, StoreError, User, UserId, UserStatus,
    Visibility, values::InvalidValue,
};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use super::fault::Fault;

pub(super) use crate::columns::{
    clamped, guest_key, guests_key, number, role_text, user_status_text, visibility_text,
};

/// The columns of an account. Columns are always named: a statement that was prepared with `*` would fail on every node
/// that still runs, once a newer one has added a column.
macro_rules! user_columns {
    () => {
        "id, username, name, email, guest_id, status, shares_drafts, is_admin, created_at, updated_at"
    };
}

/// The columns of a room `r`.
macro_rules! room_columns {
    () => {
        "r.id, r.name, r.description, r.is_group, r.visibility, r.guests, r.created_by, r.created_at, r.last_seq"
    };
}

/// The columns of a row `m` of the view `shown_messages`.
macro_rules! message_columns {
    () => {
        "m.id, m.room_id, m.seq, m.sender_id, m.username, m.guest_id, m.content, m.attachments, m.client_msg_id, m.interrupted, m.status,
         m.created_at, m.updated_at, m.edited_at, m.edited_seq, m.deleted_at, m.reactions"
    };
}

pub(super) use {message_columns, room_columns, user_columns};

pub(super) fn user(row: &Row) -> Result<User, Fault> {
    Ok(User {
        id: UserId(row.try_get("id")?),
        username: value(row, "username")?,
        name: value(row, "name")?,
        email: value(row, "email")?,
        guest_id: some_value(row, "guest_id")?,
        status: match row.try_get("status")? {
            "ONLINE" => UserStatus::Online,
            "OFFLINE" => UserStatus::Offline,
            other => return Err(unknown("status", other)),
        },
        shares_drafts: row.try_get("shares_drafts")?,
        is_admin: row.try_get("is_admin")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

pub(super) fn session(row: &Row) -> Result<Session, Fault> {
    Ok(Session {
        id: SessionId(row.try_get("id")?),
        user_id: UserId(row.try_get("user_id")?),
        created_at: row.try_get("created_at")?,
    })
}

pub(super) fn room(row: &Row) -> Result<Room, Fault> {
    Ok(Room {
        id: RoomId(row.try_get("id")?),
        name: value(row, "name")?,
        description: value(row, "description")?,
        is_group: row.try_get("is_group")?,
        visibility: visibility(row)?,
        guests: row.try_get("guests")?,
        created_by: UserId(row.try_get("created_by")?),
        created_at: row.try_get("created_at")?,
        last_seq: seq(row, "last_seq")?,
    })
}

pub(super) fn visibility(row: &Row) -> Result<Visibility, Fault> {
    match row.try_get("visibility")? {
        "private" => Ok(Visibility::Private),
        "public" => Ok(Visibility::Public),
        other => Err(unknown("visibility", other)),
    }
}

pub(super) fn member(row: &Row) -> Result<Member, Fault> {
    Ok(Member {
        user_id: UserId(row.try_get("user_id")?),
        username: value(row, "username")?,
        guest_id: some_value(row, "guest_id")?,
        role: role(row.try_get("role")?)?,
        joined_at: row.try_get("joined_at")?,
    })
}

/// A row of the view `shown_messages`.
pub(super) fn message(row: &Row) -> Result<Message, Fault> {
    let Json(attachments) = row.try_get("attachments")?;
    let Json(reactions) = row.try_get("reactions")?;
    Ok(Message {
        id: MessageId(row.try_get("id")?),
        room_id: RoomId(row.try_get("room_id")?),
        seq: seq(row, "seq")?,
        sender_id: UserId(row.try_get("sender_id")?),
        username: value(row, "username")?,
        guest_id: some_value(row, "guest_id")?,
        content: value(row, "content")?,
        attachments,
        client_msg_id: some_value(row, "client_msg_id")?,
        interrupted: row.try_get("interrupted")?,
        status: match row.try_get("status")? {
            "SENT" => MessageStatus::Sent,
            "DELIVERED" => MessageStatus::Delivered,
            "READ" => MessageStatus::Read,
            other => return Err(unknown("status", other)),
        },
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        edited_at: row.try_get("edited_at")?,
        edited_seq: some_seq(row, "edited_seq")?,
        deleted_at: row.try_get("deleted_at")?,
        reactions,
    })
}

/// A row of the log, beside the message or the user that it is about.
pub(super) fn event(row: &Row) -> Result<RoomEvent, Fault> {
    let at = row.try_get("at")?;
    let subject = || row.try_get::<_, Uuid>("subject_id");
    let kind = match row.try_get("kind")? {
        "room_created" => RoomEventKind::RoomCreated,
        "room_deleted" => RoomEventKind::RoomDeleted,
        "member_joined" => RoomEventKind::MemberJoined(Member {
            user_id: UserId(subject()?),
            username: value(row, "subject_name")?,
            guest_id: some_value(row, "subject_guest_id")?,
            role: role(row.try_get("joined_as")?)?,
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
            message_id: MessageId(subject()?),
        },
        _ => RoomEventKind::Other,
    };
    Ok(RoomEvent {
        room_id: RoomId(row.try_get("event_room_id")?),
        seq: seq(row, "event_seq")?,
        actor_id: UserId(row.try_get("actor_id")?),
        at,
        members: match kind {
            RoomEventKind::MemberJoined(_)
            | RoomEventKind::MemberLeft { .. }
            | RoomEventKind::MemberRenamed { .. } => some_count(row, "event_count")?,
            _ => None,
        },
        kind,
    })
}

fn reaction_change(row: &Row) -> Result<ReactionChange, Fault> {
    Ok(ReactionChange {
        message_id: MessageId(row.try_get("subject_id")?),
        user_id: UserId(row.try_get("actor_id")?),
        username: value(row, "subject_name")?,
        emoji: value(row, "event_emoji")?,
        count: count(row, "event_count")?,
    })
}

pub(super) fn reaction(row: &Row) -> Result<Reaction, Fault> {
    Ok(Reaction {
        emoji: value(row, "emoji")?,
        user_id: UserId(row.try_get("user_id")?),
        username: value(row, "username")?,
        seq: seq(row, "seq")?,
        created_at: row.try_get("created_at")?,
    })
}

pub(super) fn role(text: &str) -> Result<Role, Fault> {
    match text {
        "OWNER" => Ok(Role::Owner),
        "ADMIN" => Ok(Role::Admin),
        "MEMBER" => Ok(Role::Member),
        other => Err(unknown("role", other)),
    }
}

/// The role in a column that may be empty.
pub(super) fn some_role(row: &Row, column: &str) -> Result<Option<Role>, Fault> {
    row.try_get::<_, Option<&str>>(column)?
        .map(role)
        .transpose()
}

pub(super) fn seq(row: &Row, column: &str) -> Result<Seq, Fault> {
    count(row, column).map(Seq)
}

fn some_seq(row: &Row, column: &str) -> Result<Option<Seq>, Fault> {
    Ok(some_count(row, column)?.map(Seq))
}

fn some_count(row: &Row, column: &str) -> Result<Option<u64>, Fault> {
    let number: Option<i64> = row.try_get(column)?;
    number.map(|_| count(row, column)).transpose()
}

/// A number that is never below zero.
pub(super) fn count(row: &Row, column: &str) -> Result<u64, Fault> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| malformed(format!("{column}: {number} is below zero")))
}

pub(super) fn value<T>(row: &Row, column: &str) -> Result<T, Fault>
where
    T: TryFrom<String, Error = InvalidValue>,
{
    Ok(T::try_from(row.try_get(column)?)?)
}

pub(super) fn some_value<T>(row: &Row, column: &str) -> Result<Option<T>, Fault>
where
    T: TryFrom<String, Error = InvalidValue>,
{
    let text: Option<String> = row.try_get(column)?;
    Ok(text.map(T::try_from).transpose()?)
}

/// All rows as what `each` makes of one.
pub(super) fn all<T>(
    rows: Vec<Row>,
    each: impl Fn(&Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    rows.iter().map(each).collect()
}

fn unknown(column: &str, word: &str) -> Fault {
    malformed(format!("{column}: {word:?} is not known to this version"))
}

fn malformed(why: String) -> Fault {
    Fault::Answer(StoreError::Other(why))
}
