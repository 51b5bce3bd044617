use domain::{
    BusEvent, RemovalReason,
    ports::{MockEventBus, MockLiveStreams, MockMemberStore, MockPresence},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    away, bus_hearing, clock, event, guest_room, id, member_left, silent_bus, zoe,
};

/// Zoe is in the room at each look, and nobody else.
fn zoe_is_a_member() -> MockMemberStore {
    let mut members = MockMemberStore::new();
    members
        .expect_guests()
        .with(eq(None::<(RoomId, UserId)>), eq(SweepRooms::BATCH))
        .return_const(Ok(vec![(guest_room().id, zoe().id)]));
    members
}

/// Zoe is there or not, each time that it is asked: once at a look, and once more before she is taken out.
fn zoe_is_there(each_time: impl IntoIterator<Item = bool>) -> MockPresence {
    let there = |is_there: bool| -> StoreResult<Vec<UserId>> {
        Ok(is_there.then(|| zoe().id).into_iter().collect())
    };
    presence(each_time.into_iter().map(there).collect())
}

/// Who is there, each time that it is asked.
fn presence(each_time: Vec<StoreResult<Vec<UserId>>>) -> MockPresence {
    let times = each_time.len();
    let mut answers = each_time.into_iter();
    let mut presence = MockPresence::new();
    presence
        .expect_online_everywhere()
        .with(eq(guest_room().id))
        .times(times)
        .returning(move |_| answers.next().expect("one for each question"));
    presence
}

fn sweep_rooms(
    members: MockMemberStore,
    mut presence: MockPresence,
    bus: Arc<MockEventBus>,
) -> SweepRooms {
    // Unless the test has said otherwise.
    presence.expect_is_settled().return_const(true);
    let members: Arc<dyn MemberStore> = Arc::new(members);
    let presence: Arc<dyn Presence> = Arc::new(presence);
    // Nobody is writing anything.
    let mut streams = MockLiveStreams::new();
    streams.expect_of_author().return_const(Ok(vec![]));
    SweepRooms {
        leave: LeaveRoom {
            members: members.clone(),
            presence: presence.clone(),
            streams: Arc::new(streams),
            bus,
            clock: clock(),
        },
        members,
        presence,
        absent: Mutex::default(),
    }
}

/// Takes Zoe out, once, and hears it told.
fn zoe_leaves(members: &mut MockMemberStore) -> Arc<MockEventBus> {
    let mut order = Sequence::new();
    let left = event(member_left(&zoe()));
    members
        .expect_remove()
        .withf(|room, guest, by, _| (*room, *guest, *by) == (guest_room().id, zoe().id, zoe().id))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(left.clone()));
    let removed = BusEvent::RoomRemoved {
        user_id: zoe().id,
        room_id: guest_room().id,
        seq: left.seq,
        reason: RemovalReason::Left,
    };
    bus_hearing(&mut order, [BusEvent::Room(left), removed])
}

