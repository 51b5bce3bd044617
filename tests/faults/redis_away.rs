//! What is done, and told, while Redis is away.

use serde_json::{Value, json};

use crate::{
    fleet::{Fleet, online, wait_for_bus},
    server::{Server, eventually},
    socket::Socket,
};

async fn wait_for_buses(fleet: &Fleet, health: &str) {
    for node in &fleet.nodes {
        wait_for_bus(node, health).await;
    }
}

/// Polls come so seldom here that none is part of it.
#[tokio::test]
async fn while_redis_is_away_the_senders_own_node_hears_at_once_and_the_others_when_it_is_back() {
    let fleet = Fleet::alone(&[("BUS_POLL_INTERVAL", "60s")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut near = bob.at(a).socket(a, &[&room]).await;
    let mut far = bob.socket(b, &[&room]).await;
    fleet.redis.kill();
    wait_for_buses(&fleet, "degraded").await;
    for i in 0..3 {
        ann.say(&room, &i.to_string()).await;
        near.until(&i.to_string()).await;
    }
    fleet.redis.restart();
    for i in 0..3 {
        far.until(&i.to_string()).await;
    }
    wait_for_buses(&fleet, "connected").await;
}

#[tokio::test]
async fn while_redis_is_away_other_nodes_hear_by_looking_at_the_database() {
    let fleet = Fleet::alone(&[]).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[]).await;
    let second = ann.room("Second", &[&bob]).await;
    let again = bob.log_in("bob@example.org", "correct horse").await;
    let mut far = bob.socket(b, &[]).await;
    let mut ended = again.at(c).socket(c, &[]).await;
    fleet.redis.kill();
    wait_for_buses(&fleet, "degraded").await;
    ann.say(&second, "while it is away").await;
    far.until("while it is away").await;
    // What is told through the control channel is found too.
    let path = format!("/v1/rooms/{room}/members");
    let added = ann
        .post(&path, serde_json::json!({"user_id": bob.id()}))
        .await;
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(far.hear("room_added").await["data"]["id"], room);
    assert_eq!(again.poke("/v1/auth/logout").await.status, 204);
    assert_eq!(ended.closed().await, 4401);
    let removed = ann.delete(&format!("{path}/{}", bob.id())).await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(far.hear("room_removed").await["data"]["room_id"], room);
    eventually("the history is hidden", async || {
        let history = bob.get(&format!("/v1/rooms/{room}/messages")).await;
        (history.status == 404).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_node_starts_and_serves_without_redis_and_joins_the_others_when_it_comes() {
    let mut fleet = Fleet::alone(&[]).await;
    fleet.nodes.clear();
    fleet.redis.freeze();
    fleet.nodes.push(fleet.node().start().await);
    fleet.redis.kill();
    fleet.nodes.push(fleet.node().start().await);
    wait_for_buses(&fleet, "degraded").await;
    let [a, b] = &fleet.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut far = bob.socket(b, &[]).await;
    ann.say(&room, "without").await;
    far.until("without").await;
    fleet.redis.restart();
    wait_for_buses(&fleet, "connected").await;
    ann.say(&room, "with").await;
    far.until("with").await;
    eventually("presence is known everywhere", async || {
        let names = online(&ann, &room).await;
        (names == ["Bob"]).then_some(())
    })
    .await;
}

/// Pub/sub goes on then, and nothing that is kept can be written.
#[tokio::test]
async fn a_full_redis_is_no_reason_to_refuse_anybody() {
    let fleet = Fleet::alone(&[("RATE_LOGIN_ACCOUNT", "100/1m")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    fleet.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut near = ann.socket(a, &[]).await;
    let mut far = bob.socket(b, &[]).await;
    ann.say(&room, "full").await;
    near.until("full").await;
    far.until("full").await;
    assert_eq!(online(&bob, &room).await, ["Bob"]);
    fleet.redis.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    for node in [a, b] {
        eventually("presence is known everywhere", async || {
            let names = online(&ann.at(node), &room).await;
            (names == ["Ann", "Bob"]).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn while_redis_is_away_no_stream_is_written_and_what_redis_forgot_is_over() {
    let fleet = Fleet::alone(&[("STREAM_LEASE", "3s")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_b = bob.socket(b, &[&room]).await;
    let streams = format!("/v1/rooms/{room}/streams");
    let start = serde_json::json!({"kind": "message", "when_lost": "finish"});
    let begun = ann.post(&streams, start.clone()).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    at_b.hear("stream.started").await;
    fleet.redis.kill();
    wait_for_buses(&fleet, "degraded").await;
    ann.post(&streams, start.clone())
        .await
        .assert_problem(503, "unavailable");
    let stream = format!("/v1/streams/{}", begun.body["id"].as_str().unwrap());
    let append = serde_json::json!({"index": 0, "delta": "lost"});
    ann.post(&format!("{stream}/append"), append.clone())
        .await
        .assert_problem(503, "unavailable");
    // Messages do not depend on it.
    ann.say(&room, "all the same").await;
    at_b.until("all the same").await;
    // It comes back empty.
    fleet.redis.restart();
    wait_for_buses(&fleet, "connected").await;
    assert_eq!(at_b.hear("stream.aborted").await["data"]["reason"], "lost");
    ann.post(&format!("{stream}/append"), append)
        .await
        .assert_problem(404, "stream_not_found");
    let again = ann.post(&streams, start).await;
    assert_eq!(again.status, 201, "{again:?}");
    at_b.hear("stream.started").await;
}

/// A guest of the dialect "flat", in `global`.
async fn guest(node: &Server, id: &str) -> Socket {
    let socket = Socket::connect(node, &format!("userId={id}&username={id}")).await;
    socket.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// What the guest is told, up to this message.
async fn told_until(guest: &mut Socket, content: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    loop {
        let frame = guest.next().await;
        let text = |field: &str| frame[field].as_str().unwrap().to_owned();
        told.push((text("type"), text("userId")));
        if frame["content"] == content {
            return told;
        }
    }
}

/// Each node knows its own sockets alone then, and must not take those of the others for gone.
#[tokio::test]
async fn while_redis_is_away_the_guests_of_other_nodes_stay_in_their_rooms() {
    let fleet = Fleet::alone(&[("PRESENCE_LEASE", "1s")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let mut alice = guest(a, "alice").await;
    let mut bob = guest(b, "bob").await;
    for (who, socket) in [("alice", &mut alice), ("bob", &mut bob)] {
        socket.send(json!({"type": "chat", "content": who})).await;
    }
    told_until(&mut alice, "bob").await;
    told_until(&mut bob, "alice").await;
    fleet.redis.kill();
    wait_for_buses(&fleet, "degraded").await;
    // Each node looks for guests who are gone once in a lease, and needs two looks.
    let up = async |node: &Server| {
        let health: Value = node.client().get("/health").await.body;
        health["uptime_seconds"].as_i64().unwrap()
    };
    let begun = up(a).await;
    eventually("four leases are over", async || {
        (up(a).await > begun + 4).then_some(())
    })
    .await;
    alice
        .send(json!({"type": "chat", "content": "still here"}))
        .await;
    for guest in [&mut alice, &mut bob] {
        let told = told_until(guest, "still here").await;
        assert!(told.iter().all(|(kind, _)| kind == "chat"), "{told:?}");
    }
    fleet.redis.restart();
    wait_for_buses(&fleet, "connected").await;
    bob.send(json!({"type": "chat", "content": "so am I"}))
        .await;
    for guest in [&mut alice, &mut bob] {
        let told = told_until(guest, "so am I").await;
        assert!(told.iter().all(|(kind, _)| kind == "chat"), "{told:?}");
    }
}
