//! [`MemberStore`](domain::ports::MemberStore).

use domain::{
    Conflict, Member, Role, RoomEventKind, RoomId, Seq, StoreError, UserId,
    ports::{NewMember, NewRoom},
};

use super::{Stores, scene::at_once};
use crate::sample::{self, later, now};

pub async fn members_are_listed_the_longest_in_the_room_first(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let room = stores.room(&ann, &[&bob]).await;
    let join = |user: UserId, at| NewMember {
        at,
        ..sample::new_member(room, user, ann.id)
    };
    stores.members.add(&join(cid.id, later(1))).await.unwrap();
    stores
        .members
        .remove(room, bob.id, bob.id, later(2))
        .await
        .unwrap();
    stores.members.add(&join(bob.id, later(3))).await.unwrap();

    let listed = stores.members.list(room).await.unwrap();
    let expected = [
        sample::member(&ann, Role::Owner),
        Member {
            joined_at: later(1),
            ..sample::member(&cid, Role::Member)
        },
        Member {
            joined_at: later(3),
            ..sample::member(&bob, Role::Member)
        },
    ];
    assert_eq!(listed, expected);
    let unknown = stores.members.list(RoomId(sample::id())).await.unwrap();
    assert!(unknown.is_empty());
}

pub async fn one_membership_is_found_while_it_lasts(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let found = stores.members.get(room, bob.id).await.unwrap();
    assert_eq!(found, Some(sample::member(&bob, Role::Member)));
    stores
        .members
        .remove(room, bob.id, bob.id, now())
        .await
        .unwrap();
    assert_eq!(stores.members.get(room, bob.id).await.unwrap(), None);
}

pub async fn an_admin_lets_somebody_in_and_the_log_tells_it(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let change = |room: &mut NewRoom| room.members = vec![(bob.id, Role::Admin)];
    let room = stores.room_with(&ann, &[], change).await;
    let new = NewMember {
        role: Role::Admin,
        at: later(1),
        ..sample::new_member(room, cid.id, bob.id)
    };
    let event = stores.members.add(&new).await.unwrap();
    let member = Member {
        joined_at: later(1),
        ..sample::member(&cid, Role::Admin)
    };
    assert_eq!(
        (event.seq, event.actor_id, event.at),
        (Seq(4), bob.id, later(1))
    );
    assert_eq!(event.kind, RoomEventKind::MemberJoined(member.clone()));
    assert_eq!(stores.events(room).await.last(), Some(&event));
    assert_eq!(
        stores.members.get(room, cid.id).await.unwrap(),
        Some(member)
    );
}

pub async fn anybody_lets_themselves_into_a_public_room(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.public_room(&ann).await;
    let new = sample::new_member(room, bob.id, bob.id);
    stores.members.add(&new).await.unwrap();
    assert!(stores.members.get(room, bob.id).await.unwrap().is_some());
}

pub async fn others_let_nobody_in(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let private = stores.room(&ann, &[&bob]).await;
    let public = stores.public_room(&ann).await;
    for (room, user, by) in [
        (private, &cid, &bob), // a plain member
        (private, &cid, &cid), // they themselves, uninvited
        (public, &cid, &bob),  // a passer-by
    ] {
        let before = stores.events(room).await;
        let answer = stores
            .members
            .add(&sample::new_member(room, user.id, by.id))
            .await;
        assert_eq!(answer, Err(StoreError::Denied));
        assert_eq!(stores.events(room).await, before);
        assert_eq!(stores.members.get(room, user.id).await.unwrap(), None);
    }
}

pub async fn an_admin_who_left_lets_nobody_in(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let change = |room: &mut NewRoom| room.members = vec![(bob.id, Role::Admin)];
    let room = stores.room_with(&ann, &[], change).await;
    stores
        .members
        .remove(room, bob.id, bob.id, now())
        .await
        .unwrap();
    let answer = stores
        .members
        .add(&sample::new_member(room, cid.id, bob.id))
        .await;
    assert_eq!(answer, Err(StoreError::Denied));
}

pub async fn who_is_in_already_is_a_conflict(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    for user in [&ann, &bob] {
        let answer = stores
            .members
            .add(&sample::new_member(room, user.id, ann.id))
            .await;
        assert_eq!(answer, Err(StoreError::Conflict(Conflict::AlreadyMember)));
    }
    assert_eq!(stores.events(room).await.len(), 3);
    let role = stores
        .members
        .get(room, ann.id)
        .await
        .unwrap()
        .unwrap()
        .role;
    assert_eq!(role, Role::Owner);
}

pub async fn of_sixteen_who_add_one_at_once_one_succeeds(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await.id, stores.user("bob").await.id);
    let room = sample::new_room(ann);
    stores.rooms.create(&room).await.unwrap();
    let answers = at_once(16, |_| {
        let (members, new) = (
            stores.members.clone(),
            sample::new_member(room.id, bob, ann),
        );
        async move { members.add(&new).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(stores.events(room.id).await.len(), 3);
}

pub async fn an_unknown_user_or_room_is_not_found(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.public_room(&ann).await;
    let deleted = stores.public_room(&ann).await;
    stores.rooms.delete(deleted, ann.id, now()).await.unwrap();
    let (nobody, nowhere) = (UserId(sample::id()), RoomId(sample::id()));
    for (room, user) in [(room, nobody), (nowhere, ann.id), (deleted, ann.id)] {
        let answer = stores
            .members
            .add(&sample::new_member(room, user, ann.id))
            .await;
        assert_eq!(answer, Err(StoreError::NotFound));
        let answer = stores.members.remove(room, user, ann.id, now()).await;
        assert_eq!(answer, Err(StoreError::NotFound));
    }
    assert_eq!(stores.events(room).await.len(), 2);
}

pub async fn a_deleted_room_has_no_members(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    stores.rooms.delete(room, ann.id, now()).await.unwrap();
    assert!(stores.members.list(room).await.unwrap().is_empty());
    assert_eq!(stores.members.get(room, bob.id).await.unwrap(), None);
}

pub async fn the_rooms_of_several_users_are_told_with_whose_they_are(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let shared = stores.room(&ann, &[&bob, &cid]).await;
    let own = stores.room(&bob, &[]).await;
    let left = stores.room(&ann, &[&bob]).await;
    let deleted = stores.room(&ann, &[&bob]).await;
    stores
        .members
        .remove(left, bob.id, bob.id, now())
        .await
        .unwrap();
    stores.rooms.delete(deleted, ann.id, now()).await.unwrap();

    let asked = vec![bob.id, ann.id, UserId(sample::id())];
    let mut rooms = stores.members.rooms_of(asked).await.unwrap();
    rooms.sort();
    let mut expected = vec![
        (ann.id, shared),
        (ann.id, left),
        (bob.id, shared),
        (bob.id, own),
    ];
    expected.sort();
    assert_eq!(rooms, expected);
    assert!(stores.members.rooms_of(vec![]).await.unwrap().is_empty());
}
