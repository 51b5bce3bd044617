use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient, Transaction};
use domain::{
    MessageId, Role, RoomEvent, RoomId, Seq, StoreError, StoreResult, Timestamp, UserId,
    ports::{Appended, NewMessage, RoomLog},
    values::{Emoji, MessageContent},
};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    Postgres, appends,
    fault::Fault,
    members, moderation, reactions,
    rows::{self, message_columns, number},
    statement::{self, execute, row},
};

#[async_trait]
impl RoomLog for Postgres {
    async fn append(&self, new: NewMessage) -> StoreResult<Appended> {
        let Some(committers) = &self.committers else {
            return self
                .run(async |client: &mut Client| {
                    let fates = appends::commit(client, appends::BEGIN, &[&new]).await?;
                    let answer = appends::answers(client, &[&new], fates).await.pop();
                    Ok(answer.unwrap_or(Err(StoreError::NotFound))?)
                })
                .await;
        };
        committers.append(new).await
    }

    async fn edit(
        &self,
        room: RoomId,
        message: MessageId,
        by: UserId,
        content: MessageContent,
        at: Timestamp,
    ) -> StoreResult<RoomEvent> {
        self.change(async |transaction: &Transaction<'_>| {
            if sender_for_member(transaction, room, message, by).await? != by {
                return Err(StoreError::Denied.into());
            }
            let seq = record(transaction, room, by, at, Entry::MessageEdited(message)).await?;
            execute(
                transaction,
                "UPDATE messages SET content = $2, updated_at = $3, edited_at = $3, edited_seq = $4 WHERE id = $1",
                &[&message.0, &content.as_str(), &at, &number(seq)],
            )
            .await?;
            event(transaction, room, seq).await
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
        self.change(async |transaction: &Transaction<'_>| {
            let (role, sender) = role_and_sender(transaction, room, message, by).await?;
            let is_own = role.is_some() && sender == by;
            let may = is_own || role >= Some(Role::Admin);
            if !may && !moderation::moderates(transaction, room, by).await? {
                let why = role.map_or(StoreError::NotFound, |_| StoreError::Denied);
                return Err(why.into());
            }
            execute(
                transaction,
                "UPDATE messages SET content = '', attachments = '[]', updated_at = $2, deleted_at = $2
                 WHERE id = $1",
                &[&message.0, &at],
            )
            .await?;
            reactions::forget(transaction, message).await?;
            let seq = record(transaction, room, by, at, Entry::MessageDeleted(message)).await?;
            event(transaction, room, seq).await
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
        self.change(async |transaction: &Transaction<'_>| {
            sender_for_member(transaction, room, message, by).await?;
            reactions::add(transaction, room, message, by, &emoji, at).await
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
        self.change(async |transaction: &Transaction<'_>| {
            sender_for_member(transaction, room, message, by).await?;
            reactions::remove(transaction, room, message, by, &emoji, at).await
        })
        .await
    }

    async fn read(&self, room: RoomId, after: Seq, limit: u32) -> StoreResult<Vec<RoomEvent>> {
        self.run(async |client: &mut Client| events(client, room, after, limit.into()).await)
            .await
    }

    async fn heads(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<(RoomId, Seq)>> {
        let rooms: Vec<Uuid> = rooms.into_iter().map(|room| room.0).collect();
        self.run(async |client: &mut Client| {
            let heads = "SELECT id, last_seq FROM rooms WHERE id = ANY($1)";
            let heads = statement::rows(client, heads, &[&rooms]).await?;
            rows::all(heads, |row| {
                Ok((RoomId(row.try_get("id")?), rows::seq(row, "last_seq")?))
            })
        })
        .await
    }
}

/// What a row of the log says; the rest of it is told by the rows that it points at.
pub(super) enum Entry<'a> {
    RoomDeleted,
    MemberLeft(UserId),
    MemberRenamed(UserId),
    MessageEdited(MessageId),
    MessageDeleted(MessageId),
    ReactionAdded(Reacted<'a>),
    ReactionRemoved(Reacted<'a>),
}

/// To which message, by which emoji, and how often that stands there with the change.
pub(super) struct Reacted<'a> {
    pub(super) message: MessageId,
    pub(super) emoji: &'a Emoji,
    pub(super) count: i64,
}

impl Entry<'_> {
    fn columns(&self) -> (&'static str, Option<Uuid>, Option<&Reacted<'_>>) {
        match self {
            Self::RoomDeleted => ("room_deleted", None, None),
            Self::MemberLeft(user) => ("member_left", Some(user.0), None),
            Self::MemberRenamed(user) => ("member_renamed", Some(user.0), None),
            Self::MessageEdited(message) => ("message_edited", Some(message.0), None),
            Self::MessageDeleted(message) => ("message_deleted", Some(message.0), None),
            Self::ReactionAdded(it) => ("reaction_added", Some(it.message.0), Some(it)),
            Self::ReactionRemoved(it) => ("reaction_removed", Some(it.message.0), Some(it)),
        }
    }
}

/// Takes the lock under which a room's log changes, and answers who made the room and whether it is public.
///
/// A statement of its own, and the first of each change: what the change depends on is asked in later statements, each of
/// which sees all that was committed before the lock was granted. In the same statement it would be as it was when the
/// wait began: a ban that was waited for would not be seen.
pub(super) async fn lock(transaction: &Transaction<'_>, room: RoomId) -> Result<Row, Fault> {
    let locked = row(
        transaction,
        "SELECT created_by, visibility = 'public' AS is_public FROM rooms
         WHERE id = $1 AND deleted_at IS NULL
         FOR NO KEY UPDATE",
        &[&room.0],
    )
    .await?;
    Ok(locked.ok_or(StoreError::NotFound)?)
}

/// Gives the entry the room's next number. The room is locked.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    room: RoomId,
    actor: UserId,
    at: Timestamp,
    entry: Entry<'_>,
) -> Result<Seq, Fault> {
    let (kind, subject, reacted) = entry.columns();
    let emoji = reacted.map(|it| it.emoji.as_str());
    let count = match entry {
        // The membership itself ends afterwards, with the number.
        Entry::MemberLeft(_) => Some(members::count(transaction, room).await? - 1),
        Entry::MemberRenamed(_) => Some(members::count(transaction, room).await?),
        _ => reacted.map(|it| it.count),
    };
    let recorded = row(
        transaction,
        "WITH counted AS (
             UPDATE rooms SET last_seq = last_seq + 1 WHERE id = $1 AND deleted_at IS NULL RETURNING id, last_seq
         )
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at, emoji, count)
         SELECT id, last_seq, $2, $3, $4, $5, $6, $7 FROM counted
         RETURNING seq",
        &[&room.0, &kind, &actor.0, &subject, &at, &emoji, &count],
    )
    .await?;
    rows::seq(&recorded.ok_or(StoreError::NotFound)?, "seq")
}

