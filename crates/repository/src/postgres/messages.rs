use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient, Transaction};
use domain::{
    Message, MessageId, Reaction, ReceiptKind, RoomId, Seq, StoreError, StoreResult, UserId,
    ports::{MessagePage, MessageStore, Receipt},
    values::{RoomName, SearchTerm},
};
use tokio_postgres::types::ToSql;

use super::{
    Postgres,
    fault::Fault,
    reactions,
    rows::{self, clamped, message_columns, number},
    search,
    statement::{self, row},
};

#[async_trait]
impl MessageStore for Postgres {
    async fn by_id(&self, room: RoomId, id: MessageId) -> StoreResult<Option<Message>> {
        self.run(async |client: &mut Client| {
            let found = row(
                client,
                concat!(
                    "SELECT ",
                    message_columns!(),
                    " FROM shown_messages m WHERE m.id = $1 AND m.room_id = $2 AND m.deleted_at IS NULL"
                ),
                &[&id.0, &room.0],
            )
            .await?;
            found.as_ref().map(rows::message).transpose()
        })
        .await
    }

    async fn sent_by(&self, user: UserId, id: MessageId) -> StoreResult<Option<Message>> {
        self.run(async |client: &mut Client| {
            let found = row(
                client,
                concat!(
                    "SELECT ",
                    message_columns!(),
                    " FROM shown_messages m WHERE m.id = $1 AND m.sender_id = $2 AND m.deleted_at IS NULL"
                ),
                &[&id.0, &user.0],
            )
            .await?;
            found.as_ref().map(rows::message).transpose()
        })
        .await
    }

    async fn among_guests(
        &self,
        user: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(Option<RoomName>, Message)>> {
        // Whoever asks has no account. What guests said has an index of its own; what an account said there is looked for
        // room by room.
        let _turn = self.turn_to_search().await?;
        let by_guest = if user.is_guest() {
            "AND x.guest_name IS NOT NULL"
        } else {
            ""
        };
        let columns = message_columns!();
        let sql = format!(
            "SELECT CASE WHEN r.direct_key IS NOT NULL THEN r.name END AS room_name, {columns}
             FROM shown_messages m JOIN rooms r ON r.id = m.room_id
             WHERE m.id IN (SELECT x.id FROM rooms g JOIN messages x ON x.room_id = g.id
                            WHERE g.guests AND g.visibility = 'public' AND g.deleted_at IS NULL
                              AND x.sender_id = $1 AND x.deleted_at IS NULL {by_guest}
                            ORDER BY x.created_at DESC, x.id DESC
                            LIMIT $2)
             ORDER BY m.created_at DESC, m.id DESC"
        );
        self.run(async |client: &mut Client| {
            let found = statement::rows(client, &sql, &[&user.0, &i64::from(limit)]).await?;
            rows::all(found, |row| {
                Ok((rows::some_value(row, "room_name")?, rows::message(row)?))
            })
        })
        .await
    }

    async fn page(&self, room: RoomId, page: MessagePage, limit: u32) -> StoreResult<Vec<Message>> {
        let limit = i64::from(limit);
        self.run(async |client: &mut Client| match page {
            MessagePage::Newest { skip } => {
                messages(client, NEWEST, &[&room.0, &limit, &clamped(skip)]).await
            }
            MessagePage::Before(seq) => {
                messages(client, BEFORE, &[&room.0, &limit, &number(seq)]).await
            }
            MessagePage::After(seq) => {
                messages(client, AFTER, &[&room.0, &limit, &number(seq)]).await
            }
            MessagePage::Around(seq) => {
                messages(client, AROUND, &[&room.0, &limit, &number(seq)]).await
            }
        })
        .await
    }

    async fn search(
        &self,
        user: UserId,
        room: Option<RoomId>,
        term: &SearchTerm,
        limit: u32,
    ) -> StoreResult<Vec<Message>> {
        let _turn = self.turn_to_search().await?;
        self.change(async |transaction: &Transaction<'_>| {
            search::best(transaction, user, room, term, limit).await
        })
        .await
    }

