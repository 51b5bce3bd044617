use domain::{
    ReactionChange, Role, RoomEvent, RoomEventKind, StoreError, StoreResult,
    ports::{MockEventBus, MockRoomLog, MockRoomStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, event, message, now, public_room, room, rooms_of_others,
    rooms_that_are_away, rooms_where_ann_is, silent_bus,
};

fn emoji() -> Emoji {
    Emoji::parse("\u{1F372}").unwrap()
}

async fn take_back(
    rooms: Arc<MockRoomStore>,
    log: MockRoomLog,
    bus: Arc<MockEventBus>,
) -> Result<(), ReactError> {
    RemoveReaction {
        rooms,
        log: Arc::new(log),
        bus,
        clock: clock(),
    }
    .execute(caller(), room().id, message(3).id, emoji())
    .await
}

fn removed() -> RoomEvent {
    event(RoomEventKind::ReactionRemoved(ReactionChange {
        message_id: message(3).id,
        user_id: ann().id,
        username: ann().username,
        emoji: emoji(),
        count: 0,
    }))
}

/// Asked once to take Ann's own reaction back, after all that `order` holds already, the log answers so.
fn log_that(order: &mut Sequence, answer: StoreResult<Option<RoomEvent>>) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_unreact()
        .with(
            eq(room().id),
            eq(message(3).id),
            eq(ann().id),
            eq(emoji()),
            eq(now()),
        )
        .times(1)
        .in_sequence(order)
        .return_const(answer);
    log
}

#[tokio::test]
async fn the_room_is_told_after_the_commit_whatever_the_callers_role() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for room in [room(), public_room()] {
            let mut order = Sequence::new();
            let log = log_that(&mut order, Ok(Some(removed())));
            let bus = bus_hearing(&mut order, [BusEvent::Room(removed())]);
            let rooms = rooms_where_ann_is(role, room);
            assert_eq!(take_back(rooms, log, bus).await, Ok(()), "{role:?}");
        }
    }
}

#[tokio::test]
async fn where_there_is_no_reaction_all_is_well_and_nothing_is_told() {
    let log = log_that(&mut Sequence::new(), Ok(None));
    let rooms = rooms_where_ann_is(Role::Member, room());
    assert_eq!(take_back(rooms, log, silent_bus()).await, Ok(()));
}

#[tokio::test]
async fn in_a_room_that_one_is_not_in_there_is_nothing_to_take_back() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            take_back(rooms, MockRoomLog::new(), silent_bus()).await,
            Err(ReactError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_reaction_that_was_not_taken_back_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, ReactError::MessageNotFound),
        (StoreError::Denied, ReactError::Store(StoreError::Denied)),
        (away(), ReactError::Store(away())),
    ] {
        let log = log_that(&mut Sequence::new(), Err(refusal));
        let rooms = rooms_where_ann_is(Role::Member, room());
        assert_eq!(take_back(rooms, log, silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    assert_eq!(
        take_back(rooms_that_are_away(), MockRoomLog::new(), silent_bus()).await,
        Err(ReactError::Store(away()))
    );
}
