use futures_util::future::join_all;
use serde_json::{Value, json};

use super::rig::Fleet;

const MESSAGES: usize = 40;

/// The numbers of a socket's durable frames, up to this one.
async fn numbers(socket: &mut crate::socket::Socket, last: u64) -> Vec<u64> {
    let mut seqs = Vec::new();
    while seqs.last() != Some(&last) {
        seqs.extend(socket.next().await["seq"].as_u64());
    }
    seqs
}

#[tokio::test]
async fn what_many_send_on_several_nodes_at_once_reaches_every_socket_once_and_in_order() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob, cem) = tokio::join!(a.user("Ann"), b.user("Bob"), c.user("Cem"));
    let room = ann.room("General", &[&bob, &cem]).await;
    let mut sockets = Vec::new();
    for node in [b, c, a] {
        for user in [&ann, &bob, &cem] {
            sockets.push(user.at(node).socket(node, &[]).await);
        }
    }
    let senders = [ann.clone(), bob.clone(), cem.clone(), ann.at(c)];
    let sent = join_all(senders.iter().enumerate().map(async |(sender, client)| {
        for i in 0..MESSAGES {
            client.say(&room, &format!("{sender}-{i}")).await;
        }
    }));
    let mut own = ann.at(b).socket(b, &[&room]).await;
    let by_socket = async {
        for i in 0..MESSAGES {
            own.say(&room, &format!("socket-{i}")).await;
        }
    };
    tokio::join!(sent, by_socket);
    // Three who joined, and the room itself.
    let (first, last) = (5, 4 + 5 * MESSAGES as u64);
    let expected: Vec<_> = (first..=last).collect();
    for socket in &mut sockets {
        assert_eq!(numbers(socket, last).await, expected);
    }
    let told = fleet.query("SELECT count(*), min(seq), max(seq) FROM messages");
    assert_eq!(told, format!("{}|{first}|{last}", 5 * MESSAGES));
}

#[tokio::test]
async fn a_message_sent_by_rest_on_one_node_is_told_alike_on_the_others() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    let bob = b.user("Bob").await;
    let room = ann.room("General", &[&bob]).await;
    let mut sockets = [
        ann.at(c).socket(c, &[&room]).await,
        bob.socket(b, &[]).await,
        bob.at(a).socket(a, &[]).await,
    ];
    let body = json!({"content": "hi 😀", "client_msg_id": "1",
        "attachments": [{"url": "https://files.example/a.png", "mime_type": "image/png", "size_bytes": 3}]});
    let sent = ann.post(&format!("/v1/rooms/{room}/messages"), body).await;
    assert_eq!(sent.status, 201);
    for socket in &mut sockets {
        let heard = socket.hear("receive_message").await;
        assert_eq!(
            (&heard["data"], &heard["seq"]),
            (&sent.body, &sent.body["seq"])
        );
    }
    for node in [b, c] {
        let listed = ann
            .at(node)
            .get(&format!("/v1/rooms/{room}/messages"))
            .await;
        assert_eq!(
            listed.body["messages"],
            Value::from(vec![sent.body.clone()])
        );
    }
}

/// The node subscribes to the room and drops it again and again; audits come too seldom to be part of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_come_and_go_on_another_node_miss_nothing_from_their_ready_on() {
    let fleet = Fleet::with(&[("BUS_AUDIT_INTERVAL", "1h")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let sender = tokio::spawn({
        let (ann, room) = (ann.clone(), room.clone());
        async move {
            loop {
                ann.say(&room, "on and on").await;
            }
        }
    });
    for _ in 0..40 {
        let mut socket = bob.socket(b, &[&room]).await;
        let from = socket.ready["rooms"][0]["last_seq"].as_u64().unwrap();
        for seq in from + 1..from + 4 {
            assert_eq!(socket.hear("receive_message").await["seq"], seq);
        }
        socket.close().await;
    }
    sender.abort();
}
