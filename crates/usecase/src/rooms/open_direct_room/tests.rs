use domain::{
    BusEvent, RoomEventKind,
    ports::{MockEventBus, MockRoomStore, OpenedRoom},
};
use mockall::Sequence;

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, clock, direct_room, event, ids, member, now, room,
    silent_bus, zoe,
};

async fn open(
    rooms: MockRoomStore,
    bus: Arc<MockEventBus>,
    peer: UserId,
    new_ids: &[u64],
) -> Result<(Room, bool), OpenDirectRoomError> {
    OpenDirectRoom {
        rooms: Arc::new(rooms),
        bus,
        clock: clock(),
        ids: ids(new_ids),
    }
    .execute(caller(), peer)
    .await
}

#[tokio::test]
async fn both_are_told_of_a_direct_room_that_was_made_now_after_the_commit() {
    let mut order = Sequence::new();
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_open_direct()
        .withf(|new| {
            new.id == room().id
                && new.name == domain::direct_room_name(ann().id, bob().id)
                && !new.is_group
                && new.visibility == Visibility::Private
                && !new.guests
                && new.created_by == ann().id
                && new.created_at == now()
                && new.members == [(bob().id, Role::Member)]
        })
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(OpenedRoom {
            room: direct_room(),
            events: vec![
                event(RoomEventKind::RoomCreated),
                event(RoomEventKind::MemberJoined(member(&ann(), Role::Owner))),
                event(RoomEventKind::MemberJoined(member(&bob(), Role::Member))),
            ],
        }));
    let told = [ann(), bob()].map(|user| BusEvent::RoomAdded {
        user_id: user.id,
        room: direct_room(),
    });
    let bus = bus_hearing(&mut order, told);
    assert_eq!(
        open(rooms, bus, bob().id, &[10]).await,
        Ok((direct_room(), true))
    );
}

#[tokio::test]
async fn a_direct_room_that_was_there_is_answered_and_not_told_again() {
    let mut rooms = MockRoomStore::new();
    rooms.expect_open_direct().return_const(Ok(OpenedRoom {
        room: direct_room(),
        events: Vec::new(),
    }));
    assert_eq!(
        open(rooms, silent_bus(), bob().id, &[10]).await,
        Ok((direct_room(), false))
    );
}

#[tokio::test]
async fn nobody_has_a_direct_room_with_themselves() {
    assert_eq!(
        open(MockRoomStore::new(), silent_bus(), ann().id, &[]).await,
        Err(OpenDirectRoomError::WithOneself)
    );
}

/// They are gone with their last socket, and nobody knows who they are.
#[tokio::test]
async fn nobody_has_a_direct_room_with_a_guest() {
    assert_eq!(
        open(MockRoomStore::new(), silent_bus(), zoe().id, &[]).await,
        Err(OpenDirectRoomError::UnknownPeer)
    );
}

#[tokio::test]
async fn a_room_that_was_not_opened_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, OpenDirectRoomError::UnknownPeer),
        (away(), OpenDirectRoomError::Store(away())),
    ] {
        let mut rooms = MockRoomStore::new();
        rooms.expect_open_direct().return_const(Err(refusal));
        assert_eq!(open(rooms, silent_bus(), bob().id, &[10]).await, Err(told));
    }
}
