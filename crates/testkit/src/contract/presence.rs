//! [`Presence`].

use std::sync::Arc;

use domain::{ConnectionId, RoomId, UserId, ports::Presence};

use super::scene::at_once;
use crate::sample;

type Subject = Arc<dyn Presence>;

fn socket() -> ConnectionId {
    ConnectionId(sample::id())
}

fn user() -> UserId {
    UserId(sample::id())
}

fn room() -> RoomId {
    RoomId(sample::id())
}

pub async fn the_first_socket_brings_a_user_and_the_last_takes_them_away(presence: &Subject) {
    let (room, ann) = (room(), user());
    let (phone, laptop) = (socket(), socket());
    assert!(presence.enter(room, ann, phone).await.unwrap());
    assert!(!presence.enter(room, ann, laptop).await.unwrap());
    assert_eq!(presence.online(room).await.unwrap(), [ann]);
    assert!(!presence.leave(room, ann, phone).await.unwrap());
    assert_eq!(presence.online(room).await.unwrap(), [ann]);
    assert!(presence.leave(room, ann, laptop).await.unwrap());
    assert!(presence.online(room).await.unwrap().is_empty());
    assert!(presence.enter(room, ann, phone).await.unwrap());
}

pub async fn repeating_changes_nothing(presence: &Subject) {
    let (room, ann) = (room(), user());
    let (phone, laptop) = (socket(), socket());
    assert!(!presence.leave(room, ann, phone).await.unwrap());
    assert!(presence.enter(room, ann, phone).await.unwrap());
    assert!(!presence.enter(room, ann, phone).await.unwrap());
    assert!(!presence.leave(room, ann, laptop).await.unwrap());
    assert!(presence.leave(room, ann, phone).await.unwrap());
    assert!(!presence.leave(room, ann, phone).await.unwrap());
}

pub async fn users_are_told_once_and_in_the_order_of_their_ids(presence: &Subject) {
    let room = room();
    let users: Vec<UserId> = (0..5).map(|_| user()).collect();
    for user in users.iter().rev() {
        presence.enter(room, *user, socket()).await.unwrap();
        presence.enter(room, *user, socket()).await.unwrap();
    }
    assert_eq!(presence.online(room).await.unwrap(), users);
}

pub async fn rooms_and_users_do_not_mix(presence: &Subject) {
    let (one, other) = (room(), room());
    let (ann, bob) = (user(), user());
    let shared = socket();
    assert!(presence.enter(one, ann, shared).await.unwrap());
    assert!(presence.enter(other, ann, shared).await.unwrap());
    assert!(presence.enter(one, bob, socket()).await.unwrap());
    assert!(presence.leave(one, ann, shared).await.unwrap());
    assert_eq!(presence.online(one).await.unwrap(), [bob]);
    assert_eq!(presence.online(other).await.unwrap(), [ann]);
}

pub async fn of_many_sockets_at_once_one_is_the_first_and_one_the_last(presence: &Subject) {
    let (room, ann) = (room(), user());
    let sockets: Vec<ConnectionId> = (0..32).map(|_| socket()).collect();
    let entered = at_once(sockets.len(), |n| {
        let (presence, socket) = (presence.clone(), sockets[n]);
        async move { presence.enter(room, ann, socket).await.unwrap() }
    })
    .await;
    assert_eq!(entered.iter().filter(|first| **first).count(), 1);
    let left = at_once(sockets.len(), |n| {
        let (presence, socket) = (presence.clone(), sockets[n]);
        async move { presence.leave(room, ann, socket).await.unwrap() }
    })
    .await;
    assert_eq!(left.iter().filter(|last| **last).count(), 1);
}
