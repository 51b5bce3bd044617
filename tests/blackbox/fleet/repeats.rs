use futures_util::future::join_all;
use serde_json::json;

use super::rig::Fleet;

#[tokio::test]
async fn the_same_reference_sent_to_two_nodes_at_once_is_one_message_answered_alike() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let elsewhere = ann.at(b);
    let mut heard = bob.at(c).socket(c, &[]).await;
    for i in 0..30 {
        let body = json!({"content": format!("message {i}"), "client_msg_id": i.to_string()});
        let (one, other) = tokio::join!(ann.post(&path, body.clone()), elsewhere.post(&path, body));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{one:?} {other:?}");
        assert_eq!(one.body, other.body);
        // Told once, so that the next one follows at once.
        let frame = heard.expect("receive_message").await;
        assert_eq!(frame["data"], one.body);
    }
    assert_eq!(fleet.query("SELECT count(*) FROM messages"), "30");
}

#[tokio::test]
async fn a_reference_sent_by_rest_and_by_sockets_of_all_nodes_at_once_is_one_message() {
    let fleet = Fleet::start().await;
    let ann = fleet.nodes[0].user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let mut sockets = Vec::new();
    for node in &fleet.nodes {
        sockets.push(ann.at(node).socket(node, &[]).await);
    }
    for i in 0..10 {
        let body = json!({"room_id": room, "content": "once", "client_msg_id": i.to_string()});
        let over_rest = join_all(fleet.nodes.iter().map(async |node| {
            let answer = ann.at(node).post(&path, body.clone()).await;
            (answer.status == 201, answer.body)
        }));
        let over_sockets = join_all(sockets.iter_mut().map(async |socket| {
            socket
                .command(&i.to_string(), "send_message", body.clone())
                .await;
            let answer = socket.answer(i.to_string()).await;
            assert_eq!(answer["event"], "ack", "{answer}");
            let data = &answer["data"];
            (data["repeated"] == false, data["message"].clone())
        }));
        let (mut answers, others) = tokio::join!(over_rest, over_sockets);
        answers.extend(others);
        assert_eq!(answers.iter().filter(|(is_first, _)| *is_first).count(), 1);
        assert!(answers.iter().all(|(_, message)| *message == answers[0].1));
    }
    assert_eq!(fleet.query("SELECT count(*) FROM messages"), "10");
}

#[tokio::test]
async fn a_direct_room_opened_from_both_ends_on_two_nodes_at_once_is_one_room() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    for i in 0..8 {
        let bob = b.user(&format!("Bob{i}")).await;
        let open = async |client: &crate::api::Client, peer: &str| {
            client
                .post("/v1/rooms/direct", json!({"peer_user_id": peer}))
                .await
        };
        let (one, other) = tokio::join!(open(&ann, bob.id()), open(&bob, ann.id()));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201], "{one:?} {other:?}");
        assert_eq!(one.body["id"], other.body["id"]);
        let third = open(&ann.at(c), bob.id()).await;
        assert_eq!((third.status, &third.body["id"]), (200, &one.body["id"]));
        let room = one.body["id"].as_str().unwrap();
        bob.say(room, "hi").await;
    }
    assert_eq!(fleet.query("SELECT count(*) FROM rooms"), "8");
}

#[tokio::test]
async fn of_two_who_register_one_name_on_two_nodes_at_once_one_gets_it() {
    let fleet = Fleet::start().await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    for i in 0..8 {
        let account = |letter: char| {
            json!({"username": format!("Ann{i}"), "email": format!("{letter}{i}@example.org"),
                "password": "correct horse"})
        };
        let (here, there) = (a.client(), b.client());
        let (one, other) = tokio::join!(
            here.post("/v1/auth/register", account('a')),
            there.post("/v1/auth/register", account('b'))
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{one:?} {other:?}");
    }
}
