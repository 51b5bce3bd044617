use domain::{
    BusEvent, LiveStream, Room, RoomEvent, StreamEnd, User,
    ports::{MockEventBus, MockLiveStreams, MockMemberStore, MockRoomStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, clock, direct_room, ending, event, id, member,
    member_left, now, room, rooms_of_guests, rooms_of_others, rooms_that_are_away,
    rooms_where_ann_is, silent_bus, stream, users_where_ann_is_admin, zoe,
};

fn remove_member(
    rooms: Arc<MockRoomStore>,
    members: MockMemberStore,
    bus: Arc<MockEventBus>,
) -> RemoveMember {
    remove_member_who_writes(rooms, members, MockLiveStreams::new(), bus)
}

fn remove_member_who_writes(
    rooms: Arc<MockRoomStore>,
    members: MockMemberStore,
    streams: MockLiveStreams,
    bus: Arc<MockEventBus>,
) -> RemoveMember {
    RemoveMember {
        rooms,
        users: Arc::new(MockUserStore::new()),
        members: Arc::new(members),
        streams: Arc::new(streams),
        bus,
        clock: clock(),
    }
}

fn members_with(user: &User, role: Role) -> MockMemberStore {
    let mut members = MockMemberStore::new();
    members
        .expect_get()
        .with(eq(room().id), eq(user.id))
        .return_const(Ok(Some(member(user, role))));
    members
}

fn left(user: &User) -> RoomEvent {
    event(member_left(user))
}

/// Ann, with this role, has `user` leave: everybody is told, in this order, after the commit. What `user` was writing in the
/// room ends.
async fn is_removed(caller_role: Role, user: &User, role: Role, reason: RemovalReason) {
    let there = LiveStream {
        user_id: user.id,
        ..stream("hi")
    };
    let elsewhere = LiveStream {
        room_id: id(11),
        ..there.clone()
    };
    let mut streams = ending(vec![there.clone()]);
    streams
        .expect_of_author()
        .with(eq(user.id))
        .return_const(Ok(vec![elsewhere, there.clone()]));
    let mut order = Sequence::new();
    let mut members = members_with(user, role);
    members
        .expect_remove()
        .with(eq(room().id), eq(user.id), eq(ann().id), eq(now()))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(left(user)));
    let bus = bus_hearing(
        &mut order,
        [
            BusEvent::Room(left(user)),
            BusEvent::RoomRemoved {
                user_id: user.id,
                room_id: room().id,
                seq: left(user).seq,
                reason,
            },
            BusEvent::StreamEnded {
                room_id: room().id,
                id: there.id,
                why: StreamEnd::Removed,
            },
        ],
    );
    let rooms = rooms_where_ann_is(caller_role, room());
    assert_eq!(
        remove_member_who_writes(rooms, members, streams, bus)
            .execute(caller(), room().id, user.id)
            .await,
        Ok(())
    );
}

