use domain::{
    Role, RoomEventKind,
    ports::{MockRoomLog, MockRoomStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, caller, event, message, room, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is,
};

async fn read(
    rooms: Arc<MockRoomStore>,
    log: MockRoomLog,
    after: u64,
    limit: u32,
) -> Result<EventList, ReadEventsError> {
    ReadEvents {
        rooms,
        log: Arc::new(log),
    }
    .execute(
        caller(),
        room().id,
        Seq(after),
        PageSize::parse(limit).unwrap(),
    )
    .await
}

fn rooms() -> Arc<MockRoomStore> {
    rooms_where_ann_is(Role::Member, room())
}

fn numbered(seqs: &[u64]) -> Vec<RoomEvent> {
    let numbered = seqs.iter().map(|seq| RoomEvent {
        seq: Seq(*seq),
        ..event(RoomEventKind::MessageSent(message(*seq)))
    });
    numbered.collect()
}

#[tokio::test]
async fn more_lie_after_exactly_when_the_log_had_one_more_than_was_asked_for() {
    for (stored, shown, has_more) in [
        (&[][..], &[][..], false),
        (&[4], &[4], false),
        (&[4, 5], &[4, 5], false),
        (&[4, 5, 6], &[4, 5], true),
    ] {
        let mut log = MockRoomLog::new();
        log.expect_read()
            .with(eq(room().id), eq(Seq(3)), eq(3))
            .times(1)
            .return_const(Ok(numbered(stored)));
        assert_eq!(
            read(rooms(), log, 3, 2).await,
            Ok(EventList {
                events: numbered(shown),
                has_more,
                last_seq: room().last_seq,
            })
        );
    }
}

/// Otherwise `last_seq` could count an event that is not shown, and a client would never hear of it.
#[tokio::test]
async fn the_room_is_read_before_its_log() {
    let mut order = Sequence::new();
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_with_role()
        .with(eq(room().id), eq(ann().id))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Some((room(), Some(Role::Member)))));
    rooms
        .expect_by_id()
        .with(eq(room().id))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(Some(room())));
    let mut log = MockRoomLog::new();
    log.expect_read()
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(numbered(&[8])));
    let list = read(Arc::new(rooms), log, 7, 50).await.unwrap();
    assert_eq!((list.last_seq, list.events), (Seq(7), numbered(&[8])));
}

#[tokio::test]
async fn nobody_else_reads_a_log_not_even_of_a_public_room() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            read(rooms, MockRoomLog::new(), 0, 50).await,
            Err(ReadEventsError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_room_that_was_deleted_just_now_is_not_there() {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_with_role()
        .return_const(Ok(Some((room(), Some(Role::Member)))));
    rooms.expect_by_id().return_const(Ok(None));
    assert_eq!(
        read(Arc::new(rooms), MockRoomLog::new(), 0, 50).await,
        Err(ReadEventsError::RoomNotFound)
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_not_an_empty_log() {
    let mut no_log = MockRoomLog::new();
    no_log.expect_read().return_const(Err(away()));
    for (rooms, log) in [
        (rooms_that_are_away(), MockRoomLog::new()),
        (rooms(), no_log),
    ] {
        assert_eq!(
            read(rooms, log, 0, 50).await,
            Err(ReadEventsError::Store(away()))
        );
    }
}
