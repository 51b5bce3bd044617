//! [`Presence`] on two nodes that share a store.

use std::sync::Arc;

use domain::ports::Presence;

use super::{
    presence::{enters, leaves, room, socket},
    scene::at_once,
};
use crate::sample::present;

/// Two adapters on one store.
#[derive(Clone)]
pub struct Nodes {
    /// A node.
    pub one: Arc<dyn Presence>,
    /// Another.
    pub other: Arc<dyn Presence>,
}

impl Nodes {
    fn number(&self, number: usize) -> Arc<dyn Presence> {
        if number.is_multiple_of(2) {
            self.one.clone()
        } else {
            self.other.clone()
        }
    }
}

pub async fn a_user_with_a_socket_on_each_is_there_once(nodes: &Nodes) {
    let (room, ann) = (room(), present("ann"));
    enters(&nodes.one, &ann, socket(), room).await;
    enters(&nodes.other, &ann, socket(), room).await;
    for node in [&nodes.one, &nodes.other] {
        assert_eq!(node.online(room).await.unwrap(), [ann.user_id]);
    }
}

pub async fn the_first_and_the_last_count_over_both(nodes: &Nodes) {
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    let (phone, laptop) = (socket(), socket());
    assert!(enters(&nodes.one, &ann, phone, room).await);
    assert!(!enters(&nodes.other, &ann, laptop, room).await);
    assert!(enters(&nodes.other, &bob, socket(), room).await);
    assert!(!leaves(&nodes.one, &ann, phone, room).await);
    let both = [ann.user_id, bob.user_id];
    assert_eq!(nodes.one.online(room).await.unwrap(), both);
    assert!(leaves(&nodes.other, &ann, laptop, room).await);
    assert_eq!(nodes.one.online(room).await.unwrap(), [bob.user_id]);
}

pub async fn of_many_at_once_on_both_one_is_the_first_and_one_the_last(nodes: &Nodes) {
    let (room, ann) = (room(), present("ann"));
    for round in 0..10 {
        let sockets: Vec<_> = (0..8).map(|_| socket()).collect();
        let entered = at_once(sockets.len(), |n| {
            let (node, ann, socket) = (nodes.number(n), ann.clone(), sockets[n]);
            async move { enters(&node, &ann, socket, room).await }
        })
        .await;
        let first = entered.iter().filter(|first| **first).count();
        assert_eq!(first, 1, "round {round}");
        let left = at_once(sockets.len(), |n| {
            let (node, ann, socket) = (nodes.number(n), ann.clone(), sockets[n]);
            async move { leaves(&node, &ann, socket, room).await }
        })
        .await;
        let last = left.iter().filter(|last| **last).count();
        assert_eq!(last, 1, "round {round}");
    }
}

pub async fn tending_on_both_changes_nothing_while_both_live(nodes: &Nodes) {
    let (room, ann, bob) = (room(), present("ann"), present("bob"));
    enters(&nodes.one, &ann, socket(), room).await;
    enters(&nodes.other, &bob, socket(), room).await;
    for _ in 0..3 {
        for node in [&nodes.one, &nodes.other] {
            assert!(node.tend().await.unwrap().is_empty());
            let both = [ann.user_id, bob.user_id];
            assert_eq!(node.online(room).await.unwrap(), both);
        }
    }
}
