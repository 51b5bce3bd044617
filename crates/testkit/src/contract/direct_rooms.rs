//! [`RoomStore::open_direct`](domain::ports::RoomStore::open_direct).

use domain::{Role, Seq, StoreError, UserId};

use super::{Stores, rooms::joined, scene::at_once};
use crate::sample::{self, now};

pub async fn a_direct_room_is_the_same_from_both_ends(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let first = sample::new_direct_room(ann.id, bob.id);
    let opened = stores.rooms.open_direct(&first).await.unwrap();
    assert_eq!(
        joined(&opened),
        [(ann.id, Role::Owner), (bob.id, Role::Member)]
    );
    assert!(!opened.room.is_group);
    stores.say(first.id, &bob, "hello").await;

    for (one, other) in [(ann.id, bob.id), (bob.id, ann.id)] {
        let again = sample::new_direct_room(one, other);
        let found = stores.rooms.open_direct(&again).await.unwrap();
        assert_eq!((found.room.id, found.room.last_seq), (first.id, Seq(4)));
        assert!(found.events.is_empty());
        assert_eq!(stores.rooms.by_id(again.id).await.unwrap(), None);
    }
}

pub async fn a_direct_room_opened_from_both_ends_at_once_is_one(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await.id, stores.user("bob").await.id);
    let answers = at_once(16, |n| {
        let rooms = stores.rooms.clone();
        let (one, other) = if n % 2 == 0 { (ann, bob) } else { (bob, ann) };
        async move {
            rooms
                .open_direct(&sample::new_direct_room(one, other))
                .await
                .unwrap()
        }
    })
    .await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.room.id == answers[0].room.id)
    );
    assert_eq!(
        answers
            .iter()
            .filter(|answer| !answer.events.is_empty())
            .count(),
        1
    );
}

pub async fn a_direct_room_with_nobody_is_not_found(stores: &Stores) {
    let ann = stores.user("ann").await;
    let new = sample::new_direct_room(ann.id, UserId(sample::id()));
    assert_eq!(
        stores.rooms.open_direct(&new).await,
        Err(StoreError::NotFound)
    );
    assert_eq!(stores.rooms.by_id(new.id).await.unwrap(), None);
}

pub async fn two_whose_direct_room_was_deleted_can_open_another(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await.id, stores.user("bob").await.id);
    let first = sample::new_direct_room(ann, bob);
    stores.rooms.open_direct(&first).await.unwrap();
    stores.rooms.delete(first.id, ann, now()).await.unwrap();
    let second = sample::new_direct_room(bob, ann);
    let opened = stores.rooms.open_direct(&second).await.unwrap();
    assert_eq!(opened.room.id, second.id);
    assert_eq!(opened.events.len(), 3);
}
