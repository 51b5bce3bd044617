//! The network between clients, nodes and what is beneath them is bad.

use std::{net::SocketAddr, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Direction, Faults, Link};

use crate::{
    checker::judge,
    length::{SOME, lasts, rounds},
    rig::Rig,
    traffic::{Door, Line, Traffic},
};

/// Those of clients, and of one node to Postgres, and of another one to Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_connections_are_reset_every_200_ms() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    let often = || Faults::resetting_every(Duration::from_millis(200));
    for links in &rig.links {
        links.clients.set(often()).await;
    }
    rig.links[1].postgres.set(often()).await;
    rig.links[2].redis.set(often()).await;
    traffic
        .go_on_for(lasts(Duration::from_secs(3), Duration::from_secs(30)))
        .await;
    // On a busy machine few of them are ready before the next reset.
    traffic.lose_sockets(11).await;
    for links in &rig.links {
        links.clients.heal().await;
        links.postgres.heal().await;
        links.redis.heal().await;
    }
    traffic.acknowledge(SOME).await;
    judge("connections reset every 200 ms", &rig, traffic).await;
}

/// What clients and nodes say comes late, byte by byte, or ends in one direction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_bytes_come_late_or_one_by_one_or_connections_end_by_half() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        rig.links[0]
            .clients
            .set(Faults::delayed(Duration::from_millis(40)))
            .await;
        rig.links[0]
            .redis
            .set(Faults::delayed(Duration::from_millis(20)))
            .await;
        rig.links[1].clients.set(Faults::trickled()).await;
        rig.links[1].redis.set(Faults::trickled()).await;
        rig.links[2]
            .postgres
            .set(Faults::delayed(Duration::from_millis(5)))
            .await;
        traffic.acknowledge(SOME).await;
        for direction in [Direction::ToServer, Direction::ToClient] {
            for links in &rig.links {
                links.clients.half_close(direction);
                links.redis.half_close(direction);
            }
            rig.links[2].postgres.half_close(direction);
            traffic.acknowledge(SOME / 2).await;
        }
        for links in &rig.links {
            links.clients.heal().await;
            links.redis.heal().await;
            links.postgres.heal().await;
        }
    }
    judge("late, one by one, closed by half", &rig, traffic).await;
}

/// Under traffic, any answer is lost with its connection: of a request, of a handshake, of a ping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_when_answers_are_lost() {
    let rig = Rig::shared(&[]).await;
    let traffic = Traffic::start(&rig).await;
    for i in 0..20 * rounds() {
        rig.links[i % 3].clients.lose_next_answer();
        if i % 5 == 0 {
            // Of Postgres: a commit, perhaps.
            rig.links[i % 3].postgres.lose_next_answer();
        }
        traffic.acknowledge(8).await;
    }
    let lost: usize = rig
        .links
        .iter()
        .map(|links| links.clients.lost_answers())
        .sum();
    assert!(lost >= 10, "{lost} answers were lost");
    judge(&format!("{lost} answers lost"), &rig, traffic).await;
}

/// The acknowledgement alone is lost; the client sends the same again on another node, over REST and over a socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_acknowledgement_was_lost_is_one_message_when_it_is_sent_again_elsewhere() {
    let rig = Rig::shared(&[]).await;
    let [a, b, _] = &rig.fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut witness = ann.at(b).socket(b, &[&room]).await;
    let address: SocketAddr = a.sockets().parse().unwrap();
    let link = Link::to(address).await.unwrap();
    let path = format!("/v1/rooms/{room}/messages");
    let door = Door::by(a, &link, &ann).await;
    for i in 0..5 {
        for is_socket in [false, true] {
            let reference = format!("{i} {is_socket}");
            let body = json!({"room_id": room, "content": reference, "client_msg_id": reference});
            let before = link.lost_answers();
            if is_socket {
                let mut line = Line::open(&door, &format!("&room_id={room}"))
                    .await
                    .unwrap();
                link.lose_next_answer();
                line.send(&json!({"event": "send_message", "id": 1, "data": body}))
                    .await;
                assert!(answer(&mut line).await.is_none());
            } else {
                link.lose_next_answer();
                let request = door.client.request(Method::POST, &path).json(&body);
                assert!(door.client.try_send(request).await.is_err());
            }
            assert_eq!(link.lost_answers(), before + 1);
            let again = ann.at(b).post(&path, body).await;
            assert_eq!(again.status, 200, "{again:?}");
            let heard = witness.hear("receive_message").await;
            assert_eq!(
                (&heard["data"], &heard["seq"]),
                (&again.body, &again.body["seq"])
            );
        }
    }
    assert_eq!(rig.fleet.query("SELECT count(*) FROM messages"), "10");
}

/// The answer to the command 1; none when the socket ends before.
async fn answer(line: &mut Line) -> Option<Value> {
    loop {
        let frame = line.next().await.ok()?;
        if frame["id"] == 1 {
            return Some(frame);
        }
    }
}
