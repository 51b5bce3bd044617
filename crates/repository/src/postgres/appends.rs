//! How messages are appended: any number of them in one transaction and one round trip.

use std::collections::{HashMap, HashSet, hash_map};

use deadpool_postgres::Client;
use domain::{
    Message, MessageStatus, RoomEvent, RoomEventKind, RoomId, Seq, StoreError, StoreResult, UserId,
    ports::{Appended, NewMessage},
    values::{ClientMsgId, GuestId, Username},
};
use futures_util::future::{join_all, join4};
use tokio_postgres::{Row, types::Json};
use uuid::Uuid;

use super::{fault::Fault, log, rows};

/// READ COMMITTED: each statement sees what was committed before it began.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// In the order of their ids, as all who lock several do it. The setting ends with the transaction: the next statement
/// finds it only while these locks are held.
const LOCK: &str = "SELECT set_config('chatterstack.rooms_locked', 'yes', true) FROM rooms
     WHERE id = ANY ($1) AND deleted_at IS NULL
     ORDER BY id
     FOR NO KEY UPDATE";

/// Judges, numbers and writes the whole batch, and says of each that was not refused what became of it. It begins after
/// the locks were granted, so it sees all that was committed to these rooms. Were `BEGIN` to fail alone, then each
/// statement would be a transaction of its own and hold no lock: it writes nothing then. What is looked up stands in
/// selects of its own, which are answered by an index from the first row of an empty database on; a join would be planned
/// for small tables, and stay so while they grow.
pub(super) const WRITE: &str = "WITH asked AS (
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::text[], $7::boolean[], $8::timestamptz[])
             WITH ORDINALITY AS a (id, room_id, sender_id, content, attachments, client_msg_id, interrupted, at, place)
     ), looked_up AS (
         SELECT a.*,
                (SELECT r.last_seq FROM rooms r WHERE r.id = a.room_id AND r.deleted_at IS NULL) AS last_seq,
                (SELECT u.username FROM room_members p JOIN users u ON u.id = p.user_id
                 WHERE p.room_id = a.room_id AND p.user_id = a.sender_id AND p.left_seq IS NULL) AS username,
                (SELECT u.guest_id FROM users u WHERE u.id = a.sender_id) AS guest_id,
                (SELECT first.seq FROM messages first
                 WHERE first.room_id = a.room_id AND first.sender_id = a.sender_id
                   AND first.client_msg_id = a.client_msg_id) AS first_seq
         FROM asked a
         WHERE current_setting('chatterstack.rooms_locked', true) = 'yes'
     ), judged AS (
         SELECT * FROM looked_up WHERE last_seq IS NOT NULL AND username IS NOT NULL
     ), numbered AS (
         SELECT j.*, j.last_seq + row_number() OVER (PARTITION BY j.room_id ORDER BY j.place) AS seq
         FROM judged j WHERE j.first_seq IS NULL
     ), counted AS (
         UPDATE rooms r SET last_seq = n.last
         FROM (SELECT room_id, max(seq) AS last FROM numbered GROUP BY room_id) n
         WHERE r.id = n.room_id
     ), written AS (
         INSERT INTO messages
             (id, room_id, seq, sender_id, content, attachments, client_msg_id, interrupted, created_at, updated_at,
              guest_name)
         SELECT id, room_id, seq, sender_id, content, attachments, client_msg_id, interrupted, at, at,
                CASE WHEN guest_id IS NOT NULL THEN username END
         FROM numbered
     ), recorded AS (
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
         SELECT room_id, seq, 'message_sent', sender_id, id, at FROM numbered
     )
     SELECT j.place, j.username, j.guest_id, j.first_seq IS NOT NULL AS repeated, coalesce(j.first_seq, n.seq) AS seq
     FROM judged j LEFT JOIN numbered n ON n.place = j.place";

/// Who has sent a message, as it shows them.
#[derive(Debug)]
pub(super) struct Sender {
    username: Username,
    guest_id: Option<GuestId>,
}

/// What became of one append.
#[derive(Debug)]
pub(super) enum Fate {
    New(Seq, Sender),
    /// The event of this number has sent it before.
    Repeated(Seq),
    /// The one at this place of the batch is the first of two with one reference.
    After(usize),
    Refused,
    /// It was appended, and this stands against telling it.
    Untold(StoreError),
}

/// Commits a batch, in the order in which it stands there. When this fails, nothing of it was committed, unless the
/// fault says [`Reach::Connection`](super::fault::Reach): then nobody knows.
pub(super) async fn commit(
    client: &Client,
    begin: &str,
    batch: &[&NewMessage],
) -> Result<Vec<Fate>, Fault> {
    let mut fates: Vec<Fate> = Vec::with_capacity(batch.len());
    let mut firsts: HashMap<(RoomId, UserId, &ClientMsgId), usize> = HashMap::new();
    for (place, new) in batch.iter().enumerate() {
        let first = new.client_msg_id.as_ref().and_then(|reference| {
            match firsts.entry((new.room_id, new.sender_id, reference)) {
                hash_map::Entry::Occupied(first) => Some(*first.get()),
                hash_map::Entry::Vacant(entry) => {
                    entry.insert(place);
                    None
                }
            }
        });
        fates.push(first.map_or(Fate::Refused, Fate::After));
    }
    let places: Vec<usize> = (0..batch.len())
        .filter(|place| matches!(fates[*place], Fate::Refused))
        .collect();
    let asked: Vec<&NewMessage> = places.iter().map(|place| batch[*place]).collect();
    for row in write(client, begin, &asked).await? {
        // It is committed: what cannot be read from here on is that append's own misfortune, and no reason to try again.
        // Places in SQL begin with 1.
        let asked = row.try_get("place").map(|place: i64| place - 1);
        let place = asked.ok().and_then(|asked| usize::try_from(asked).ok());
        if let Some(place) = place.and_then(|place| places.get(place)) {
            fates[*place] = fate(&row).unwrap_or_else(|fault| Fate::Untold(fault.into()));
        }
    }
    Ok(fates)
}

