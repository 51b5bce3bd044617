//! What the log tells of those who come and go: who they are, and how many are in the room since.

use domain::{
    Role, RoomEvent, RoomEventKind, User,
    ports::{NewMember, NewRoom},
};

use super::Stores;
use crate::sample::{self, now};

fn left(user: &User) -> RoomEventKind {
    RoomEventKind::MemberLeft {
        user_id: user.id,
        username: Some(user.username.clone()),
        guest_id: user.guest_id.clone(),
    }
}

fn counts(events: &[RoomEvent]) -> Vec<Option<u64>> {
    events.iter().map(|event| event.members).collect()
}

pub async fn who_leaves_is_told_by_name_and_by_what_they_are_known_by(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let (zoe, zora) = (stores.guest("zoe").await, stores.guest("zora").await);
    let room = stores.public_room(&ann).await;
    for user in [&bob, &zoe, &zora] {
        stores.comes(room, user).await;
    }
    let mut told = Vec::new();
    // By themselves, or not.
    for (user, by) in [(&bob, &bob), (&zoe, &zoe), (&zora, &ann)] {
        let removed = stores.members.remove(room, user.id, by.id, now()).await;
        let event = removed.unwrap();
        assert_eq!((event.actor_id, &event.kind), (by.id, &left(user)));
        told.push(event);
    }
    assert_eq!(stores.events(room).await[5..], told);
}

pub async fn who_comes_in_is_told_with_what_they_are_known_by(stores: &Stores) {
    let (ann, zoe) = (stores.user("ann").await, stores.guest("zoe").await);
    let room = stores.public_room(&ann).await;
    let event = stores.comes(room, &zoe).await;
    let member = sample::member(&zoe, Role::Member);
    assert!(member.guest_id.is_some());
    assert_eq!(event.kind, RoomEventKind::MemberJoined(member));
    assert_eq!(stores.events(room).await.last(), Some(&event));
}

pub async fn a_new_room_counts_its_members_as_they_come(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let cid = stores.user("cid").await;
    let mut new = sample::new_room(ann.id);
    // Who is named twice is one.
    let named = [
        (&bob, Role::Admin),
        (&ann, Role::Member),
        (&bob, Role::Member),
        (&cid, Role::Member),
    ];
    new.members = named.map(|(user, role)| (user.id, role)).to_vec();
    let opened = stores.rooms.create(&new).await.unwrap();
    assert_eq!(counts(&opened.events), [None, Some(1), Some(2), Some(3)]);
    assert_eq!(stores.events(new.id).await, opened.events);

    let direct = sample::new_direct_room(ann.id, bob.id);
    let opened = stores.rooms.open_direct(&direct).await.unwrap();
    assert_eq!(counts(&opened.events), [None, Some(1), Some(2)]);
    let of_house = NewRoom {
        members: vec![(bob.id, Role::Member)],
        ..sample::new_public_room("Lobby")
    };
    let opened = stores.rooms.create(&of_house).await.unwrap();
    assert_eq!(counts(&opened.events), [None, Some(1)]);
}

pub async fn who_comes_and_goes_is_told_with_how_many_there_are_since(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let (zoe, zora) = (stores.guest("zoe").await, stores.guest("zora").await);
    let room = stores.public_room(&ann).await;
    // Of another room, which is counted by itself.
    let other = stores.public_room(&ann).await;
    stores.comes(other, &zora).await;
    let mut told = vec![
        stores.comes(room, &bob).await,
        stores.comes(room, &zoe).await,
        stores.comes(room, &zora).await,
        stores.leaves(room, &zoe).await,
        stores.leaves(room, &bob).await,
        stores.comes(room, &zoe).await, // again
    ];
    let removed = stores.members.remove(room, zoe.id, ann.id, now()).await;
    told.push(removed.unwrap());
    let added = NewMember {
        role: Role::Admin,
        ..sample::new_member(room, bob.id, ann.id)
    };
    told.push(stores.members.add(&added).await.unwrap());
    let expected = [2, 3, 4, 3, 2, 3, 2, 3].map(Some);
    assert_eq!(counts(&told), expected);
    assert_eq!(stores.events(room).await[2..], told);
}

pub async fn what_is_not_about_a_member_tells_no_count(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    stores.react(&message, &ann, "+1").await;
    stores.unreact(&message, &ann, "+1").await;
    let (id, text) = (message.id, sample::content("stew"));
    let edited = stores.log.edit(room, id, ann.id, text, now()).await;
    edited.unwrap();
    stores.log.delete(room, id, ann.id, now()).await.unwrap();
    stores.rooms.delete(room, ann.id, now()).await.unwrap();
    let counts = counts(&stores.events(room).await);
    assert_eq!(counts[..2], [None, Some(1)]);
    assert_eq!(counts[2..], [None; 6]);
}
