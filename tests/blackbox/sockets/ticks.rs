//! `analytics.tick`: how the nodes do, to dashboards that subscribe.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{rest::analytics::first_admin, server::Server};

#[tokio::test]
async fn who_subscribes_is_told_again_and_again_until_they_unsubscribe() {
    let server = Server::start().await;
    let (admin, bob) = (first_admin(&server).await, server.user("Bob").await);
    let mut socket = admin.socket(&server, &[]).await;
    socket
        .send(json!({"event": "analytics.subscribe", "id": 1}))
        .await;
    assert_eq!(socket.hear("ack").await["id"], 1);
    let tick = socket.hear("analytics.tick").await;
    let names: BTreeSet<_> = tick["data"].as_object().unwrap().keys().collect();
    let expected = [
        "commits",
        "gaps_healed",
        "latency",
        "messages_last_minute",
        "nodes",
        "nodes_connected",
        "peak_sockets",
        "queued_bytes",
        "resumes",
        "slow_closes",
        "sockets",
        "users_online",
    ];
    assert!(
        names.iter().copied().eq(&expected.map(str::to_owned)),
        "{tick}"
    );
    assert_eq!(tick["data"]["sockets"], 1);
    let _other = bob.socket(&server, &[]).await;
    while socket.hear("analytics.tick").await["data"]["sockets"] != 2 {}

    socket
        .send(json!({"event": "analytics.unsubscribe", "id": 2}))
        .await;
    while socket.next().await["event"] != "ack" {}
    // Who still watches has heard of two more seconds: one who does not heard of none.
    let mut watching = admin.socket(&server, &[]).await;
    watching.send(json!({"event": "analytics.subscribe"})).await;
    for _ in 0..3 {
        watching.hear("analytics.tick").await;
    }
    admin.room("A room", &[]).await;
    assert_eq!(socket.next().await["event"], "room_added");
}

#[tokio::test]
async fn only_an_admin_watches_the_nodes() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let mut socket = ann.socket(&server, &[]).await;
    socket
        .send(json!({"event": "analytics.subscribe", "id": 1}))
        .await;
    let refused = socket.hear("error").await;
    assert_eq!(refused["id"], 1);
    assert_eq!(refused["data"]["code"], "not_allowed");
}
