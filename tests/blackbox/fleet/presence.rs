use serde_json::{Value, json};

use super::rig::{Fleet, online, wait_for_bus};
use crate::{api::Client, server::eventually, socket::Socket};

/// Waits until this is who the client's node tells of.
async fn wait_for(client: &Client, room: &str, names: &[&str]) {
    eventually(&format!("{names:?} are online"), async || {
        (online(client, room).await == names).then_some(())
    })
    .await;
}

/// The next change of this user that the socket is told of.
async fn told_of(socket: &mut Socket, user: &Client) -> Value {
    let is_wanted = |frame: &Value| {
        frame["event"] == "presence.changed" && frame["data"]["user_id"] == user.id()
    };
    socket.take(is_wanted).await["data"]["status"].clone()
}

#[tokio::test]
async fn a_user_with_sockets_on_two_nodes_is_there_once_until_the_last_closes() {
    let fleet = Fleet::with(&[("PRESENCE_LINGER", "0s")]).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut witness = ann.at(c).socket(c, &[]).await;
    let one = bob.at(a).socket(a, &[]).await;
    assert_eq!(told_of(&mut witness, &bob).await, "ONLINE");
    let two = bob.socket(b, &[]).await;
    for node in [a, b, c] {
        wait_for(&ann.at(node), &room, &["Ann", "Bob"]).await;
    }
    one.close().await;
    wait_for(&ann.at(c), &room, &["Ann", "Bob"]).await;
    two.close().await;
    // One coming, one going, and nothing in between.
    assert_eq!(told_of(&mut witness, &bob).await, "OFFLINE");
    for node in [a, b, c] {
        wait_for(&ann.at(node), &room, &["Ann"]).await;
    }
    ann.say(&room, "end").await;
    let rest = witness.until("end").await;
    let changes = rest
        .iter()
        .filter(|frame| frame["data"]["user_id"] == json!(bob.id()));
    assert_eq!(changes.count(), 0, "{rest:#?}");
}

#[tokio::test]
async fn who_was_on_a_node_that_is_killed_goes_offline_and_the_others_are_told_once() {
    let settings = [("PRESENCE_LEASE", "1s"), ("PRESENCE_LINGER", "0s")];
    let mut fleet = Fleet::with(&settings).await;
    let mut lost = fleet.nodes.remove(0);
    let [b, c] = &fleet.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob) = tokio::join!(c.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut witness = ann.socket(c, &[]).await;
    let mut other = ann.at(b).socket(b, &[]).await;
    let _of_bob = bob.at(&lost).socket(&lost, &[]).await;
    assert_eq!(told_of(&mut witness, &bob).await, "ONLINE");
    assert_eq!(told_of(&mut other, &bob).await, "ONLINE");
    lost.signal("KILL");
    lost.ended().await;
    for socket in [&mut witness, &mut other] {
        assert_eq!(told_of(socket, &bob).await, "OFFLINE");
    }
    for node in [b, c] {
        wait_for(&ann.at(node), &room, &["Ann"]).await;
    }
    let _back = bob.socket(b, &[]).await;
    for socket in [&mut witness, &mut other] {
        assert_eq!(told_of(socket, &bob).await, "ONLINE");
    }
}