/// The message of an event that does not show one is not looked up: beside the join, the condition would be asked after
/// all of the message had been worked out.
pub(super) const EVENTS: &str = concat!(
    "SELECT e.room_id AS event_room_id, e.seq AS event_seq, e.kind, e.actor_id, e.subject_id,
            e.role AS joined_as, e.at, e.emoji AS event_emoji, e.count AS event_count,
            u.username AS subject_name, u.guest_id AS subject_guest_id, ",
    message_columns!(),
    " FROM room_events e
      LEFT JOIN shown_messages m
        ON m.id = CASE WHEN e.kind IN ('message_sent', 'message_edited') THEN e.subject_id END
      LEFT JOIN users u ON u.id = CASE WHEN e.emoji IS NULL THEN e.subject_id ELSE e.actor_id END
      WHERE e.room_id = $1 AND e.seq > $2
      ORDER BY e.seq
      LIMIT $3"
);

/// The events after `after`, with the messages as they are now.
pub(super) async fn events(
    client: &impl GenericClient,
    room: RoomId,
    after: Seq,
    limit: i64,
) -> Result<Vec<RoomEvent>, Fault> {
    let events = statement::rows(client, EVENTS, &[&room.0, &number(after), &limit]).await?;
    rows::all(events, rows::event)
}

/// One event, read in the way that a replay reads it.
pub(super) async fn event(
    client: &impl GenericClient,
    room: RoomId,
    seq: Seq,
) -> Result<RoomEvent, Fault> {
    let before = Seq(seq.0.saturating_sub(1));
    let mut found = events(client, room, before, 1).await?;
    Ok(found.pop().ok_or(StoreError::NotFound)?)
}

/// Locks the room, and answers who sent the message, if `by` is in the room.
async fn sender_for_member(
    transaction: &Transaction<'_>,
    room: RoomId,
    message: MessageId,
    by: UserId,
) -> Result<UserId, Fault> {
    match role_and_sender(transaction, room, message, by).await? {
        (Some(_), sender) => Ok(sender),
        (None, _) => Err(StoreError::NotFound.into()),
    }
}

/// Locks the room, and answers what `by` is in it, if they are in it, and who sent the message.
async fn role_and_sender(
    transaction: &Transaction<'_>,
    room: RoomId,
    message: MessageId,
    by: UserId,
) -> Result<(Option<Role>, UserId), Fault> {
    lock(transaction, room).await?;
    let found = row(
        transaction,
        "SELECT p.role, m.sender_id FROM messages m
         LEFT JOIN room_members p ON p.room_id = m.room_id AND p.user_id = $3 AND p.left_seq IS NULL
         WHERE m.id = $2 AND m.room_id = $1 AND m.deleted_at IS NULL",
        &[&room.0, &message.0, &by.0],
    )
    .await?
    .ok_or(StoreError::NotFound)?;
    let role = rows::some_role(&found, "role")?;
    Ok((role, UserId(found.try_get("sender_id")?)))
}
