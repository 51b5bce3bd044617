use domain::{
    LiveStream, Role, Room, RoomEventKind, StreamEnd, StreamState,
    ports::{MockEventBus, MockLiveStreams, MockRoomStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, clock, ending, event, id, member, now, public_room, room,
    rooms_of_guests, rooms_that_are_away, rooms_with, silent_bus, stream, stream_of_bob,
    users_where_ann_is_admin,
};

async fn delete(
    rooms: impl Into<Arc<MockRoomStore>>,
    bus: Arc<MockEventBus>,
) -> Result<(), DeleteRoomError> {
    delete_with(rooms, MockLiveStreams::new(), bus).await
}

async fn delete_with(
    rooms: impl Into<Arc<MockRoomStore>>,
    streams: MockLiveStreams,
    bus: Arc<MockEventBus>,
) -> Result<(), DeleteRoomError> {
    DeleteRoom {
        rooms: rooms.into(),
        users: Arc::new(MockUserStore::new()),
        streams: Arc::new(streams),
        bus,
        clock: clock(),
    }
    .execute(caller(), room().id)
    .await
}

fn rooms_of_ann() -> MockRoomStore {
    rooms_with(room().id, Some((room(), Some(Role::Owner))))
}

#[tokio::test]
async fn the_room_and_each_of_its_members_are_told_after_the_commit() {
    let mut order = Sequence::new();
    let mut rooms = rooms_of_ann();
    let gone = event(RoomEventKind::RoomDeleted);
    let members = vec![member(&ann(), Role::Owner), member(&bob(), Role::Member)];
    rooms
        .expect_delete()
        .with(eq(room().id), eq(ann().id), eq(now()))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok((gone.clone(), members)));
    let removed = |user_id| BusEvent::RoomRemoved {
        user_id,
        room_id: room().id,
        seq: gone.seq,
        reason: RemovalReason::RoomDeleted,
    };
    // What is being written ends, but for what is being sent.
    let shown = stream_of_bob();
    let hidden = LiveStream {
        id: id(301),
        is_hidden: true,
        ..stream("hi")
    };
    let sent = LiveStream {
        id: id(302),
        state: StreamState::Finished,
        ..stream("hi")
    };
    let mut streams = ending(vec![hidden.clone(), shown.clone()]);
    streams
        .expect_of_rooms()
        .with(eq(vec![room().id]))
        .return_const(Ok(vec![hidden, sent, shown.clone()]));
    let told = [
        BusEvent::Room(gone.clone()),
        removed(ann().id),
        removed(bob().id),
        BusEvent::StreamEnded {
            room_id: room().id,
            id: shown.id,
            why: StreamEnd::Removed,
        },
    ];
    let bus = bus_hearing(&mut order, told);
    assert_eq!(delete_with(rooms, streams, bus).await, Ok(()));
}

#[tokio::test]
async fn nobody_else_deletes_a_room_and_strangers_do_not_learn_of_a_private_one() {
    let of_bob = |room| Room {
        created_by: bob().id,
        ..room
    };
    for (answer, told) in [
        (None, DeleteRoomError::NotFound),
        (Some((of_bob(room()), None)), DeleteRoomError::NotFound),
        (
            Some((of_bob(public_room()), None)),
            DeleteRoomError::NotCreator,
        ),
        (
            Some((of_bob(room()), Some(Role::Member))),
            DeleteRoomError::NotCreator,
        ),
        (
            Some((of_bob(room()), Some(Role::Admin))),
            DeleteRoomError::NotCreator,
        ),
    ] {
        let rooms = rooms_with(room().id, answer.clone());
        assert_eq!(delete(rooms, silent_bus()).await, Err(told), "{answer:?}");
    }
}

#[tokio::test]
async fn a_room_that_was_not_deleted_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, DeleteRoomError::NotFound),
        (StoreError::Denied, DeleteRoomError::NotCreator),
        (away(), DeleteRoomError::Store(away())),
    ] {
        let mut rooms = rooms_of_ann();
        rooms.expect_delete().return_const(Err(refusal));
        assert_eq!(delete(rooms, silent_bus()).await, Err(told));
    }
}

#[tokio::test]
async fn a_store_that_is_away_does_not_make_a_room_unknown() {
    assert_eq!(
        delete(rooms_that_are_away(), silent_bus()).await,
        Err(DeleteRoomError::Store(away()))
    );
}

#[tokio::test]
async fn an_admin_of_the_server_deletes_a_room_that_guests_may_come_into() {
    for role in [None, Some(Role::Member)] {
        let mut rooms = rooms_of_guests(role);
        let gone = event(RoomEventKind::RoomDeleted);
        rooms
            .expect_delete()
            .with(eq(room().id), eq(ann().id), eq(now()))
            .times(1)
            .return_const(Ok((gone.clone(), Vec::new())));
        let mut streams = MockLiveStreams::new();
        streams.expect_of_rooms().return_const(Ok(Vec::new()));
        let bus = bus_hearing(&mut Sequence::new(), [BusEvent::Room(gone)]);
        let delete = DeleteRoom {
            rooms: Arc::new(rooms),
            users: users_where_ann_is_admin(true),
            streams: Arc::new(streams),
            bus,
            clock: clock(),
        };
        assert_eq!(delete.execute(caller(), room().id).await, Ok(()));
    }
}

#[tokio::test]
async fn whoever_is_no_admin_of_the_server_deletes_no_room_of_guests() {
    let delete = DeleteRoom {
        rooms: Arc::new(rooms_of_guests(Some(Role::Admin))),
        users: users_where_ann_is_admin(false),
        streams: Arc::new(MockLiveStreams::new()),
        bus: silent_bus(),
        clock: clock(),
    };
    assert_eq!(
        delete.execute(caller(), room().id).await,
        Err(DeleteRoomError::NotCreator)
    );
}
