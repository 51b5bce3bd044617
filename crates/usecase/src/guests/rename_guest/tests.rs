use domain::{
    BusEvent, RoomEvent, RoomEventKind,
    ports::{MockEventBus, MockMemberStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{away, bus_hearing, clock, event, guest_room, now, silent_bus, zoe};

fn zaza() -> Username {
    Username::parse("Zaza").unwrap()
}

fn renamed() -> RoomEvent {
    event(RoomEventKind::MemberRenamed {
        user_id: zoe().id,
        username: zaza(),
        guest_id: zoe().guest_id,
    })
}

/// Zoe asks to be called Zaza.
async fn rename(members: MockMemberStore, bus: Arc<MockEventBus>) -> Result<(), RenameGuestError> {
    let rename_guest = RenameGuest {
        members: Arc::new(members),
        bus,
        clock: clock(),
    };
    rename_guest
        .execute(Caller::guest(zoe().id), guest_room().id, &zaza())
        .await
}

#[tokio::test]
async fn the_room_and_the_other_nodes_are_told_of_the_name_after_the_commit() {
    let mut order = Sequence::new();
    let mut members = MockMemberStore::new();
    members
        .expect_rename()
        .with(eq(guest_room().id), eq(zoe().id), eq(zaza()), eq(now()))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(renamed()));
    let user_id = zoe().id;
    let bus = bus_hearing(
        &mut order,
        [BusEvent::Room(renamed()), BusEvent::UserChanged { user_id }],
    );
    assert_eq!(rename(members, bus).await, Ok(()));
}

#[tokio::test]
async fn a_name_that_was_not_given_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, RenameGuestError::NotInRoom),
        (away(), RenameGuestError::Store(away())),
    ] {
        let mut members = MockMemberStore::new();
        members.expect_rename().return_const(Err(refusal));
        assert_eq!(rename(members, silent_bus()).await, Err(told));
    }
}
