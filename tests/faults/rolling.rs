//! All nodes are replaced, one after another, behind a proxy that respects readiness.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use testkit::Proxy;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    api::Client,
    checker::judge,
    documented::Document,
    length::{SOME, eventually, rounds},
    rig::Rig,
    traffic::{Resumed, Traffic},
};

/// How often the proxy asks a node whether it is ready: a few times within `DRAIN_NOTICE`.
const PROBE: Duration = Duration::from_millis(100);

/// Clients that make a new connection for each request, as a proxy's own clients do.
const CLIENTS: usize = 3;

/// Requests on new connections until it is over; every one must succeed.
struct Load {
    clients: Vec<JoinHandle<usize>>,
    is_over: Arc<AtomicBool>,
}

impl Load {
    async fn start(rig: &Rig, proxy: &Proxy) -> Self {
        let is_over = Arc::<AtomicBool>::default();
        let mut clients = Vec::new();
        for i in 0..CLIENTS {
            let node = &rig.fleet.nodes[i];
            let user = node.user(&format!("Steady{i}")).await;
            let room = user.room("Own", &[]).await;
            let document = Document::fetch(&node.url()).await;
            let url = format!("http://{}", proxy.address());
            let client = Client::new(url, Arc::new(document)).with_tokens(user.tokens);
            clients.push(tokio::spawn(ask(client, room, is_over.clone())));
        }
        Self { clients, is_over }
    }

    /// How many requests were answered.
    async fn finish(self) -> usize {
        self.is_over.store(true, Ordering::SeqCst);
        let counts = try_join_all(self.clients).await;
        counts.expect("no request fails").into_iter().sum()
    }
}

async fn ask(client: Client, room: String, is_over: Arc<AtomicBool>) -> usize {
    let path = format!("/v1/rooms/{room}/messages");
    let mut count = 0;
    while !is_over.load(Ordering::SeqCst) {
        let body = json!({"content": "steady", "client_msg_id": count.to_string()});
        for request in [
            client.request(Method::POST, &path).json(&body),
            client.request(Method::GET, &path),
        ] {
            let request = request.header("Connection", "close");
            let answer = client.try_send(request).await;
            let answer = answer.unwrap_or_else(|error| panic!("request {count} failed: {error:?}"));
            assert!(
                matches!(answer.status, 200 | 201),
                "request {count}: {answer:?}"
            );
            count += 1;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_nothing_is_lost_when_all_nodes_are_replaced_one_by_one() {
    let mut rig = Rig::shared(&[]).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nodes = rig.links.iter().map(|links| links.node()).collect();
    let proxy = Proxy::to_ready(listener, nodes, PROBE).unwrap();
    eventually("the proxy knows all nodes", async || {
        (proxy.ready() == 3).then_some(())
    })
    .await;
    let load = Load::start(&rig, &proxy).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        for i in 0..3 {
            rig.fleet.nodes[i].signal("TERM");
            eventually("the node says that it goes", async || {
                let ready = crate::fleet::readiness(&rig.fleet.nodes[i]).await;
                (ready.status == 503).then_some(())
            })
            .await;
            eventually("the proxy knows that it goes", async || {
                (proxy.ready() == 2).then_some(())
            })
            .await;
            assert!(rig.fleet.nodes[i].ended().await.success());
            rig.restart(i).await;
            eventually("the proxy knows that it is back", async || {
                (proxy.ready() == 3).then_some(())
            })
            .await;
            traffic.acknowledge(SOME / 3).await;
        }
    }
    let answered = load.finish().await;
    let scenario = format!("all nodes replaced; {answered} requests on new connections, 0 failed");
    let outcome = judge(&scenario, &rig, traffic).await;
    // Every socket is told, and none is just cut.
    let ends = outcome.ends();
    assert!(
        ends.len() >= 6 && ends.iter().all(|code| *code == 1012),
        "{ends:?}"
    );
    assert!(outcome.resumed(Resumed::Replayed) >= 6, "{outcome}");
}
