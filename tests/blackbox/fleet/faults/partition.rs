use std::net::SocketAddr;

use testkit::{Proxy, postgres::Postgres, redis::Redis};
use tokio::net::TcpListener;

use super::{Fleet, SOME, Traffic, assert_nothing_lost, assert_sockets_stayed_open, wait_for_bus};
use crate::fleet::rig::Backend;

/// A way to Redis that can be cut: dropped, it takes its connections with it.
async fn way_to(redis: &Redis, port: u16) -> Proxy {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let redis = SocketAddr::from(([127, 0, 0, 1], redis.port()));
    Proxy::start(listener, vec![redis]).unwrap()
}

/// The others notice nothing of it, so that only their audits find what that node's senders say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_one_node_alone_is_cut_off_from_redis() {
    let (postgres, redis) = (Postgres::shared(), Redis::shared());
    let settings = [("BUS_AUDIT_INTERVAL", "500ms")];
    let backends = (Backend::Shared(postgres), Backend::Shared(redis));
    let mut fleet = Fleet::over(backends.0, backends.1, &settings).await;
    let mut way = way_to(redis, 0).await;
    let port = way.address().port();
    let url = format!("redis://127.0.0.1:{port}");
    let cut_off = fleet.node().with("REDIS_URL", &url).start().await;
    fleet.nodes.push(cut_off);
    fleet.add_nodes(2).await;

    let traffic = Traffic::start(&fleet).await;
    for _ in 0..2 {
        traffic.acknowledge(SOME).await;
        drop(way);
        wait_for_bus(&fleet.nodes[0], "degraded").await;
        traffic.acknowledge(SOME).await;
        wait_for_bus(&fleet.nodes[1], "connected").await;
        way = way_to(redis, port).await;
        wait_for_bus(&fleet.nodes[0], "connected").await;
    }
    let outcome = traffic.finish(&fleet).await;
    assert_sockets_stayed_open(&outcome);
    assert_nothing_lost(&fleet, &outcome);
}

/// The last message has no successor that would show that it is missing.
#[tokio::test]
async fn what_is_said_on_a_node_that_is_cut_off_from_redis_is_heard_on_the_others() {
    let (postgres, redis) = (Postgres::shared(), Redis::shared());
    let settings = [("BUS_AUDIT_INTERVAL", "500ms")];
    let backends = (Backend::Shared(postgres), Backend::Shared(redis));
    let mut fleet = Fleet::over(backends.0, backends.1, &settings).await;
    let way = way_to(redis, 0).await;
    let url = format!("redis://127.0.0.1:{}", way.address().port());
    let cut_off = fleet.node().with("REDIS_URL", &url).start().await;
    fleet.nodes.push(cut_off);
    fleet.add_nodes(1).await;
    let [a, b] = &fleet.nodes[..] else {
        panic!("two nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[&room]).await;
    let mut at_b = bob.socket(b, &[&room]).await;
    drop(way);
    wait_for_bus(a, "degraded").await;
    ann.say(&room, "from the island").await;
    at_b.until("from the island").await;
    bob.say(&room, "from the mainland").await;
    at_a.until("from the mainland").await;
}