fn fate(row: &Row) -> Result<Fate, Fault> {
    let seq = rows::seq(row, "seq")?;
    Ok(if row.try_get("repeated")? {
        Fate::Repeated(seq)
    } else {
        let sender = Sender {
            username: rows::value(row, "username")?,
            guest_id: rows::some_value(row, "guest_id")?,
        };
        Fate::New(seq, sender)
    })
}

async fn write(client: &Client, begin: &str, asked: &[&NewMessage]) -> Result<Vec<Row>, Fault> {
    let rooms: HashSet<Uuid> = asked.iter().map(|new| new.room_id.0).collect();
    let rooms: Vec<Uuid> = rooms.into_iter().collect();
    let column = |of: fn(&NewMessage) -> Uuid| asked.iter().map(|new| of(new)).collect::<Vec<_>>();
    let (ids, room_ids) = (column(|new| new.id.0), column(|new| new.room_id.0));
    let senders = column(|new| new.sender_id.0);
    let contents: Vec<&str> = asked.iter().map(|new| new.content.as_str()).collect();
    let attachments: Vec<_> = asked.iter().map(|new| Json(&new.attachments)).collect();
    let references: Vec<Option<&str>> = asked
        .iter()
        .map(|new| new.client_msg_id.as_ref().map(ClientMsgId::as_str))
        .collect();
    let interrupted: Vec<bool> = asked.iter().map(|new| new.interrupted).collect();
    let times: Vec<_> = asked.iter().map(|new| new.at).collect();

    let lock = client.prepare_cached(LOCK).await?;
    let write = client.prepare_cached(WRITE).await?;
    // Sent one after the other without waiting for an answer, since each is polled for the first time in this order.
    let (begun, locked, written, committed) = join4(
        client.batch_execute(begin),
        client.execute(&lock, &[&rooms]),
        client.query(
            &write,
            &[
                &ids,
                &room_ids,
                &senders,
                &contents,
                &attachments,
                &references,
                &interrupted,
                &times,
            ],
        ),
        client.batch_execute("COMMIT"),
    )
    .await;
    // In this order, because the first fault is the reason of the others. And each is looked at: `COMMIT` takes a
    // transaction that has failed back, and calls that a success.
    begun?;
    locked?;
    let rows = written?;
    committed?;
    Ok(rows)
}

/// What to answer to each of a batch that was committed. New events are known already; repeats are read as a replay reads
/// them, all in one round trip.
pub(super) async fn answers(
    client: &Client,
    batch: &[&NewMessage],
    fates: Vec<Fate>,
) -> Vec<StoreResult<Appended>> {
    let reads = batch
        .iter()
        .zip(&fates)
        .map(async |(new, fate)| match fate {
            Fate::Repeated(seq) => Some(log::event(client, new.room_id, *seq).await),
            _ => None,
        });
    let mut repeats = join_all(reads).await.into_iter();
    let mut answers: Vec<StoreResult<Appended>> = Vec::with_capacity(batch.len());
    for (new, fate) in batch.iter().zip(fates) {
        let repeat = repeats.next().flatten();
        let answer = match fate {
            Fate::New(seq, sender) => Ok(Appended::New(sent(new, seq, sender))),
            Fate::After(first) => match &answers[first] {
                Ok(Appended::New(event) | Appended::Repeat(event)) => {
                    Ok(Appended::Repeat(event.clone()))
                }
                Err(error) => Err(error.clone()),
            },
            // Not as the fault it is: that would say that nothing was changed.
            Fate::Untold(error) => Err(StoreError::Unavailable(format!(
                "the message was appended, and cannot be told: {error}"
            ))),
            Fate::Repeated(_) | Fate::Refused => match repeat {
                Some(event) => event.map(Appended::Repeat).map_err(StoreError::from),
                None => Err(StoreError::NotFound),
            },
        };
        answers.push(answer);
    }
    answers
}

/// The event as a replay tells it: nobody can have marked it yet.
fn sent(new: &NewMessage, seq: Seq, sender: Sender) -> RoomEvent {
    let message = Message {
        id: new.id,
        room_id: new.room_id,
        seq,
        sender_id: new.sender_id,
        username: sender.username,
        guest_id: sender.guest_id,
        content: new.content.clone(),
        attachments: new.attachments.clone(),
        client_msg_id: new.client_msg_id.clone(),
        interrupted: new.interrupted,
        status: MessageStatus::Sent,
        created_at: new.at,
        updated_at: new.at,
        edited_at: None,
        edited_seq: None,
        deleted_at: None,
        reactions: Vec::new(),
    };
    RoomEvent {
        room_id: new.room_id,
        seq,
        actor_id: new.sender_id,
        at: new.at,
        members: None,
        kind: RoomEventKind::MessageSent(message),
    }
}