#[tokio::test]
async fn who_is_away_at_two_looks_in_a_row_is_taken_out() {
    let mut members = zoe_is_a_member();
    let bus = zoe_leaves(&mut members);
    // Twice at the looks, and the last time just before she is taken out.
    let sweep = sweep_rooms(members, zoe_is_there([false, false, false]), bus);
    for _ in 0..2 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

#[tokio::test]
async fn who_is_just_coming_in_stays() {
    let there = zoe_is_there([false, true]);
    let sweep = sweep_rooms(zoe_is_a_member(), there, silent_bus());
    for _ in 0..2 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

#[tokio::test]
async fn who_was_there_in_between_is_away_for_the_first_time_again() {
    let there = zoe_is_there([false, true, false, true]);
    let sweep = sweep_rooms(zoe_is_a_member(), there, silent_bus());
    for _ in 0..4 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

#[tokio::test]
async fn who_comes_back_in_the_last_moment_stays() {
    let there = zoe_is_there([false, false, true]);
    let sweep = sweep_rooms(zoe_is_a_member(), there, silent_bus());
    for _ in 0..2 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

#[tokio::test]
async fn where_all_are_there_nobody_is_taken_out() {
    let there = zoe_is_there([true, true]);
    let sweep = sweep_rooms(zoe_is_a_member(), there, silent_bus());
    for _ in 0..2 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

/// A full page has another behind it, and who is there is asked once for each room of a page.
#[tokio::test]
async fn all_guests_are_looked_at_page_by_page() {
    let guest = |number: u32| (guest_room().id, id::<UserId>(u64::from(number)));
    let full: Vec<_> = (0..SweepRooms::BATCH).map(guest).collect();
    let rest = vec![guest(SweepRooms::BATCH)];
    let mut order = Sequence::new();
    let mut members = MockMemberStore::new();
    for (after, page) in [(None, full.clone()), (full.last().copied(), rest.clone())] {
        members
            .expect_guests()
            .with(eq(after), eq(SweepRooms::BATCH))
            .times(1)
            .in_sequence(&mut order)
            .return_const(Ok(page));
    }
    let there = |page: &[(RoomId, UserId)]| -> StoreResult<Vec<UserId>> {
        Ok(page.iter().map(|(_, guest)| *guest).collect())
    };
    let presence = presence(vec![there(&full), there(&rest)]);
    let sweep = sweep_rooms(members, presence, silent_bus());
    assert_eq!(sweep.execute().await, Ok(()));
}

#[tokio::test]
async fn nobody_is_taken_out_while_it_is_not_known_who_is_there() {
    let gone = || Ok(Vec::new());
    let presence = presence(vec![gone(), Err(away())]);
    let sweep = sweep_rooms(zoe_is_a_member(), presence, silent_bus());
    assert_eq!(sweep.execute().await, Ok(()));
    assert_eq!(sweep.execute().await, Err(away()));
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_later() {
    let mut members = MockMemberStore::new();
    members.expect_guests().return_const(Err(away()));
    let sweep = sweep_rooms(members, MockPresence::new(), silent_bus());
    assert_eq!(sweep.execute().await, Err(away()));
}

#[tokio::test]
async fn who_could_not_be_taken_out_is_found_the_next_time() {
    let mut members = zoe_is_a_member();
    members.expect_remove().times(1).return_const(Err(away()));
    let bus = zoe_leaves(&mut members);
    let sweep = sweep_rooms(members, zoe_is_there([false; 5]), bus);
    assert_eq!(sweep.execute().await, Ok(()));
    assert_eq!(sweep.execute().await, Ok(()), "the others have their turn");
    assert_eq!(sweep.execute().await, Ok(()));
}

/// For a lease after Redis was away, other nodes' sockets may be missing from it.
#[tokio::test]
async fn a_look_counts_for_nothing_while_somebody_may_not_be_known_yet() {
    let mut presence = zoe_is_there([false, false]);
    for is_settled in [true, false, true] {
        presence
            .expect_is_settled()
            .times(1)
            .return_const(is_settled);
    }
    let sweep = sweep_rooms(zoe_is_a_member(), presence, silent_bus());
    for _ in 0..3 {
        assert_eq!(sweep.execute().await, Ok(()));
    }
}

#[tokio::test]
async fn at_the_start_of_a_lone_node_all_are_taken_out_at_one_look() {
    let mut members = zoe_is_a_member();
    let bus = zoe_leaves(&mut members);
    let sweep = sweep_rooms(members, zoe_is_there([false]), bus);
    assert_eq!(sweep.at_start().await, Ok(()));
}

#[tokio::test]
async fn at_the_start_too_who_holds_a_socket_stays() {
    let sweep = sweep_rooms(zoe_is_a_member(), zoe_is_there([true]), silent_bus());
    assert_eq!(sweep.at_start().await, Ok(()));
}

#[tokio::test]
async fn at_the_start_a_store_that_is_away_is_said_to_be() {
    let mut members = MockMemberStore::new();
    members.expect_guests().return_const(Err(away()));
    let sweep = sweep_rooms(members, MockPresence::new(), silent_bus());
    assert_eq!(sweep.at_start().await, Err(away()));
}
