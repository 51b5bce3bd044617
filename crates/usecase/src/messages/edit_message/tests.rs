use domain::{
    Role, RoomEvent,
    ports::{MockEventBus, MockRoomLog, MockRoomStore},
    values::MessageContent,
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, event, message, now, room, rooms_of_others,
    rooms_that_are_away, rooms_where_ann_is, silent_bus,
};

const NEW_TEXT: &str = "soup is gone";

async fn edit(
    rooms: Arc<MockRoomStore>,
    log: MockRoomLog,
    bus: Arc<MockEventBus>,
) -> Result<Message, ChangeMessageError> {
    let text = MessageDraft::parse(NEW_TEXT, Vec::new()).unwrap();
    EditMessage {
        rooms,
        log: Arc::new(log),
        bus,
        clock: clock(),
    }
    .execute(caller(), room().id, message(3).id, text)
    .await
}

fn log_that(answer: Result<RoomEvent, StoreError>) -> MockRoomLog {
    let mut log = MockRoomLog::new();
    log.expect_edit().times(1).return_const(answer);
    log
}

#[tokio::test]
async fn the_room_is_told_the_new_text_after_the_commit() {
    let edited = Message {
        content: MessageContent::parse(NEW_TEXT).unwrap(),
        edited_at: Some(now()),
        ..message(3)
    };
    let changed = event(RoomEventKind::MessageEdited(edited.clone()));
    let mut order = Sequence::new();
    let mut log = MockRoomLog::new();
    log.expect_edit()
        .with(
            eq(room().id),
            eq(message(3).id),
            eq(ann().id),
            eq(edited.content.clone()),
            eq(now()),
        )
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(changed.clone()));
    let bus = bus_hearing(&mut order, [BusEvent::Room(changed)]);
    let rooms = rooms_where_ann_is(Role::Member, room());
    assert_eq!(edit(rooms, log, bus).await, Ok(edited));
}

#[tokio::test]
async fn in_a_room_that_one_is_not_in_there_is_nothing_to_edit() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            edit(rooms, MockRoomLog::new(), silent_bus()).await,
            Err(ChangeMessageError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_message_that_was_not_edited_is_not_told_whatever_the_callers_role() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        for (refusal, told) in [
            (StoreError::NotFound, ChangeMessageError::MessageNotFound),
            (StoreError::Denied, ChangeMessageError::NotAllowed),
            (away(), ChangeMessageError::Store(away())),
        ] {
            let rooms = rooms_where_ann_is(role, room());
            let log = log_that(Err(refusal));
            assert_eq!(edit(rooms, log, silent_bus()).await, Err(told), "{role:?}");
        }
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    assert_eq!(
        edit(rooms_that_are_away(), MockRoomLog::new(), silent_bus()).await,
        Err(ChangeMessageError::Store(away()))
    );
}

#[tokio::test]
async fn a_log_that_answers_another_event_is_at_fault() {
    let log = log_that(Ok(event(RoomEventKind::MessageSent(message(3)))));
    let rooms = rooms_where_ann_is(Role::Member, room());
    let got = edit(rooms, log, silent_bus()).await;
    assert!(
        matches!(got, Err(ChangeMessageError::Store(StoreError::Other(_)))),
        "{got:?}"
    );
}
