use serde_json::json;

use super::rig::Fleet;
use crate::{api::Client, server::eventually, socket::Socket};

async fn add(by: &Client, room: &str, user: &Client) {
    let body = json!({"user_id": user.id()});
    let added = by.post(&format!("/v1/rooms/{room}/members"), body).await;
    assert_eq!(added.status, 201, "{added:?}");
}

async fn remove(by: &Client, room: &str, user: &Client) {
    let path = format!("/v1/rooms/{room}/members/{}", user.id());
    let removed = by.delete(&path).await;
    assert_eq!(removed.status, 204, "{removed:?}");
}

async fn assert_silenced(user: &Client, socket: &mut Socket, room: &str) {
    let refused = user
        .post(
            &format!("/v1/rooms/{room}/messages"),
            json!({"content": "still here?"}),
        )
        .await;
    refused.assert_problem(404, "room_not_found");
    let data = json!({"room_id": room, "content": "still here?"});
    socket.command("denied", "send_message", data).await;
    let answer = socket.answer("denied").await;
    assert_eq!(
        (&answer["event"], &answer["data"]["code"]),
        (&json!("error"), &json!("room_not_found"))
    );
}

#[tokio::test]
async fn a_ban_on_one_node_silences_the_user_on_another_from_its_answer_on() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let history = format!("/v1/rooms/{room}/messages");
    for round in 0..5 {
        let mut socket = bob.socket(b, &[]).await;
        // So that the node remembers them as a member.
        bob.say(&room, "before").await;
        socket.until("before").await;
        assert_eq!(bob.get(&history).await.status, 200);

        remove(&ann, &room, &bob).await;
        assert_silenced(&bob, &mut socket, &room).await;
        assert_silenced(&bob.at(c), &mut socket, &room).await;
        let removed = socket.hear("room_removed").await;
        assert_eq!(
            removed["data"],
            json!({"room_id": room, "reason": "removed"})
        );
        eventually("the history is hidden", async || {
            (bob.get(&history).await.status == 404).then_some(())
        })
        .await;
        ann.say(&room, "behind his back").await;

        add(&ann.at(c), &room, &bob).await;
        let added = socket.hear("room_added").await;
        assert_eq!(added["data"]["id"], room);
        ann.say(&room, &format!("welcome back {round}")).await;
        let heard = socket.until(&format!("welcome back {round}")).await;
        let messages = heard
            .iter()
            .filter(|frame| frame["event"] == "receive_message");
        assert_eq!(messages.count(), 1, "{heard:#?}");
        socket.close().await;
    }
}

#[tokio::test]
async fn of_a_flood_on_one_node_nothing_follows_the_ban_on_another() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut witness = ann.at(c).socket(c, &[&room]).await;
    let mut socket = bob.socket(b, &[]).await;
    let mut flooding = bob.socket(b, &[]).await;
    let flood = async {
        for i in 0..100 {
            let data = json!({"room_id": room, "content": "flood"});
            flooding.command(&i.to_string(), "send_message", data).await;
        }
        let mut taken = 0;
        for i in 0..100 {
            taken += usize::from(flooding.answer(i.to_string()).await["event"] == "ack");
        }
        taken
    };
    let ban = async {
        for _ in 0..20 {
            socket.hear("receive_message").await;
        }
        remove(&ann, &room, &bob).await;
    };
    let (taken, ()) = tokio::join!(flood, ban);
    ann.say(&room, "end").await;
    let heard = witness.until("end").await;
    let left = heard
        .iter()
        .position(|frame| frame["event"] == "member.left");
    let is_flood = |frame: &&serde_json::Value| frame["data"]["content"] == "flood";
    assert_eq!(heard[left.unwrap()..].iter().filter(is_flood).count(), 0);
    assert_eq!(heard.iter().filter(is_flood).count(), taken);
    let stored = fleet.query("SELECT count(*) FROM messages WHERE content = 'flood'");
    assert_eq!(stored, taken.to_string());
}

