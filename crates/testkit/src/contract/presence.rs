//! [`Presence`].

use std::sync::Arc;

use domain::{
    ConnectionId, RoomId, UserId,
    ports::{Presence, Present},
};

use super::scene::at_once;
use crate::sample::{self, present};

type Subject = Arc<dyn Presence>;

pub(super) fn socket() -> ConnectionId {
    ConnectionId(sample::id())
}

pub(super) fn room() -> RoomId {
    RoomId(sample::id())
}

/// True when it is the user's first socket in the room.
pub(super) async fn enters(
    presence: &Subject,
    user: &Present,
    socket: ConnectionId,
    room: RoomId,
) -> bool {
    let first_in = presence.enter(user, socket, vec![room]).await.unwrap();
    assert!(first_in.is_empty() || first_in == [room], "{first_in:?}");
    !first_in.is_empty()
}

/// True when it was the user's last socket in the room.
pub(super) async fn leaves(
    presence: &Subject,
    user: &Present,
    socket: ConnectionId,
    room: RoomId,
) -> bool {
    let last_in = presence.leave(user, socket, vec![room]).await.unwrap();
    assert!(last_in.is_empty() || last_in == [room], "{last_in:?}");
    !last_in.is_empty()
}

pub async fn the_first_socket_brings_a_user_and_the_last_takes_them_away(presence: &Subject) {
    let (room, ann) = (room(), present("ann"));
    let (phone, laptop) = (socket(), socket());
    assert!(enters(presence, &ann, phone, room).await);
    assert!(!enters(presence, &ann, laptop, room).await);
    assert_eq!(presence.online(room).await.unwrap(), [ann.user_id]);
    assert!(!leaves(presence, &ann, phone, room).await);
    assert_eq!(presence.online(room).await.unwrap(), [ann.user_id]);
    assert!(leaves(presence, &ann, laptop, room).await);
    assert!(presence.online(room).await.unwrap().is_empty());
    assert!(enters(presence, &ann, phone, room).await);
}

pub async fn repeating_changes_nothing(presence: &Subject) {
    let (room, ann) = (room(), present("ann"));
    let (phone, laptop) = (socket(), socket());
    assert!(!leaves(presence, &ann, phone, room).await);
    assert!(enters(presence, &ann, phone, room).await);
    assert!(!enters(presence, &ann, phone, room).await);
    assert!(!leaves(presence, &ann, laptop, room).await);
    assert!(leaves(presence, &ann, phone, room).await);
    assert!(!leaves(presence, &ann, phone, room).await);
}

pub async fn many_rooms_are_answered_in_one_call(presence: &Subject) {
    let ann = present("ann");
    let (phone, laptop) = (socket(), socket());
    let rooms: Vec<RoomId> = (0..100).map(|_| room()).collect();
    let (half, rest) = rooms.split_at(50);
    let sorted = |mut rooms: Vec<RoomId>| {
        rooms.sort_unstable();
        rooms
    };
    let first_in = presence.enter(&ann, phone, half.to_vec()).await.unwrap();
    assert_eq!(sorted(first_in), half);
    let first_in = presence.enter(&ann, laptop, rooms.clone()).await.unwrap();
    assert_eq!(sorted(first_in), rest);
    let last_in = presence.leave(&ann, laptop, rooms.clone()).await.unwrap();
    assert_eq!(sorted(last_in), rest);
    for (number, room) in rooms.iter().enumerate() {
        let there = presence.online(*room).await.unwrap();
        assert_eq!(there.contains(&ann.user_id), number < 50, "room {number}");
    }
    let last_in = presence.leave(&ann, phone, rooms.clone()).await.unwrap();
    assert_eq!(sorted(last_in), half);
    let none = presence.enter(&ann, phone, Vec::new()).await.unwrap();
    assert!(none.is_empty());
}

pub async fn a_room_that_is_named_twice_counts_once(presence: &Subject) {
    let (room, ann, phone) = (room(), present("ann"), socket());
    let first_in = presence.enter(&ann, phone, vec![room, room]).await;
    assert_eq!(first_in.unwrap(), [room]);
    let last_in = presence.leave(&ann, phone, vec![room, room]).await;
    assert_eq!(last_in.unwrap(), [room]);
    assert!(presence.online(room).await.unwrap().is_empty());
}

pub async fn users_are_told_once_and_in_the_order_of_their_ids(presence: &Subject) {
    let room = room();
    let users: Vec<Present> = (0..5).map(|_| present("Zoë")).collect();
    for user in users.iter().rev() {
        enters(presence, user, socket(), room).await;
        enters(presence, user, socket(), room).await;
    }
    let ids: Vec<UserId> = users.iter().map(|user| user.user_id).collect();
    assert_eq!(presence.online(room).await.unwrap(), ids);
}

pub async fn rooms_and_users_do_not_mix(presence: &Subject) {
    let (one, other) = (room(), room());
    let (ann, bob) = (present("ann"), present("bob"));
    let shared = socket();
    assert!(enters(presence, &ann, shared, one).await);
    assert!(enters(presence, &ann, shared, other).await);
    assert!(enters(presence, &bob, socket(), one).await);
    assert!(leaves(presence, &ann, shared, one).await);
    assert_eq!(presence.online(one).await.unwrap(), [bob.user_id]);
    assert_eq!(presence.online(other).await.unwrap(), [ann.user_id]);
}

pub async fn of_many_sockets_at_once_one_is_the_first_and_one_the_last(presence: &Subject) {
    let (room, ann) = (room(), present("ann"));
    let sockets: Vec<ConnectionId> = (0..32).map(|_| socket()).collect();
    let entered = at_once(sockets.len(), |n| {
        let (presence, ann, socket) = (presence.clone(), ann.clone(), sockets[n]);
        async move { enters(&presence, &ann, socket, room).await }
    })
    .await;
    assert_eq!(entered.iter().filter(|first| **first).count(), 1);
    let left = at_once(sockets.len(), |n| {
        let (presence, ann, socket) = (presence.clone(), ann.clone(), sockets[n]);
        async move { leaves(&presence, &ann, socket, room).await }
    })
    .await;
    assert_eq!(left.iter().filter(|last| **last).count(), 1);
}

pub async fn tending_to_what_was_told_answers_nothing(presence: &Subject) {
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let phone = socket();
    assert!(presence.tend().await.unwrap().is_empty());
    enters(presence, &ann, phone, room).await;
    enters(presence, &bob, socket(), room).await;
    leaves(presence, &ann, phone, room).await;
    for _ in 0..3 {
        assert!(presence.tend().await.unwrap().is_empty());
        assert_eq!(presence.online(room).await.unwrap(), [bob.user_id]);
    }
}
