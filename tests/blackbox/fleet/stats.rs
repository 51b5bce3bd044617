use serde_json::{Value, json};

use super::rig::Fleet;
use crate::{
    server::{Server, eventually},
    socket::Socket,
};

/// What this node counts of the whole fleet, once that is so.
async fn counted(node: &Server, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let client = node.client();
    eventually(what, async || {
        let answer = client.get("/api/analytics").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        is_so(&answer.body).then_some(answer.body)
    })
    .await
}

async fn guest(node: &Server, id: &str) -> Socket {
    let mut socket = Socket::connect(node, &format!("userId={id}&username={id}"))
        .await
        .unwrap();
    let has_joined = |frame: &Value| frame["type"] == "join" && frame["userId"] == id;
    socket.take(has_joined).await;
    socket
}

fn present(body: &Value) -> Vec<&str> {
    let users = body["activeUserDetails"].as_array().unwrap();
    let names = users.iter().map(|user| user["userId"].as_str().unwrap());
    names.collect()
}

#[tokio::test]
async fn any_node_counts_what_all_of_them_do_and_one_that_dies_counts_no_more() {
    let settings = [("STATS_INTERVAL", "100ms"), ("PRESENCE_LEASE", "1s")];
    let mut fleet = Fleet::with(&settings).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let mut alice = guest(a, "alice").await;
    let mut bob = guest(b, "bob").await;
    let ann = a.user("Ann").await;
    let _at_a = ann.socket(a, &[]).await;
    let at_b = ann.at(b).socket(b, &[]).await;
    for content in ["one", "two"] {
        alice
            .send(json!({"type": "chat", "content": content}))
            .await;
        let is_wanted = |frame: &Value| frame["content"] == content;
        alice.take(is_wanted).await;
        bob.take(is_wanted).await;
    }
    // Nobody has a socket at the third node. Ann has two, and is one.
    let body = counted(c, "all are counted", |body| {
        body["activeConnections"] == 4 && body["latencyP50Ms"].as_f64() > Some(0.0)
    })
    .await;
    assert_eq!(
        (&body["activeUsers"], &body["totalMessages"]),
        (&json!(3), &json!(2))
    );
    assert!(body["peakConnections"].as_u64() >= Some(4), "{body}");
    assert_eq!(present(&body), ["alice", "bob"]);
    let at_a = counted(a, "the others are counted", |body| {
        body["activeConnections"] == 4
    })
    .await;
    assert_eq!(at_a["serverStartTime"], body["serverStartTime"]);
    drop((bob, at_b));
    fleet.nodes.remove(1);
    let survivor = &fleet.nodes[1];
    let body = counted(survivor, "the dead are counted no more", |body| {
        body["activeConnections"] == 2 && present(body) == ["alice"]
    })
    .await;
    assert_eq!(
        (&body["activeUsers"], &body["totalMessages"]),
        (&json!(2), &json!(2))
    );
}
