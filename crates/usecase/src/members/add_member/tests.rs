use domain::{
    BusEvent, Room, RoomEvent, Seq,
    ports::{MockEventBus, MockMemberStore, MockRoomStore, MockUserStore},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, clock, direct_room, event, guest_room, member, now,
    public_room, room, rooms_that_are_away, rooms_where_ann_is, rooms_with, silent_bus, zoe,
};

fn bob_as_member() -> AddMemberInput {
    AddMemberInput {
        room_id: room().id,
        user_id: bob().id,
        role: Role::Member,
    }
}

fn add_member(
    rooms: Arc<MockRoomStore>,
    members: MockMemberStore,
    bus: Arc<MockEventBus>,
) -> AddMember {
    let mut users = MockUserStore::new();
    users.expect_by_id().returning(|id| {
        let known = [ann(), bob(), zoe()].into_iter().find(|user| user.id == id);
        Ok(known)
    });
    AddMember {
        rooms,
        users: Arc::new(users),
        members: Arc::new(members),
        bus,
        clock: clock(),
    }
}

fn joined(user: &domain::User, role: Role) -> RoomEvent {
    event(RoomEventKind::MemberJoined(member(user, role)))
}

#[tokio::test]
async fn the_room_and_the_new_member_are_told_after_the_commit() {
    let mut order = Sequence::new();
    let mut members = MockMemberStore::new();
    members
        .expect_add()
        .with(eq(NewMember {
            room_id: room().id,
            user_id: bob().id,
            role: Role::Admin,
            by: ann().id,
            at: now(),
        }))
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(joined(&bob(), Role::Admin)));
    let bus = bus_hearing(
        &mut order,
        [
            BusEvent::Room(joined(&bob(), Role::Admin)),
            BusEvent::RoomAdded {
                user_id: bob().id,
                // The event that added Bob, not the one before it, at which Ann looked the room up.
                room: Room {
                    last_seq: Seq(8),
                    ..room()
                },
            },
        ],
    );
    let input = AddMemberInput {
        role: Role::Admin,
        ..bob_as_member()
    };
    let rooms = rooms_where_ann_is(Role::Owner, room());
    assert_eq!(
        add_member(rooms, members, bus)
            .execute(caller(), input)
            .await,
        Ok(member(&bob(), Role::Admin))
    );
}

/// Who may add whom as what, in a public room. A caller who is in it and asks for themselves is told so.
#[tokio::test]
async fn an_admin_adds_members_and_the_owner_admins_and_anybody_joins_a_public_room() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Outcome {
        Joins,
        Already,
        Refused,
    }
    use Outcome::{Already, Joins, Refused};
    const ASKED: [Role; 3] = [Role::Member, Role::Admin, Role::Owner];

    for (caller_role, for_another, for_oneself) in [
        (
            Some(Role::Owner),
            [Joins, Joins, Refused],
            [Already, Already, Refused],
        ),
        (
            Some(Role::Admin),
            [Joins, Refused, Refused],
            [Already, Refused, Refused],
        ),
        (
            Some(Role::Member),
            [Refused; 3],
            [Already, Refused, Refused],
        ),
        (None, [Refused; 3], [Joins, Refused, Refused]),
    ] {
        for (user, row) in [(bob(), for_another), (ann(), for_oneself)] {
            for (role, expected) in ASKED.into_iter().zip(row) {
                let mut members = MockMemberStore::new();
                let mut bus = MockEventBus::new();
                match expected {
                    Joins => {
                        members
                            .expect_add()
                            .times(1)
                            .return_const(Ok(joined(&user, role)));
                        bus.expect_publish().times(2).return_const(());
                    }
                    Already => {
                        let conflict = StoreError::Conflict(Conflict::AlreadyMember);
                        members.expect_add().times(1).return_const(Err(conflict));
                    }
                    // Then the store is not even asked.
                    Refused => {}
                }
                let rooms = rooms_with(room().id, Some((public_room(), caller_role)));
                let input = AddMemberInput {
                    room_id: room().id,
                    user_id: user.id,
                    role,
                };
                let got = add_member(Arc::new(rooms), members, Arc::new(bus))
                    .execute(caller(), input)
                    .await;
                let wanted = match expected {
                    Joins => Ok(member(&user, role)),
                    Already => Err(AddMemberError::AlreadyMember),
                    Refused => Err(AddMemberError::NotAllowed),
                };
                assert_eq!(
                    got, wanted,
                    "{caller_role:?} adds {} as {role:?}",
                    user.name
                );
            }
        }
    }
}

#[tokio::test]
async fn a_private_room_of_others_is_as_unknown_as_one_that_is_not_there() {
    for answer in [None, Some((room(), None))] {
        for user in [ann(), bob()] {
            let rooms = Arc::new(rooms_with(room().id, answer.clone()));
            let input = AddMemberInput {
                user_id: user.id,
                ..bob_as_member()
            };
            assert_eq!(
                add_member(rooms, MockMemberStore::new(), silent_bus())
                    .execute(caller(), input)
                    .await,
                Err(AddMemberError::RoomNotFound)
            );
        }
    }
}

