use domain::{
    RoomEventKind, RoomSnapshot,
    ports::{MockRoomLog, MockRoomStore},
    values::MessageContent,
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, caller, event, message, room};

const MUCH: u64 = 1_000_000;

async fn read(
    rooms: MockRoomStore,
    log: MockRoomLog,
    after: u64,
    limit: u32,
) -> Result<EventList, ReadEventsError> {
    read_within(MUCH, rooms, log, after, limit).await
}

async fn read_within(
    max_bytes: u64,
    rooms: MockRoomStore,
    log: MockRoomLog,
    after: u64,
    limit: u32,
) -> Result<EventList, ReadEventsError> {
    ReadEvents {
        rooms: Arc::new(rooms),
        log: Arc::new(log),
        max_bytes,
    }
    .execute(
        caller(),
        room().id,
        Seq(after),
        PageSize::parse(limit).unwrap(),
    )
    .await
}

/// Ann is in the room, and this is its latest event: one statement says both. The cache is not asked.
fn rooms_up_to(last_seq: u64) -> MockRoomStore {
    rooms_that(Ok(vec![RoomSnapshot {
        room_id: room().id,
        last_seq: Seq(last_seq),
        last_read_seq: Seq(1),
        unread: 3,
    }]))
}

fn rooms_that(answer: Result<Vec<RoomSnapshot>, StoreError>) -> MockRoomStore {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_snapshots()
        .with(eq(ann().id), eq(Some(vec![room().id])))
        .times(1)
        .return_const(answer);
    rooms
}

fn numbered(seqs: impl IntoIterator<Item = u64>) -> Vec<RoomEvent> {
    let numbered = seqs.into_iter().map(|seq| RoomEvent {
        seq: Seq(seq),
        ..event(RoomEventKind::MessageSent(message(seq)))
    });
    numbered.collect()
}

/// Goes up to here, whatever the snapshot says.
fn log_up_to(head: u64) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_read().returning(move |of, after, limit| {
        assert_eq!(of, room().id);
        let end = head.min(after.0 + u64::from(limit));
        Ok(numbered(after.0 + 1..=end))
    });
    log
}

fn seqs(list: &EventList) -> Vec<u64> {
    list.events.iter().map(|event| event.seq.0).collect()
}

#[tokio::test]
async fn more_lie_after_exactly_when_the_room_goes_on() {
    for (last_seq, shown, has_more) in [
        (3, &[][..], false),
        (4, &[4], false),
        (5, &[4, 5], false),
        (6, &[4, 5], true),
    ] {
        let list = read(rooms_up_to(last_seq), log_up_to(last_seq), 3, 2).await;
        assert_eq!(
            list,
            Ok(EventList {
                events: numbered(shown.iter().copied()),
                has_more,
                last_seq: Seq(last_seq),
            })
        );
    }
}

/// They may be of a time at which Ann is in the room no longer.
#[tokio::test]
async fn nothing_is_shown_that_came_after_the_membership_was_looked_at() {
    for (limit, shown, has_more) in [
        (1, &[6][..], true),
        (2, &[6, 7], false),
        (50, &[6, 7], false),
    ] {
        let list = read(rooms_up_to(7), log_up_to(9), 5, limit).await.unwrap();
        assert_eq!(
            (&*seqs(&list), list.has_more),
            (shown, has_more),
            "{limit} at most"
        );
        assert_eq!(list.last_seq, Seq(7));
    }
    for after in [7, 8, 9, u64::MAX] {
        // There is nothing to look for in the log.
        let list = read(rooms_up_to(7), MockRoomLog::new(), after, 50)
            .await
            .unwrap();
        assert_eq!(
            (&*seqs(&list), list.has_more),
            (&[][..], false),
            "after {after}"
        );
    }
}

/// One who was taken out just now, a stranger, and a room that was deleted or never was: all the same.
#[tokio::test]
async fn a_log_is_for_the_members_of_this_moment() {
    assert_eq!(
        read(rooms_that(Ok(vec![])), MockRoomLog::new(), 0, 50).await,
        Err(ReadEventsError::RoomNotFound)
    );
}

#[tokio::test]
async fn an_answer_bears_so_many_bytes_and_the_next_one_goes_on() {
    let long = |seq| {
        let mut message = message(seq);
        message.content = MessageContent::parse(&"x".repeat(4_000)).unwrap();
        RoomEvent {
            seq: Seq(seq),
            ..event(RoomEventKind::MessageSent(message))
        }
    };
    let log = || {
        let mut log = MockRoomLog::new();
        log.expect_read().returning(move |_, after, limit| {
            let end = 7.min(after.0 + u64::from(limit));
            Ok((after.0 + 1..=end).map(long).collect())
        });
        log
    };
    // Two and a half of them, and less than one: each answer goes on by one at least.
    for (max_bytes, after, shown, has_more) in [
        (10_000, 0, &[1, 2][..], true),
        (10_000, 4, &[5, 6], true),
        (10_000, 6, &[7], false),
        (100, 5, &[6], true),
        (100, 6, &[7], false),
    ] {
        let list = read_within(max_bytes, rooms_up_to(7), log(), after, 200).await;
        let list = list.unwrap();
        assert_eq!(
            (&*seqs(&list), list.has_more),
            (shown, has_more),
            "{max_bytes} bytes after {after}"
        );
        assert_eq!(list.last_seq, Seq(7));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_log() {
    let mut no_log = MockRoomLog::new();
    no_log.expect_read().return_const(Err(away()));
    for (rooms, log) in [
        (rooms_that(Err(away())), MockRoomLog::new()),
        (rooms_up_to(7), no_log),
    ] {
        assert_eq!(
            read(rooms, log, 0, 50).await,
            Err(ReadEventsError::Store(away()))
        );
    }
}
