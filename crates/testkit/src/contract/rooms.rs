//! [`RoomStore`](domain::ports::RoomStore), all but direct rooms and snapshots.

use domain::{
    Role, Room, RoomEventKind, RoomId, Seq, StoreError, UserId, Visibility,
    ports::{NewRoom, OpenedRoom},
};

use super::Stores;
use crate::sample::{self, later, now};

fn names(rooms: &[Room]) -> Vec<&str> {
    rooms.iter().map(|room| room.name.as_str()).collect()
}

/// Who joined, and as what, after the room was made.
pub(super) fn joined(opened: &OpenedRoom) -> Vec<(UserId, Role)> {
    let member = |kind: &RoomEventKind| match kind {
        RoomEventKind::MemberJoined(member) => (member.user_id, member.role),
        other => panic!("not a join: {other:?}"),
    };
    opened.events[1..]
        .iter()
        .map(|event| member(&event.kind))
        .collect()
}

pub async fn a_room_begins_with_its_making_and_its_members_the_owner_first(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let mut new = sample::new_room(ann.id);
    new.members = vec![(bob.id, Role::Admin), (cid.id, Role::Member)];
    let opened = stores.rooms.create(&new).await.unwrap();

    assert_eq!(opened.events[0].kind, RoomEventKind::RoomCreated);
    assert_eq!(
        joined(&opened),
        [
            (ann.id, Role::Owner),
            (bob.id, Role::Admin),
            (cid.id, Role::Member)
        ]
    );
    let numbers: Vec<u64> = opened.events.iter().map(|event| event.seq.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert!(
        opened
            .events
            .iter()
            .all(|event| event.actor_id == ann.id && event.at == now())
    );
    assert_eq!(opened.events, stores.events(new.id).await);

    let room = Room {
        description: new.description.clone(),
        last_seq: Seq(4),
        id: new.id,
        ..sample::room(ann.id)
    };
    assert_eq!(opened.room, room);
    assert_eq!(stores.rooms.by_id(new.id).await.unwrap(), Some(room));
}

pub async fn a_room_with_somebody_unknown_is_not_made_at_all(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut new = sample::new_room(ann.id);
    new.members = vec![(UserId(sample::id()), Role::Member)];
    assert_eq!(stores.rooms.create(&new).await, Err(StoreError::NotFound));
    assert_eq!(stores.rooms.by_id(new.id).await.unwrap(), None);
    assert!(stores.events(new.id).await.is_empty());
    assert!(
        stores
            .rooms
            .of_user(ann.id, None, 10)
            .await
            .unwrap()
            .is_empty()
    );

    let by_nobody = sample::new_room(UserId(sample::id()));
    assert_eq!(
        stores.rooms.create(&by_nobody).await,
        Err(StoreError::NotFound)
    );
}

pub async fn who_is_named_twice_is_in_the_room_once(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let mut new = sample::new_room(ann.id);
    new.members = vec![
        (bob.id, Role::Admin),
        (ann.id, Role::Member),
        (bob.id, Role::Member),
    ];
    let opened = stores.rooms.create(&new).await.unwrap();
    assert_eq!(
        joined(&opened),
        [(ann.id, Role::Owner), (bob.id, Role::Admin)]
    );
}

pub async fn a_room_tells_what_somebody_is_in_it(stores: &Stores) {
    let (ann, bob, eve) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("eve").await,
    );
    let room = stores.room(&ann, &[&bob]).await;
    for (user, role) in [
        (&ann, Some(Role::Owner)),
        (&bob, Some(Role::Member)),
        (&eve, None),
    ] {
        let (found, is) = stores
            .rooms
            .with_role(room, user.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.id, is), (room, role));
    }
    stores
        .members
        .remove(room, bob.id, bob.id, now())
        .await
        .unwrap();
    let (_, is) = stores.rooms.with_role(room, bob.id).await.unwrap().unwrap();
    assert_eq!(is, None);
    let unknown = RoomId(sample::id());
    assert_eq!(stores.rooms.with_role(unknown, ann.id).await.unwrap(), None);
}

