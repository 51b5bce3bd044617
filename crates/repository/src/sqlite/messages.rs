use async_trait::async_trait;
use domain::{
    Message, MessageId, Reaction, ReceiptKind, RoomId, Seq, StoreError, StoreResult, UserId,
    ports::{MessagePage, MessageStore, Receipt},
    values::{RoomName, SearchTerm},
};
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{
    Sqlite,
    fault::Fault,
    members, reactions,
    rows::{self, clamped, number},
    search,
};

#[async_trait]
impl MessageStore for Sqlite {
    async fn by_id(&self, room: RoomId, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM shown_messages WHERE id = ?1 AND room_id = ?2 AND deleted_at IS NULL",
                )?
                .query_row([id.0, room.0], rows::message)
                .optional()?)
        })
        .await
    }

    async fn sent_by(&self, user: UserId, id: MessageId) -> StoreResult<Option<Message>> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM shown_messages WHERE id = ?1 AND sender_id = ?2 AND deleted_at IS NULL",
                )?
                .query_row([id.0, user.0], rows::message)
                .optional()?)
        })
        .await
    }

    async fn among_guests(
        &self,
        user: UserId,
        limit: u32,
    ) -> StoreResult<Vec<(Option<RoomName>, Message)>> {
        // What guests said has an index of its own; what an account said there is looked for room by room.
        let said = if user.is_guest() {
            "messages x CROSS JOIN rooms g ON g.id = x.room_id AND x.guest_name IS NOT NULL"
        } else {
            "rooms g JOIN messages x ON x.room_id = g.id"
        };
        let sql = format!(
            "SELECT CASE WHEN r.direct_key IS NOT NULL THEN r.name END AS room_name, m.*
             FROM shown_messages m JOIN rooms r ON r.id = m.room_id
             WHERE m.id IN (SELECT x.id FROM {said}
                            WHERE g.guests = 1 AND g.visibility = 'public' AND g.deleted_at IS NULL
                              AND x.sender_id = ?1 AND x.deleted_at IS NULL
                            ORDER BY x.created_at DESC, x.id DESC
                            LIMIT ?2)
             ORDER BY m.created_at DESC, m.id DESC"
        );
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(params![user.0, limit], |row| {
                Ok((rows::some_value(row, "room_name")?, rows::message(row)?))
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn page(&self, room: RoomId, page: MessagePage, limit: u32) -> StoreResult<Vec<Message>> {
        self.read(move |connection| {
            match page {
            MessagePage::Newest { skip } => messages(
                connection,
                "SELECT * FROM shown_messages WHERE room_id = ?1 AND deleted_at IS NULL
                 ORDER BY seq DESC LIMIT ?2 OFFSET ?3",
                params![room.0, limit, clamped(skip)],
            ),
            MessagePage::Before(seq) => messages(
                connection,
                "SELECT * FROM shown_messages WHERE room_id = ?1 AND seq < ?3 AND deleted_at IS NULL
                 ORDER BY seq DESC LIMIT ?2",
                params![room.0, limit, number(seq)],
            ),
            MessagePage::After(seq) => messages(
                connection,
                "SELECT * FROM shown_messages WHERE room_id = ?1 AND seq > ?3 AND deleted_at IS NULL
                 ORDER BY seq LIMIT ?2",
                params![room.0, limit, number(seq)],
            ),
            MessagePage::Around(seq) => around(connection, room, seq, limit),
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
        let term = term.clone();
        self.read(move |connection| search::newest(connection, user, room, &term, limit))
            .await
    }

    async fn reactions(
        &self,
        room: RoomId,
        message: MessageId,
        after: Seq,
        limit: u32,
    ) -> StoreResult<Vec<Reaction>> {
        self.read(move |connection| reactions::list(connection, room, message, after, limit))
            .await
    }

    async fn mark(
        &self,
        room: RoomId,
        user: UserId,
        message: MessageId,
        kind: ReceiptKind,
    ) -> StoreResult<Receipt> {
        self.write(move |connection| {
            members::role_in(connection, room, user)?.ok_or(StoreError::NotFound)?;
            let seq: i64 = connection
                .prepare_cached(
                    "SELECT seq FROM messages WHERE id = ?1 AND room_id = ?2 AND deleted_at IS NULL",
                )?
                .query_row([message.0, room.0], |row| row.get(0))
                .optional()?
                .ok_or(StoreError::NotFound)?;
            let forward = match kind {
                ReceiptKind::Delivered => {
                    "UPDATE room_members SET last_delivered_seq = ?3
                     WHERE room_id = ?1 AND user_id = ?2 AND last_delivered_seq < ?3"
                }
                ReceiptKind::Read => {
                    "UPDATE room_members
                     SET last_read_seq = ?3, last_delivered_seq = max(last_delivered_seq, ?3)
                     WHERE room_id = ?1 AND user_id = ?2 AND last_read_seq < ?3"
                }
            };
            let moved = connection
                .prepare_cached(forward)?
                .execute(params![room.0, user.0, seq])?;
            Ok(Receipt {
                seq: Seq(seq.unsigned_abs()),
                moved: moved == 1,
            })
        })
        .await
    }
}

pub(super) const AROUND: &str = "WITH before AS (
             SELECT seq FROM messages WHERE room_id = ?1 AND seq < ?2 AND deleted_at IS NULL
             ORDER BY seq DESC LIMIT ?3 / 2
         )
         SELECT * FROM shown_messages
         WHERE room_id = ?1 AND deleted_at IS NULL
           AND seq >= coalesce((SELECT min(seq) FROM before), ?2)
         ORDER BY seq LIMIT ?3";

/// Fewer than half a page before it leave more of the page for those after it.
fn around(
    connection: &Connection,
    room: RoomId,
    seq: Seq,
    limit: u32,
) -> Result<Vec<Message>, Fault> {
    messages(connection, AROUND, params![room.0, number(seq), limit])
}

pub(super) fn messages(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<Vec<Message>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let messages = statement.query_map(params, rows::message)?;
    Ok(messages.collect::<Result<_, _>>()?)
}