#[tokio::test]
async fn who_is_on_a_node_that_goes_away_in_order_is_told_to_be_offline_long_before_the_lease_ends()
{
    let settings = [("PRESENCE_LEASE", "1h"), ("PRESENCE_LINGER", "0s")];
    let mut fleet = Fleet::with(&settings).await;
    let mut leaving = fleet.nodes.remove(0);
    let c = &fleet.nodes[1];
    let (ann, bob) = tokio::join!(c.user("Ann"), c.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut witness = ann.socket(c, &[]).await;
    let mut of_bob = bob.at(&leaving).socket(&leaving, &[]).await;
    assert_eq!(told_of(&mut witness, &bob).await, "ONLINE");
    leaving.signal("TERM");
    assert_eq!(of_bob.closed().await, 1012);
    assert!(leaving.ended().await.success());
    assert_eq!(told_of(&mut witness, &bob).await, "OFFLINE");
    wait_for(&ann, &room, &["Ann"]).await;
}

#[tokio::test]
async fn counts_are_right_again_after_redis_was_away_and_came_back_empty() {
    let fleet = Fleet::alone(&[("PRESENCE_LEASE", "1s"), ("PRESENCE_LINGER", "0s")]).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob, cem) = tokio::join!(a.user("Ann"), b.user("Bob"), c.user("Cem"));
    let room = ann.room("General", &[&bob, &cem]).await;
    let _of_ann = ann.socket(a, &[]).await;
    let of_bob = bob.socket(b, &[]).await;
    wait_for(&ann.at(c), &room, &["Ann", "Bob"]).await;
    fleet.redis.kill();
    for node in &fleet.nodes {
        wait_for_bus(node, "degraded").await;
    }
    // Each node tells what it knows itself, and its calls go on.
    wait_for(&ann, &room, &["Ann"]).await;
    of_bob.close().await;
    let _of_cem = cem.socket(c, &[]).await;
    wait_for(&cem, &room, &["Cem"]).await;
    fleet.redis.restart();
    for node in &fleet.nodes {
        wait_for_bus(node, "connected").await;
        wait_for(&ann.at(node), &room, &["Ann", "Cem"]).await;
    }
}

#[tokio::test]
async fn who_comes_back_on_another_node_before_the_lease_ends_never_goes_offline() {
    let settings = [("PRESENCE_LEASE", "2s"), ("PRESENCE_LINGER", "0s")];
    let mut fleet = Fleet::with(&settings).await;
    let mut lost = fleet.nodes.remove(0);
    let [b, c] = &fleet.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob, cem) = tokio::join!(c.user("Ann"), b.user("Bob"), c.user("Cem"));
    let room = ann.room("General", &[&bob, &cem]).await;
    let mut witness = ann.socket(c, &[]).await;
    let _of_bob = bob.at(&lost).socket(&lost, &[]).await;
    let _of_cem = cem.at(&lost).socket(&lost, &[]).await;
    assert_eq!(told_of(&mut witness, &bob).await, "ONLINE");
    assert_eq!(told_of(&mut witness, &cem).await, "ONLINE");
    lost.signal("KILL");
    lost.ended().await;
    let _back = bob.socket(b, &[]).await;
    // The lease of the node is over.
    assert_eq!(told_of(&mut witness, &cem).await, "OFFLINE");
    for node in [b, c] {
        wait_for(&ann.at(node), &room, &["Ann", "Bob"]).await;
    }
    ann.say(&room, "end").await;
    let rest = witness.until("end").await;
    let changes = rest
        .iter()
        .filter(|frame| frame["data"]["user_id"] == json!(bob.id()));
    assert_eq!(changes.count(), 0, "{rest:#?}");
}

#[tokio::test]
async fn who_moves_to_another_node_within_the_linger_never_left() {
    let fleet = Fleet::with(&[("PRESENCE_LINGER", "3s")]).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob, cem) = tokio::join!(c.user("Ann"), b.user("Bob"), c.user("Cem"));
    let room = ann.room("General", &[&bob, &cem]).await;
    let mut witness = ann.socket(c, &[]).await;
    let of_bob = bob.at(a).socket(a, &[]).await;
    assert_eq!(told_of(&mut witness, &bob).await, "ONLINE");
    let of_cem = cem.at(a).socket(a, &[]).await;
    assert_eq!(told_of(&mut witness, &cem).await, "ONLINE");
    of_bob.close().await;
    let _moved = bob.socket(b, &[]).await;
    of_cem.close().await;
    // By then the linger of Bob is over too.
    assert_eq!(told_of(&mut witness, &cem).await, "OFFLINE");
    for node in [a, b, c] {
        wait_for(&ann.at(node), &room, &["Ann", "Bob"]).await;
    }
    ann.say(&room, "end").await;
    let rest = witness.until("end").await;
    let changes = rest
        .iter()
        .filter(|frame| frame["data"]["user_id"] == json!(bob.id()));
    assert_eq!(changes.count(), 0, "{rest:#?}");
}
