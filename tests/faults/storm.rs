//! Many come back at once, and a node that has no more descriptors takes none of them.

use std::{fs, process::Command, time::Duration};

use reqwest::Method;
use tokio::net::TcpStream;

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, eventually, is_long, lasts, rounds},
    rig::{Rig, wait_for_store},
    server::Server,
    traffic::{CUT, Resumed, Traffic},
};

/// All sockets of a node that is killed come to the others in one moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_all_sockets_of_a_killed_node_come_back_at_once() {
    let count = if is_long() { 300 } else { 60 };
    let mut rig = Rig::shared(&[]).await;
    let mut traffic = Traffic::of_members(&rig).await;
    traffic.add_receivers(count, 0).await;
    for _ in 0..rounds() {
        rig.fleet.nodes[0].signal("KILL");
        rig.fleet.nodes[0].ended().await;
        traffic.acknowledge(SOME).await;
        rig.restart(0).await;
        // Back to where they were, at once too.
        rig.links[1].clients.reset();
        rig.links[2].clients.reset();
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("reconnect storm", &rig, traffic).await;
    let cut = outcome.ends().iter().filter(|code| **code == CUT).count();
    assert!(cut >= count, "{outcome}");
    assert!(outcome.resumed(Resumed::Replayed) >= count, "{outcome}");
}

/// Sets how many files a running node may have open.
fn allow_files(node: &Server, count: &str) {
    let set = Command::new("prlimit")
        .args([
            "--pid",
            &node.pid().to_string(),
            &format!("--nofile={count}"),
        ])
        .status();
    assert!(set.expect("prlimit, of util-linux").success());
}

fn files(node: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", node.pid()))
        .unwrap()
        .count()
}

/// It cannot even take the connection of who asks for its health; what is open goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_node_has_no_file_descriptors_left() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let (node, address) = (&rig.fleet.nodes[0], rig.links[0].node());
    for _ in 0..rounds() {
        // What was allowed before is allowed again afterwards: the hard limit stays.
        allow_files(node, &format!("{}:", files(node)));
        let mut waiting = Vec::new();
        for _ in 0..50 {
            waiting.push(TcpStream::connect(address).await.unwrap());
        }
        let request = node.client().request(Method::GET, "/health/live");
        let request = request.timeout(Duration::from_secs(1));
        let asked = node.client().try_send(request).await;
        assert!(asked.is_err(), "it still takes connections: {asked:?}");
        traffic
            .go_on_for(lasts(Duration::from_secs(2), Duration::from_secs(30)))
            .await;
        traffic.acknowledge(SOME).await;
        wait_for_store(&rig.fleet.nodes[1], true).await;
        allow_files(node, "4096:");
        drop(waiting);
        eventually("the node takes connections again", async || {
            let request = node.client().request(Method::GET, "/health/ready");
            let request = request.timeout(Duration::from_secs(1));
            let answer = node.client().try_send(request).await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("no file descriptors", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}
