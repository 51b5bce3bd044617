use domain::{
    ReactionChange, Role, RoomEvent, RoomEventKind, StoreResult,
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

async fn react(
    rooms: Arc<MockRoomStore>,
    log: MockRoomLog,
    bus: Arc<MockEventBus>,
) -> Result<(), ReactError> {
    AddReaction {
        rooms,
        log: Arc::new(log),
        bus,
        clock: clock(),
    }
    .execute(caller(), room().id, message(3).id, emoji())
    .await
}

fn added() -> RoomEvent {
    event(RoomEventKind::ReactionAdded(ReactionChange {
        message_id: message(3).id,
        user_id: ann().id,
        username: ann().username,
        emoji: emoji(),
        count: 2,
    }))
}

/// Asked once for Ann's reaction, after all that `order` holds already, the log answers so.
fn log_that(order: &mut Sequence, answer: StoreResult<Appended>) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_react()
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
async fn any_member_reacts_and_the_room_is_told_after_the_commit() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for room in [room(), public_room()] {
            let mut order = Sequence::new();
            let log = log_that(&mut order, Ok(Appended::New(added())));
            let bus = bus_hearing(&mut order, [BusEvent::Room(added())]);
            let rooms = rooms_where_ann_is(role, room);
            assert_eq!(react(rooms, log, bus).await, Ok(()), "{role:?}");
        }
    }
}

/// The first time may have been lost after the commit: the answer, and what the room was told.
#[tokio::test]
async fn a_reaction_that_stands_there_already_is_told_again() {
    let mut order = Sequence::new();
    let log = log_that(&mut order, Ok(Appended::Repeat(added())));
    let bus = bus_hearing(&mut order, [BusEvent::Room(added())]);
    let rooms = rooms_where_ann_is(Role::Member, room());
    assert_eq!(react(rooms, log, bus).await, Ok(()));
}

#[tokio::test]
async fn in_a_room_that_one_is_not_in_there_is_nothing_to_react_to() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            react(rooms, MockRoomLog::new(), silent_bus()).await,
            Err(ReactError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_reaction_that_was_not_added_is_not_told() {
    let too_many = StoreError::Conflict(Conflict::TooManyEmojis);
    let another = StoreError::Conflict(Conflict::AlreadyMember);
    for (refusal, told) in [
        (StoreError::NotFound, ReactError::MessageNotFound),
        (too_many, ReactError::TooManyEmojis),
        (another.clone(), ReactError::Store(another)),
        (StoreError::Denied, ReactError::Store(StoreError::Denied)),
        (away(), ReactError::Store(away())),
    ] {
        let log = log_that(&mut Sequence::new(), Err(refusal));
        let rooms = rooms_where_ann_is(Role::Member, room());
        assert_eq!(react(rooms, log, silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    assert_eq!(
        react(rooms_that_are_away(), MockRoomLog::new(), silent_bus()).await,
        Err(ReactError::Store(away()))
    );
}
