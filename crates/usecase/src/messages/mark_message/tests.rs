use domain::{
    Role, Seq,
    ports::{MockEventBus, MockMessageStore, MockRoomStore, Receipt},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, message, room, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is, silent_bus,
};

async fn mark(
    rooms: Arc<MockRoomStore>,
    messages: MockMessageStore,
    bus: Arc<MockEventBus>,
    kind: ReceiptKind,
) -> Result<(), MarkMessageError> {
    MarkMessage {
        rooms,
        messages: Arc::new(messages),
        bus,
    }
    .execute(caller(), room().id, message(3).id, kind)
    .await
}

fn rooms() -> Arc<MockRoomStore> {
    rooms_where_ann_is(Role::Member, room())
}

#[tokio::test]
async fn the_room_is_told_after_the_commit_which_mark_moved_and_how_far() {
    for kind in [ReceiptKind::Delivered, ReceiptKind::Read] {
        let mut order = Sequence::new();
        let mut messages = MockMessageStore::new();
        messages
            .expect_mark()
            .with(eq(room().id), eq(ann().id), eq(message(3).id), eq(kind))
            .times(1)
            .in_sequence(&mut order)
            .return_const(Ok(Receipt {
                seq: Seq(3),
                moved: true,
            }));
        let receipt = BusEvent::Receipt {
            room_id: room().id,
            user_id: ann().id,
            message_id: message(3).id,
            seq: Seq(3),
            kind,
        };
        let bus = bus_hearing(&mut order, [receipt]);
        assert_eq!(mark(rooms(), messages, bus, kind).await, Ok(()));
    }
}

#[tokio::test]
async fn a_mark_that_stood_there_already_is_not_told_again() {
    let mut messages = MockMessageStore::new();
    messages.expect_mark().times(1).return_const(Ok(Receipt {
        seq: Seq(3),
        moved: false,
    }));
    assert_eq!(
        mark(rooms(), messages, silent_bus(), ReceiptKind::Read).await,
        Ok(())
    );
}

#[tokio::test]
async fn in_a_room_that_one_is_not_in_there_is_nothing_to_mark() {
    for (rooms, label) in rooms_of_others() {
        let messages = MockMessageStore::new();
        assert_eq!(
            mark(rooms, messages, silent_bus(), ReceiptKind::Read).await,
            Err(MarkMessageError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_mark_that_was_not_set_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, MarkMessageError::MessageNotFound),
        (away(), MarkMessageError::Store(away())),
    ] {
        let mut messages = MockMessageStore::new();
        messages.expect_mark().return_const(Err(refusal));
        assert_eq!(
            mark(rooms(), messages, silent_bus(), ReceiptKind::Delivered).await,
            Err(told)
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    let messages = MockMessageStore::new();
    assert_eq!(
        mark(
            rooms_that_are_away(),
            messages,
            silent_bus(),
            ReceiptKind::Read
        )
        .await,
        Err(MarkMessageError::Store(away()))
    );
}
