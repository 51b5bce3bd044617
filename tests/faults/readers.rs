//! Clients that read slowly, or never.

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Faults, Link};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, eventually, is_long, patience},
    rig::Rig,
    server::Server,
    traffic::{Door, Receiver, Traffic},
};

/// A peer that does not read is gone after this; a little room to wait in, so that it is soon full.
const SETTINGS: [(&str, &str); 3] = [
    ("WS_WRITE_TIMEOUT", "2s"),
    ("WS_QUEUE_BYTES", "65536"),
    ("WS_ROOMS_MAX", "128"),
];

/// A socket that reads nothing after its handshake, over a connection that takes as little as the system allows.
async fn deaf(node: &Server, door: &Door, room: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket
        .connect(node.sockets().parse().unwrap())
        .await
        .unwrap();
    let token = door.client.access_token();
    let request = format!(
        "GET /ws?room_id={room}&access_token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    stream
}

/// Says so many things of 16 kB in a room.
async fn shout(traffic: &Traffic, room: &str, count: usize) {
    let (user, path) = (&traffic.users[1], format!("/v1/rooms/{room}/messages"));
    let shouting = (0..4).map(async |_| {
        let mut said = 0;
        while said < count / 4 {
            let answer = user
                .post(&path, json!({"content": "😀".repeat(4_000)}))
                .await;
            // The machine may be busy, and a statement take too long.
            assert!(matches!(answer.status, 201 | 503), "{answer:?}");
            said += usize::from(answer.status == 201);
        }
    });
    join_all(shouting).await;
}

async fn open(node: &Server) -> u64 {
    let health = node.client().get("/health").await;
    health.body["clients"].as_u64().unwrap()
}

/// The nodes are rid of them, and nobody else notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_a_few_of_many_clients_never_read() {
    let (all, few) = if is_long() { (396, 4) } else { (42, 1) };
    let rig = Rig::shared(&SETTINGS).await;
    let mut traffic = Traffic::of_members(&rig).await;
    let loud = traffic.users[0].room("Loud", &[&traffic.users[1]]).await;
    for home in 0..3 {
        traffic.add_receivers(all / 3, home).await;
    }
    let node = &rig.fleet.nodes[0];
    let mut never_read = Vec::new();
    for _ in 0..few {
        never_read.push(deaf(node, &traffic.doors[0], &loud).await);
    }
    let sockets = open(node).await;
    // The receivers are still there: none of them has lost its socket.
    eventually("those who never read are gone", async || {
        shout(&traffic, &loud, 40).await;
        (open(node).await == sockets - few).then_some(())
    })
    .await;
    traffic.acknowledge(SOME).await;
    let scenario = format!("{few} of {} never read", all + 9 + never_read.len());
    let outcome = judge(&scenario, &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
    // To the end, they have not closed.
    drop(never_read);
}

/// It falls behind further than a node waits for it, is closed with 4408, and misses nothing when it comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_is_told_so_and_resumes_and_misses_nothing() {
    // It is held for as long as this machine needs.
    let settings = [
        ("WS_QUEUE_BYTES", "65536"),
        ("WS_ROOMS_MAX", "128"),
        ("WS_PONG_TIMEOUT", "10m"),
        ("WS_WRITE_TIMEOUT", "10m"),
    ];
    let rig = Rig::shared(&settings).await;
    let traffic = Traffic::start(&rig).await;
    let loud = traffic.users[0].room("Loud", &[&traffic.users[1]]).await;
    // Behind a link of its own that holds back what the node says, so that the traffic is not slowed.
    let link = Link::to(rig.links[0].node()).await.unwrap();
    let mut door = Door::by(&rig.fleet.nodes[0], &link, &traffic.users[0]).await;
    door.silence = patience();
    let slow = Receiver::start(&loud, vec![door]);
    let reaches = async |seq: u64| {
        let what = format!("the slow one has seen {seq}");
        eventually(&what, async || {
            (slow.record().reached() >= seq).then_some(())
        })
        .await;
    };
    reaches(1).await;
    link.set(Faults::held_to_client()).await;
    // The system keeps 4 MiB for a connection at most.
    shout(&traffic, &loud, 320).await;
    link.heal().await;
    let last = rig
        .fleet
        .query(&format!("SELECT last_seq FROM rooms WHERE id = '{loud}'"));
    let last: u64 = last.parse().unwrap();
    reaches(last).await;
    let record = slow.stop().await;
    assert_eq!(record.breaches, [""; 0]);
    let seqs: Vec<_> = record.seen.iter().map(|seen| seen.seq).collect();
    assert_eq!(seqs, (record.first + 1..=last).collect::<Vec<_>>());
    let ends = record.ends();
    assert!(
        !ends.is_empty() && ends.iter().all(|code| *code == 4408),
        "{ends:?}"
    );
    judge(
        &format!("slow subscriber, closed with {ends:?}"),
        &rig,
        traffic,
    )
    .await;
}
