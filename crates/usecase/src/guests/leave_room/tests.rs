use domain::{
    BusEvent, LiveStream, RemovalReason, RoomEvent, StreamEnd,
    ports::{MockEventBus, MockLiveStreams, MockMemberStore, MockPresence},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bus_hearing, clock, ending, event, guest_room, id, member_left, now, silent_bus,
    stream, zoe,
};

fn left() -> RoomEvent {
    event(member_left(&zoe()))
}

/// These are in the room now, or it is not known.
fn presence(there: StoreResult<Vec<UserId>>) -> MockPresence {
    let mut presence = MockPresence::new();
    presence
        .expect_online_everywhere()
        .with(eq(guest_room().id))
        .return_const(there);
    presence
}

async fn leave(
    presence: MockPresence,
    members: MockMemberStore,
    bus: Arc<MockEventBus>,
    who: UserId,
) -> StoreResult<()> {
    leave_who_writes(presence, members, MockLiveStreams::new(), bus, who).await
}

async fn leave_who_writes(
    presence: MockPresence,
    members: MockMemberStore,
    streams: MockLiveStreams,
    bus: Arc<MockEventBus>,
    who: UserId,
) -> StoreResult<()> {
    let leave_room = LeaveRoom {
        members: Arc::new(members),
        presence: Arc::new(presence),
        streams: Arc::new(streams),
        bus,
        clock: clock(),
    };
    leave_room.execute(guest_room().id, who).await
}

/// What Zoe writes in the room.
fn draft() -> LiveStream {
    LiveStream {
        user_id: zoe().id,
        ..stream("so far")
    }
}

#[tokio::test]
async fn a_guest_whose_last_socket_is_gone_is_taken_out_and_all_are_told_after_the_commit() {
    let elsewhere = LiveStream {
        room_id: id(11),
        ..draft()
    };
    let mut streams = ending(vec![draft()]);
    streams
        .expect_of_author()
        .with(eq(zoe().id))
        .return_const(Ok(vec![elsewhere, draft()]));
    let mut order = Sequence::new();
    let mut members = MockMemberStore::new();
    members
        .expect_remove()
        .with(eq(guest_room().id), eq(zoe().id), eq(zoe().id), eq(now()))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(left()));
    let bus = bus_hearing(
        &mut order,
        [
            BusEvent::Room(left()),
            BusEvent::RoomRemoved {
                user_id: zoe().id,
                room_id: guest_room().id,
                seq: left().seq,
                reason: RemovalReason::Left,
            },
            BusEvent::StreamEnded {
                room_id: guest_room().id,
                id: draft().id,
                why: StreamEnd::Removed,
            },
        ],
    );
    // Others stay.
    let there = presence(Ok(vec![ann().id]));
    let left = leave_who_writes(there, members, streams, bus, zoe().id);
    assert_eq!(left.await, Ok(()));
}

#[tokio::test]
async fn a_guest_is_taken_out_though_what_they_write_cannot_be_ended() {
    let mut members = MockMemberStore::new();
    members.expect_remove().return_const(Ok(left()));
    let mut streams = MockLiveStreams::new();
    streams.expect_of_author().return_const(Err(away()));
    let mut bus = MockEventBus::new();
    bus.expect_publish().times(2).return_const(());
    let there = presence(Ok(vec![]));
    let left = leave_who_writes(there, members, streams, Arc::new(bus), zoe().id);
    assert_eq!(left.await, Ok(()));
}

#[tokio::test]
async fn a_guest_who_is_there_again_stays() {
    let there = presence(Ok(vec![ann().id, zoe().id]));
    let left = leave(there, MockMemberStore::new(), silent_bus(), zoe().id);
    assert_eq!(left.await, Ok(()));
}

#[tokio::test]
async fn an_account_stays_a_member_wherever_its_sockets_are() {
    let nobody_is_asked = MockPresence::new();
    let members = MockMemberStore::new();
    let left = leave(nobody_is_asked, members, silent_bus(), ann().id);
    assert_eq!(left.await, Ok(()));
}

#[tokio::test]
async fn a_guest_who_was_taken_out_by_another_node_is_told_by_that_one_alone() {
    let mut members = MockMemberStore::new();
    members
        .expect_remove()
        .times(1)
        .return_const(Err(StoreError::NotFound));
    let left = leave(presence(Ok(vec![])), members, silent_bus(), zoe().id);
    assert_eq!(left.await, Ok(()));
}

#[tokio::test]
async fn nobody_is_taken_out_while_it_is_not_known_who_is_there() {
    let unknown = presence(Err(away()));
    let left = leave(unknown, MockMemberStore::new(), silent_bus(), zoe().id);
    assert_eq!(left.await, Err(away()));
}

#[tokio::test]
async fn who_could_not_be_taken_out_is_not_told_to_have_left() {
    for refusal in [away(), StoreError::Denied] {
        let mut members = MockMemberStore::new();
        members.expect_remove().return_const(Err(refusal.clone()));
        let left = leave(presence(Ok(vec![])), members, silent_bus(), zoe().id);
        assert_eq!(left.await, Err(refusal));
    }
}