#[tokio::test]
async fn a_direct_room_has_no_third_chair() {
    let rooms = rooms_where_ann_is(Role::Owner, direct_room());
    assert_eq!(
        add_member(rooms, MockMemberStore::new(), silent_bus())
            .execute(caller(), bob_as_member())
            .await,
        Err(AddMemberError::DirectRoom)
    );
}

#[tokio::test]
async fn a_room_that_is_small_or_only_named_like_a_direct_one_takes_members() {
    let small = Room {
        is_group: false,
        ..room()
    };
    let named_like_one = Room {
        is_group: true,
        ..direct_room()
    };
    for room in [small, named_like_one] {
        let mut members = MockMemberStore::new();
        members
            .expect_add()
            .return_const(Ok(joined(&bob(), Role::Member)));
        let mut bus = MockEventBus::new();
        bus.expect_publish().return_const(());
        let label = room.name.clone();
        let rooms = rooms_where_ann_is(Role::Owner, room);
        assert_eq!(
            add_member(rooms, members, Arc::new(bus))
                .execute(caller(), bob_as_member())
                .await,
            Ok(member(&bob(), Role::Member)),
            "{label}"
        );
    }
}

#[tokio::test]
async fn only_an_account_can_be_added() {
    let input = AddMemberInput {
        user_id: crate::sample::id(99),
        ..bob_as_member()
    };
    let rooms = rooms_where_ann_is(Role::Owner, room());
    assert_eq!(
        add_member(rooms, MockMemberStore::new(), silent_bus())
            .execute(caller(), input)
            .await,
        Err(AddMemberError::UserNotFound)
    );
}

#[tokio::test]
async fn a_guest_is_added_to_a_room_that_allows_guests_and_to_no_other() {
    for (room, is_added) in [
        (guest_room(), true),
        (public_room(), false),
        (room(), false),
    ] {
        let mut members = MockMemberStore::new();
        let mut bus = MockEventBus::new();
        // Where they are refused, the store is not even asked.
        if is_added {
            let joined = joined(&zoe(), Role::Member);
            members.expect_add().times(1).return_const(Ok(joined));
            bus.expect_publish().times(2).return_const(());
        }
        let input = AddMemberInput {
            user_id: zoe().id,
            ..bob_as_member()
        };
        let rooms = rooms_where_ann_is(Role::Owner, room);
        let got = add_member(rooms, members, Arc::new(bus))
            .execute(caller(), input)
            .await;
        let wanted = match is_added {
            true => Ok(member(&zoe(), Role::Member)),
            false => Err(AddMemberError::NotAllowed),
        };
        assert_eq!(got, wanted);
    }
}

#[tokio::test]
async fn a_guest_is_made_no_admin() {
    let input = AddMemberInput {
        user_id: zoe().id,
        role: Role::Admin,
        ..bob_as_member()
    };
    let rooms = rooms_where_ann_is(Role::Owner, guest_room());
    assert_eq!(
        add_member(rooms, MockMemberStore::new(), silent_bus())
            .execute(caller(), input)
            .await,
        Err(AddMemberError::NotAllowed)
    );
}

#[tokio::test]
async fn what_changed_before_the_commit_is_named_and_nothing_is_told() {
    let surprise = StoreError::Conflict(Conflict::EmailTaken);
    for (refusal, told) in [
        (StoreError::NotFound, AddMemberError::RoomNotFound),
        (StoreError::Denied, AddMemberError::NotAllowed),
        (
            StoreError::Conflict(Conflict::AlreadyMember),
            AddMemberError::AlreadyMember,
        ),
        (surprise.clone(), AddMemberError::Store(surprise)),
        (away(), AddMemberError::Store(away())),
    ] {
        let mut members = MockMemberStore::new();
        members.expect_add().return_const(Err(refusal));
        let rooms = rooms_where_ann_is(Role::Owner, room());
        assert_eq!(
            add_member(rooms, members, silent_bus())
                .execute(caller(), bob_as_member())
                .await,
            Err(told)
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_makes_neither_a_room_nor_a_user_unknown() {
    let room_fails = add_member(rooms_that_are_away(), MockMemberStore::new(), silent_bus());
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Err(away()));
    let user_fails = AddMember {
        users: Arc::new(users),
        ..add_member(
            rooms_where_ann_is(Role::Owner, room()),
            MockMemberStore::new(),
            silent_bus(),
        )
    };
    for add_member in [room_fails, user_fails] {
        assert_eq!(
            add_member.execute(caller(), bob_as_member()).await,
            Err(AddMemberError::Store(away()))
        );
    }
}

#[tokio::test]
async fn a_store_that_answers_another_event_is_at_fault() {
    let mut members = MockMemberStore::new();
    members
        .expect_add()
        .return_const(Ok(event(RoomEventKind::RoomCreated)));
    let rooms = rooms_where_ann_is(Role::Owner, room());
    let got = add_member(rooms, members, silent_bus())
        .execute(caller(), bob_as_member())
        .await;
    assert!(
        matches!(got, Err(AddMemberError::Store(StoreError::Other(_)))),
        "{got:?}"
    );
}