    async fn reactions(
        &self,
        room: RoomId,
        message: MessageId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<Vec<Reaction>> {
        self.run(async |client: &mut Client| {
            reactions::list(client, room, message, after, limit).await
        })
        .await
    }

    async fn mark(
        &self,
        room: RoomId,
        user: UserId,
        message: MessageId,
        kind: ReceiptKind,
    ) -> StoreResult<Receipt> {
        let forward = match kind {
            ReceiptKind::Delivered => DELIVERED,
            ReceiptKind::Read => READ,
        };
        self.run(async |client: &mut Client| {
            let marked = row(client, forward, &[&room.0, &user.0, &message.0])
                .await?
                .ok_or(StoreError::NotFound)?;
            Ok(Receipt {
                seq: rows::seq(&marked, "seq")?,
                moved: marked.try_get("moved")?,
            })
        })
        .await
    }
}

const NEWEST: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM shown_messages m WHERE m.room_id = $1 AND m.deleted_at IS NULL
      ORDER BY m.seq DESC LIMIT $2 OFFSET $3"
);

const BEFORE: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM shown_messages m WHERE m.room_id = $1 AND m.seq < $3 AND m.deleted_at IS NULL
      ORDER BY m.seq DESC LIMIT $2"
);

const AFTER: &str = concat!(
    "SELECT ",
    message_columns!(),
    " FROM shown_messages m WHERE m.room_id = $1 AND m.seq > $3 AND m.deleted_at IS NULL
      ORDER BY m.seq LIMIT $2"
);

/// Fewer than half a page before it leave more of the page for those after it.
pub(super) const AROUND: &str = concat!(
    "WITH before AS (
         SELECT seq FROM messages WHERE room_id = $1 AND seq < $3 AND deleted_at IS NULL
         ORDER BY seq DESC LIMIT $2::bigint / 2
     )
     SELECT ",
    message_columns!(),
    " FROM shown_messages m
      WHERE m.room_id = $1 AND m.deleted_at IS NULL
        AND m.seq >= coalesce((SELECT min(seq) FROM before), $3)
      ORDER BY m.seq LIMIT $2"
);

/// A mark that is moved by somebody else at the same time is waited for, and compared again.
const DELIVERED: &str = "WITH marked AS (
         SELECT x.room_id, p.user_id, x.seq FROM messages x JOIN room_members p ON p.room_id = x.room_id
         WHERE x.id = $3 AND x.room_id = $1 AND x.deleted_at IS NULL AND p.user_id = $2 AND p.left_seq IS NULL
     ), moved AS (
         UPDATE room_members p SET last_delivered_seq = marked.seq FROM marked
         WHERE p.room_id = marked.room_id AND p.user_id = marked.user_id AND p.last_delivered_seq < marked.seq
         RETURNING 1
     )
     SELECT seq, EXISTS (SELECT 1 FROM moved) AS moved FROM marked";

const READ: &str = "WITH marked AS (
         SELECT x.room_id, p.user_id, x.seq FROM messages x JOIN room_members p ON p.room_id = x.room_id
         WHERE x.id = $3 AND x.room_id = $1 AND x.deleted_at IS NULL AND p.user_id = $2 AND p.left_seq IS NULL
     ), moved AS (
         UPDATE room_members p
         SET last_read_seq = marked.seq, last_delivered_seq = greatest(p.last_delivered_seq, marked.seq)
         FROM marked
         WHERE p.room_id = marked.room_id AND p.user_id = marked.user_id AND p.last_read_seq < marked.seq
         RETURNING 1
     )
     SELECT seq, EXISTS (SELECT 1 FROM moved) AS moved FROM marked";

pub(super) async fn messages(
    client: &impl GenericClient,
    sql: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Message>, Fault> {
    let found = statement::rows(client, sql, params).await?;
    rows::all(found, rows::message)
}
