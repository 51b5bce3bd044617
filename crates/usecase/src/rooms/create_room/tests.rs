use domain::{
    BusEvent, RoomEvent, RoomEventKind, Seq,
    ports::{MockEventBus, MockRoomStore, OpenedRoom},
};
use mockall::Sequence;

use super::*;
use crate::sample::{
    ann, away, bob, bus_hearing, caller, cat, clock, event, id, ids, member, now, room, silent_bus,
    zoe,
};

fn input() -> CreateRoomInput {
    CreateRoomInput {
        name: room().name,
        description: RoomDescription::parse("what is for lunch").unwrap(),
        is_group: true,
        visibility: Visibility::Private,
        guests: false,
        members: Vec::new(),
        creator: None,
    }
}

fn create_room(rooms: MockRoomStore, bus: Arc<MockEventBus>, new_ids: &[u64]) -> CreateRoom {
    CreateRoom {
        rooms: Arc::new(rooms),
        bus,
        clock: clock(),
        ids: ids(new_ids),
    }
}

/// The room with its three first events: made, and the owner and Bob in it.
fn opened() -> OpenedRoom {
    let numbered = |seq, kind| RoomEvent {
        seq: Seq(seq),
        ..event(kind)
    };
    OpenedRoom {
        room: room(),
        events: vec![
            numbered(1, RoomEventKind::RoomCreated),
            numbered(2, RoomEventKind::MemberJoined(member(&ann(), Role::Owner))),
            numbered(3, RoomEventKind::MemberJoined(member(&bob(), Role::Member))),
        ],
    }
}

/// What the store is asked to make for this input.
async fn asked_for(input: CreateRoomInput) -> NewRoom {
    let (asked, hears) = std::sync::mpsc::channel();
    let mut rooms = MockRoomStore::new();
    rooms.expect_create().times(1).returning(move |new| {
        asked.send(new.clone()).unwrap();
        Err(away())
    });
    create_room(rooms, silent_bus(), &[10])
        .execute(caller(), input)
        .await
        .unwrap_err();
    hears.recv().unwrap()
}

/// The input is refused, and the store is not asked.
async fn refused(input: CreateRoomInput) -> CreateRoomError {
    create_room(MockRoomStore::new(), silent_bus(), &[])
        .execute(caller(), input)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn each_member_is_told_of_the_new_room_after_the_commit_the_owner_first() {
    let mut order = Sequence::new();
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_create()
        .times(1)
        .in_sequence(&mut order)
        .return_const(Ok(opened()));
    let told = [ann(), bob()].map(|user| BusEvent::RoomAdded {
        user_id: user.id,
        room: room(),
    });
    let bus = bus_hearing(&mut order, told);
    assert_eq!(
        create_room(rooms, bus, &[10])
            .execute(caller(), input())
            .await,
        Ok(room())
    );
}

#[tokio::test]
async fn the_caller_makes_the_room_that_was_asked_for() {
    let asked = asked_for(CreateRoomInput {
        visibility: Visibility::Public,
        members: vec![(bob().id, Role::Admin), (cat().id, Role::Member)],
        ..input()
    })
    .await;
    assert_eq!(asked.id, room().id);
    assert_eq!(asked.name, room().name);
    assert_eq!(asked.description, input().description);
    assert!(asked.is_group);
    assert_eq!(asked.visibility, Visibility::Public);
    assert!(!asked.guests);
    assert_eq!(asked.created_by, ann().id);
    assert_eq!(asked.created_at, now());
    assert_eq!(
        asked.members,
        [(bob().id, Role::Admin), (cat().id, Role::Member)]
    );
}

#[tokio::test]
async fn a_maker_who_lists_themselves_is_in_it_once_as_its_owner() {
    for role in [Role::Owner, Role::Admin, Role::Member] {
        let members = vec![(ann().id, role), (bob().id, Role::Member)];
        let asked = asked_for(CreateRoomInput { members, ..input() }).await;
        assert_eq!(asked.members, [(bob().id, Role::Member)]);
        assert_eq!(asked.created_by, ann().id);
    }
}

#[tokio::test]
async fn a_member_who_is_named_twice_is_in_it_once_with_the_higher_role() {
    let members = vec![
        (bob().id, Role::Member),
        (cat().id, Role::Admin),
        (bob().id, Role::Admin),
        (cat().id, Role::Member),
    ];
    let asked = asked_for(CreateRoomInput { members, ..input() }).await;
    assert_eq!(
        asked.members,
        [(bob().id, Role::Admin), (cat().id, Role::Admin)]
    );
}

#[tokio::test]
async fn a_room_that_is_named_like_a_direct_one_does_not_pass_for_it() {
    let name = domain::direct_room_name(bob().id, cat().id);
    for (name, is_group) in [(name, true), (room().name, false)] {
        let asked = asked_for(CreateRoomInput {
            name: name.clone(),
            is_group: false,
            ..input()
        })
        .await;
        assert_eq!(asked.is_group, is_group, "{name}");
    }
}

#[tokio::test]
async fn a_client_may_name_the_caller_as_the_maker_and_nobody_else() {
    let asked = asked_for(CreateRoomInput {
        creator: Some(ann().id),
        ..input()
    })
    .await;
    assert_eq!(asked.created_by, ann().id);
    let forged = CreateRoomInput {
        creator: Some(bob().id),
        ..input()
    };
    assert_eq!(refused(forged).await, CreateRoomError::CreatorIsNotCaller);
}

#[tokio::test]
async fn a_room_has_no_second_owner() {
    let members = vec![(bob().id, Role::Owner)];
    assert_eq!(
        refused(CreateRoomInput { members, ..input() }).await,
        CreateRoomError::SecondOwner
    );
}

#[tokio::test]
async fn guests_are_let_into_a_public_room_alone() {
    let guests = |visibility| CreateRoomInput {
        visibility,
        guests: true,
        ..input()
    };
    assert!(asked_for(guests(Visibility::Public)).await.guests);
    assert_eq!(
        refused(guests(Visibility::Private)).await,
        CreateRoomError::GuestsInPrivate
    );
}

#[tokio::test]
async fn a_guest_is_brought_along_into_no_room() {
    for guests in [false, true] {
        let input = CreateRoomInput {
            visibility: Visibility::Public,
            guests,
            members: vec![(bob().id, Role::Member), (zoe().id, Role::Member)],
            ..input()
        };
        assert_eq!(refused(input).await, CreateRoomError::UnknownMember);
    }
}

#[tokio::test]
async fn one_call_names_at_most_a_thousand_members() {
    let crowd = |size: u64| CreateRoomInput {
        members: (0..size).map(|n| (id(500 + n), Role::Member)).collect(),
        ..input()
    };
    assert_eq!(asked_for(crowd(1_000)).await.members.len(), 1_000);
    assert_eq!(refused(crowd(1_001)).await, CreateRoomError::TooManyMembers);
}

#[tokio::test]
async fn a_room_that_was_not_made_is_not_told() {
    for (refusal, told) in [
        (StoreError::NotFound, CreateRoomError::UnknownMember),
        (away(), CreateRoomError::Store(away())),
    ] {
        let mut rooms = MockRoomStore::new();
        rooms.expect_create().return_const(Err(refusal));
        assert_eq!(
            create_room(rooms, silent_bus(), &[10])
                .execute(caller(), input())
                .await,
            Err(told)
        );
    }
}