pub async fn the_rooms_of_somebody_are_those_they_are_in_the_latest_joined_first(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    for (name, at) in [
        ("first", later(1)),
        ("third", later(3)),
        ("second", later(2)),
    ] {
        let change = |room: &mut NewRoom| {
            room.name = sample::room_name(name);
            room.created_at = at;
        };
        stores.room_with(&ann, &[], change).await;
    }
    let left = stores.room(&bob, &[&ann]).await;
    stores
        .members
        .remove(left, ann.id, ann.id, now())
        .await
        .unwrap();
    let rooms = stores.rooms.of_user(ann.id, None, 10).await.unwrap();
    assert_eq!(names(&rooms), ["third", "second", "first"]);
    let rooms = stores.rooms.of_user(ann.id, None, 2).await.unwrap();
    assert_eq!(names(&rooms), ["third", "second"]);
}

pub async fn a_part_of_a_name_is_taken_as_it_is_but_for_the_case_of_ascii(stores: &Stores) {
    let ann = stores.user("ann").await;
    for name in [
        "100% Über_uns",
        "100 percent",
        "under-us",
        r"back\slash",
        "it's",
    ] {
        let change = |room: &mut NewRoom| {
            room.name = sample::room_name(name);
            room.visibility = Visibility::Public;
        };
        stores.room_with(&ann, &[], change).await;
    }
    for (part, found) in [
        ("0%", vec!["100% Über_uns"]),
        ("R_U", vec!["100% Über_uns"]),
        ("PERCENT", vec!["100 percent"]),
        (r"K\S", vec![r"back\slash"]),
        ("T'", vec!["it's"]),
        ("%%", vec![]),
        ("*", vec![]),
        ("\"", vec![]),
    ] {
        let mine = stores.rooms.of_user(ann.id, Some(part), 10).await.unwrap();
        assert_eq!(names(&mine), found, "{part}");
        let public = stores.rooms.public(Some(part), 10).await.unwrap();
        assert_eq!(names(&public), found, "{part}");
    }
}

pub async fn the_public_rooms_are_told_to_all_the_newest_first(stores: &Stores) {
    let ann = stores.user("ann").await;
    stores.room(&ann, &[]).await;
    let mut deleted = None;
    for (name, at) in [
        ("b", later(2)),
        ("a", later(1)),
        ("gone", later(4)),
        ("c", later(3)),
    ] {
        let change = |room: &mut NewRoom| {
            room.name = sample::room_name(name);
            room.visibility = Visibility::Public;
            room.created_at = at;
        };
        let room = stores.room_with(&ann, &[], change).await;
        deleted = deleted.or((name == "gone").then_some(room));
    }
    stores
        .rooms
        .delete(deleted.unwrap(), ann.id, later(5))
        .await
        .unwrap();
    assert_eq!(
        names(&stores.rooms.public(None, 10).await.unwrap()),
        ["c", "b", "a"]
    );
    assert_eq!(names(&stores.rooms.public(None, 1).await.unwrap()), ["c"]);
}

pub async fn a_room_that_is_deleted_tells_who_was_in_it_and_is_gone(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let members = stores.members.list(room).await.unwrap();
    let (event, were_in) = stores.rooms.delete(room, ann.id, later(1)).await.unwrap();
    assert_eq!(were_in, members);
    assert_eq!(
        (event.seq, event.actor_id, event.at),
        (Seq(4), ann.id, later(1))
    );
    assert_eq!(event.kind, RoomEventKind::RoomDeleted);
    assert_eq!(stores.events(room).await.last(), Some(&event));

    assert_eq!(stores.rooms.by_id(room).await.unwrap(), None);
    assert_eq!(stores.rooms.with_role(room, ann.id).await.unwrap(), None);
    assert!(
        stores
            .rooms
            .of_user(bob.id, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        stores
            .rooms
            .snapshots(bob.id, None)
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn only_its_maker_deletes_a_room_and_only_once(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let change = |room: &mut NewRoom| room.members = vec![(bob.id, Role::Admin)];
    let room = stores.room_with(&ann, &[], change).await;
    let delete = |by| stores.rooms.delete(room, by, now());
    assert_eq!(delete(bob.id).await, Err(StoreError::Denied));
    assert!(stores.rooms.by_id(room).await.unwrap().is_some());
    delete(ann.id).await.unwrap();
    assert_eq!(delete(ann.id).await, Err(StoreError::NotFound));
    let unknown = stores
        .rooms
        .delete(RoomId(sample::id()), ann.id, now())
        .await;
    assert_eq!(unknown, Err(StoreError::NotFound));
}