#[tokio::test]
async fn rooms_that_are_made_joined_and_deleted_on_one_node_are_told_on_another() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob, cem) = tokio::join!(a.user("Ann"), b.user("Bob"), c.user("Cem"));
    let mut at_b = bob.socket(b, &[]).await;
    let mut at_c = cem.socket(c, &[]).await;

    let room = ann.room("General", &[&bob]).await;
    assert_eq!(at_b.hear("room_added").await["data"]["id"], room);
    ann.say(&room, "for bob").await;
    let heard = at_b.until("for bob").await;
    let messages = heard
        .iter()
        .filter(|frame| frame["event"] == "receive_message");
    assert_eq!(messages.count(), 1, "{heard:#?}");

    add(&ann, &room, &cem).await;
    assert_eq!(at_c.hear("room_added").await["data"]["id"], room);
    assert_eq!(
        at_b.hear("member.joined").await["data"]["user_id"],
        cem.id()
    );
    bob.say(&room, "for both").await;
    at_b.until("for both").await;
    at_c.until("for both").await;
    at_c.say(&room, "thanks").await;
    at_b.until("thanks").await;

    assert_eq!(ann.delete(&format!("/v1/rooms/{room}")).await.status, 204);
    for socket in [&mut at_b, &mut at_c] {
        socket.hear("room.deleted").await;
        let removed = socket.hear("room_removed").await;
        assert_eq!(
            removed["data"],
            json!({"room_id": room, "reason": "room_deleted"})
        );
    }
    assert_silenced(&bob, &mut at_b, &room).await;
    assert_silenced(&cem, &mut at_c, &room).await;
}

#[tokio::test]
async fn what_one_node_has_answered_another_knows() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    for i in 0..5 {
        let ann = a.user(&format!("Ann{i}")).await;
        // Before the other nodes could have heard anything of it.
        let bob = b.user(&format!("Bob{i}")).await;
        let room = ann.at(b).room("General", &[]).await;
        assert_eq!(
            ann.at(c).get(&format!("/v1/rooms/{room}")).await.status,
            200
        );
        bob.at(c)
            .get(&format!("/v1/rooms/{room}"))
            .await
            .assert_problem(404, "room_not_found");
        add(&ann.at(a), &room, &bob).await;
        let sent = bob.at(c).say(&room, "in at once").await;
        assert_eq!(sent["username"], bob.name());
        let mut socket = bob.socket(b, &[&room]).await;
        ann.say(&room, "heard").await;
        socket.until("heard").await;
    }
}

#[tokio::test]
async fn of_a_flood_on_one_node_nothing_follows_the_deletion_of_the_room_on_another() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut witness = ann.at(c).socket(c, &[&room]).await;
    let mut flooding = bob.socket(b, &[]).await;
    let flood = async {
        for i in 0..100 {
            let data = json!({"room_id": room, "content": "flood"});
            flooding.command(&i.to_string(), "send_message", data).await;
        }
        let mut taken = 0;
        for i in 0..100 {
            taken += usize::from(flooding.answer(i.to_string()).await["event"] == "ack");
        }
        taken
    };
    let deletion = async {
        for _ in 0..20 {
            witness.hear("receive_message").await;
        }
        assert_eq!(ann.delete(&format!("/v1/rooms/{room}")).await.status, 204);
        let mut heard = 20;
        // What was sent before it is heard before it.
        loop {
            let frame = witness.next().await;
            heard += usize::from(frame["event"] == "receive_message");
            if frame["event"] == "room.deleted" {
                break heard;
            }
        }
    };
    let (taken, heard) = tokio::join!(flood, deletion);
    assert_eq!(taken, heard);
    let sql = "SELECT kind FROM room_events ORDER BY seq DESC LIMIT 1";
    assert_eq!(fleet.query(sql), "room_deleted");
}

#[tokio::test]
async fn what_a_socket_was_told_its_node_answers_soon_however_long_it_remembers() {
    let fleet = Fleet::with(&[("CACHE_TTL", "1h")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let mut socket = bob.socket(b, &[]).await;
    for i in 0..10 {
        let room = ann.room(&format!("Room {i}"), &[]).await;
        let path = format!("/v1/rooms/{room}");
        // So that the node remembers that it is not his.
        assert_eq!(bob.get(&path).await.status, 404);
        add(&ann, &room, &bob).await;
        socket.hear("room_added").await;
        assert_eq!(bob.get(&path).await.status, 200);
        assert_eq!(bob.get(&format!("{path}/messages")).await.status, 200);
        remove(&ann, &room, &bob).await;
        socket.hear("room_removed").await;
        hidden(&bob, &path).await;
        assert_eq!(bob.get(&format!("{path}/messages")).await.status, 404);
        add(&ann, &room, &bob).await;
        socket.hear("room_added").await;
        assert_eq!(bob.get(&path).await.status, 200);
        assert_eq!(ann.delete(&path).await.status, 204);
        socket.hear("room_removed").await;
        hidden(&bob, &path).await;
    }
}

/// The log of the room may tell the socket before the signal has come that the node forgets the membership by.
async fn hidden(user: &Client, path: &str) {
    eventually("the room is hidden", async || {
        (user.get(path).await.status == 404).then_some(())
    })
    .await;
}
