use domain::{
    Role, RoomEventKind, StoreError,
    ports::{MockEventBus, MockRoomLog, MockRoomStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, caller, clock, event, message, now, room, rooms_of_guests,
    rooms_of_others, rooms_that_are_away, rooms_where_ann_is, silent_bus, users_where_ann_is_admin,
};

async fn delete(
    rooms: Arc<MockRoomStore>,
    log: MockRoomLog,
    bus: Arc<MockEventBus>,
) -> Result<(), ChangeMessageError> {
    DeleteMessage {
        rooms,
        users: Arc::new(MockUserStore::new()),
        log: Arc::new(log),
        bus,
        clock: clock(),
    }
    .execute(caller(), room().id, message(3).id)
    .await
}

/// Whose message it is, the log alone can say at the commit: so it is asked for members of every role.
#[tokio::test]
async fn the_room_is_told_after_the_commit_whatever_the_callers_role() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        let gone = event(RoomEventKind::MessageDeleted {
            message_id: message(3).id,
        });
        let mut order = Sequence::new();
        let mut log = MockRoomLog::new();
        log.expect_delete()
            .with(eq(room().id), eq(message(3).id), eq(ann().id), eq(now()))
            .times(1)
            .in_sequence(&mut order)
            .return_const(Ok(gone.clone()));
        let bus = bus_hearing(&mut order, [BusEvent::Room(gone)]);
        let rooms = rooms_where_ann_is(role, room());
        assert_eq!(delete(rooms, log, bus).await, Ok(()));
    }
}

#[tokio::test]
async fn in_a_room_that_one_is_not_in_there_is_nothing_to_delete() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            delete(rooms, MockRoomLog::new(), silent_bus()).await,
            Err(ChangeMessageError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn a_message_that_was_not_deleted_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, ChangeMessageError::MessageNotFound),
        (StoreError::Denied, ChangeMessageError::NotAllowed),
        (away(), ChangeMessageError::Store(away())),
    ] {
        let mut log = MockRoomLog::new();
        log.expect_delete().return_const(Err(refusal));
        let rooms = rooms_where_ann_is(Role::Member, room());
        assert_eq!(delete(rooms, log, silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    assert_eq!(
        delete(rooms_that_are_away(), MockRoomLog::new(), silent_bus()).await,
        Err(ChangeMessageError::Store(away()))
    );
}

#[tokio::test]
async fn an_admin_of_the_server_may_delete_among_guests_and_no_other_stranger_does() {
    for is_admin in [true, false] {
        let gone = event(RoomEventKind::MessageDeleted {
            message_id: message(3).id,
        });
        let mut log = MockRoomLog::new();
        let mut bus = silent_bus();
        if is_admin {
            log.expect_delete().times(1).return_const(Ok(gone.clone()));
            bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(gone)]);
        }
        let delete = DeleteMessage {
            rooms: Arc::new(rooms_of_guests(None)),
            users: users_where_ann_is_admin(is_admin),
            log: Arc::new(log),
            bus,
            clock: clock(),
        };
        let told = delete.execute(caller(), room().id, message(3).id).await;
        let refused = Err(ChangeMessageError::RoomNotFound);
        assert_eq!(told, if is_admin { Ok(()) } else { refused });
    }
}