/// Ann, with this role in this room, is refused before the store is asked to change anything.
async fn is_refused(caller_role: Role, user: &User, role: Role, room: Room) -> RemoveMemberError {
    let id = room.id;
    let rooms = rooms_where_ann_is(caller_role, room);
    remove_member(rooms, members_with(user, role), silent_bus())
        .execute(caller(), id, user.id)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_removed_member_is_told_why() {
    for (caller_role, role) in [
        (Role::Owner, Role::Admin),
        (Role::Owner, Role::Member),
        (Role::Admin, Role::Member),
    ] {
        is_removed(caller_role, &bob(), role, RemovalReason::Removed).await;
    }
}

#[tokio::test]
async fn a_member_is_removed_though_what_they_write_cannot_be_ended() {
    let mut members = members_with(&bob(), Role::Member);
    members.expect_remove().return_const(Ok(left(&bob())));
    let mut streams = MockLiveStreams::new();
    streams.expect_of_author().return_const(Err(away()));
    let mut bus = MockEventBus::new();
    bus.expect_publish().times(2).return_const(());
    let rooms = rooms_where_ann_is(Role::Owner, room());
    let remove = remove_member_who_writes(rooms, members, streams, Arc::new(bus));
    let removed = remove.execute(caller(), room().id, bob().id).await;
    assert_eq!(removed, Ok(()));
}

#[tokio::test]
async fn nobody_removes_one_who_does_not_stand_below_them() {
    for (caller_role, role) in [
        (Role::Owner, Role::Owner),
        (Role::Admin, Role::Owner),
        (Role::Admin, Role::Admin),
        (Role::Member, Role::Owner),
        (Role::Member, Role::Admin),
        (Role::Member, Role::Member),
    ] {
        assert_eq!(
            is_refused(caller_role, &bob(), role, room()).await,
            RemoveMemberError::NotAllowed,
            "{caller_role:?} removes {role:?}"
        );
    }
}

#[tokio::test]
async fn one_who_leaves_is_told_that_they_left() {
    for role in [Role::Admin, Role::Member] {
        is_removed(role, &ann(), role, RemovalReason::Left).await;
    }
}

#[tokio::test]
async fn the_owner_cannot_leave() {
    assert_eq!(
        is_refused(Role::Owner, &ann(), Role::Owner, room()).await,
        RemoveMemberError::OwnerStays
    );
}

#[tokio::test]
async fn a_direct_room_keeps_its_two_members() {
    for (caller_role, user, role) in [
        (Role::Owner, bob(), Role::Member),
        (Role::Owner, ann(), Role::Owner),
        (Role::Member, bob(), Role::Owner),
        (Role::Member, ann(), Role::Member),
    ] {
        assert_eq!(
            is_refused(caller_role, &user, role, direct_room()).await,
            RemoveMemberError::DirectRoom,
            "{caller_role:?} removes {}",
            user.name
        );
    }
}

#[tokio::test]
async fn a_room_that_one_is_not_in_is_not_there() {
    for (rooms, label) in rooms_of_others() {
        assert_eq!(
            remove_member(rooms, MockMemberStore::new(), silent_bus())
                .execute(caller(), room().id, bob().id)
                .await,
            Err(RemoveMemberError::RoomNotFound),
            "{label}"
        );
    }
}

#[tokio::test]
async fn one_who_is_not_in_the_room_cannot_be_removed_from_it() {
    let mut members = MockMemberStore::new();
    members.expect_get().return_const(Ok(None));
    let rooms = rooms_where_ann_is(Role::Owner, room());
    assert_eq!(
        remove_member(rooms, members, silent_bus())
            .execute(caller(), room().id, bob().id)
            .await,
        Err(RemoveMemberError::MemberNotFound)
    );
}

#[tokio::test]
async fn what_changed_before_the_commit_is_named_and_nothing_is_told() {
    for (refusal, told) in [
        (StoreError::NotFound, RemoveMemberError::MemberNotFound),
        (StoreError::Denied, RemoveMemberError::NotAllowed),
        (away(), RemoveMemberError::Store(away())),
    ] {
        let mut members = members_with(&bob(), Role::Member);
        members.expect_remove().return_const(Err(refusal));
        let rooms = rooms_where_ann_is(Role::Owner, room());
        assert_eq!(
            remove_member(rooms, members, silent_bus())
                .execute(caller(), room().id, bob().id)
                .await,
            Err(told)
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_makes_neither_a_room_nor_a_member_unknown() {
    let mut members = MockMemberStore::new();
    members.expect_get().return_const(Err(away()));
    for (rooms, members) in [
        (rooms_that_are_away(), MockMemberStore::new()),
        (rooms_where_ann_is(Role::Owner, room()), members),
    ] {
        assert_eq!(
            remove_member(rooms, members, silent_bus())
                .execute(caller(), room().id, bob().id)
                .await,
            Err(RemoveMemberError::Store(away()))
        );
    }
}

/// In Bob's room that guests may come into, of which Ann has this role.
fn among_guests(role: Option<Role>, is_admin: bool, members: MockMemberStore) -> RemoveMember {
    let mut streams = MockLiveStreams::new();
    streams.expect_of_author().return_const(Ok(Vec::new()));
    let mut bus = MockEventBus::new();
    bus.expect_publish().return_const(());
    RemoveMember {
        users: users_where_ann_is_admin(is_admin),
        ..remove_member_who_writes(
            Arc::new(rooms_of_guests(role)),
            members,
            streams,
            Arc::new(bus),
        )
    }
}

#[tokio::test]
async fn an_admin_of_the_server_removes_a_guest() {
    for role in [None, Some(Role::Member)] {
        let mut members = members_with(&zoe(), Role::Member);
        members
            .expect_remove()
            .with(eq(room().id), eq(zoe().id), eq(ann().id), eq(now()))
            .times(1)
            .return_const(Ok(left(&zoe())));
        let remove = among_guests(role, true, members);
        let removed = remove.execute(caller(), room().id, zoe().id).await;
        assert_eq!(removed, Ok(()));
    }
}

#[tokio::test]
async fn an_admin_of_the_server_removes_no_account() {
    for role in [None, Some(Role::Member)] {
        let remove = among_guests(role, true, members_with(&bob(), Role::Member));
        assert_eq!(
            remove.execute(caller(), room().id, bob().id).await,
            Err(RemoveMemberError::NotAllowed)
        );
    }
}

#[tokio::test]
async fn whoever_is_no_admin_of_the_server_removes_no_guest() {
    for (role, told) in [
        (None, RemoveMemberError::RoomNotFound),
        (Some(Role::Member), RemoveMemberError::NotAllowed),
    ] {
        let remove = among_guests(role, false, members_with(&zoe(), Role::Member));
        let removed = remove.execute(caller(), room().id, zoe().id).await;
        assert_eq!(removed, Err(told));
    }
}
