use serde_json::json;

use super::{Scene, events};
use crate::{api::Client, server::Server, socket::Socket};

async fn add(by: &Client, room: &str, user: &Client) {
    let added = by
        .post(
            &format!("/v1/rooms/{room}/members"),
            json!({"user_id": user.id()}),
        )
        .await;
    assert_eq!(added.status, 201, "{added:?}");
}

async fn remove(by: &Client, room: &str, user: &Client) {
    let removed = by
        .delete(&format!("/v1/rooms/{room}/members/{}", user.id()))
        .await;
    assert_eq!(removed.status, 204, "{removed:?}");
}

async fn assert_cannot_send(socket: &mut Socket, room: &str) {
    let data = json!({"room_id": room, "content": "let me in"});
    socket.command("denied", "send_message", data).await;
    let answer = socket.answer("denied").await;
    assert_eq!(
        (&answer["event"], &answer["data"]["code"]),
        (&json!("error"), &json!("room_not_found"))
    );
}

#[tokio::test]
async fn who_is_added_is_told_and_hears_the_room_at_once_on_a_socket_that_follows_all() {
    let server = Server::start().await;
    let (ann, eve) = (server.user("Ann").await, server.user("Eve").await);
    let room = ann.room("General", &[]).await;
    ann.say(&room, "before").await;
    let mut a = ann.socket(&server, &[]).await;
    let mut e = eve.socket(&server, &[]).await;
    assert_cannot_send(&mut e, &room).await;
    add(&ann, &room, &eve).await;
    let added = e.expect("room_added").await;
    let shown = eve.get(&format!("/v1/rooms/{room}")).await.body;
    assert_eq!(
        (&added["data"], &added["data"]["last_seq"]),
        (&shown, &json!(4))
    );
    let joined = a.hear("member.joined").await;
    assert_eq!(
        (&joined["seq"], &joined["data"]["user_id"]),
        (&json!(4), &json!(eve.id()))
    );
    ann.say(&room, "welcome").await;
    let heard = e.until("welcome").await;
    assert_eq!(
        (events(&heard), &heard[0]["seq"]),
        (vec!["receive_message"], &json!(5))
    );
    e.say(&room, "thanks").await;
    a.until("thanks").await;
    e.command("1", "typing_start", json!({})).await;
    assert_eq!(e.answer("1").await["event"], "ack");
}

#[tokio::test]
async fn everybody_of_a_new_room_its_maker_too_hears_it_at_once() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut sockets = [
        ann.socket(&server, &[]).await,
        bob.socket(&server, &[]).await,
    ];
    let group = ann.room("General", &[&bob]).await;
    let direct = ann
        .post("/v1/rooms/direct", json!({"peer_user_id": bob.id()}))
        .await;
    let direct = direct.body["id"].as_str().unwrap().to_owned();
    bob.say(&group, "in the group").await;
    ann.say(&direct, "in private").await;
    for socket in &mut sockets {
        assert_eq!(socket.hear("room_added").await["data"]["id"], group);
        assert_eq!(socket.hear("room_added").await["data"]["id"], direct);
        assert_eq!(
            socket.hear("receive_message").await["data"]["room_id"],
            group
        );
        assert_eq!(
            socket.hear("receive_message").await["data"]["room_id"],
            direct
        );
    }
}

#[tokio::test]
async fn a_socket_that_follows_named_rooms_is_told_of_another_and_does_not_follow_it() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut b = bob.socket(&server, &[&room]).await;
    let second = ann.room("Second", &[&bob]).await;
    ann.say(&second, "unheard").await;
    ann.say(&room, "end").await;
    let heard = b.until("end").await;
    assert_eq!(events(&heard), ["room_added", "receive_message"]);
}

#[tokio::test]
async fn who_is_removed_is_told_hears_no_more_and_cannot_send() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let shared = ann.room("Shared", &[&bob]).await;
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    remove(&ann, &room, &bob).await;
    let removed = b.hear("room_removed").await;
    assert_eq!(
        removed["data"],
        json!({"room_id": room, "reason": "removed"})
    );
    let left = a.hear("member.left").await;
    assert_eq!(
        (&left["seq"], &left["data"]["user_id"]),
        (&json!(4), &json!(bob.id()))
    );
    ann.say(&room, "behind his back").await;
    a.send(json!({"event": "typing_start", "data": {"room_id": room}}))
        .await;
    ann.say(&shared, "end").await;
    for frame in b.until("end").await {
        assert!(
            frame["event"] == "member.left" || frame["data"]["room_id"] == shared,
            "{frame}"
        );
    }
    assert_cannot_send(&mut b, &room).await;
    b.say(&shared, "still here").await;
}

#[tokio::test]
async fn who_leaves_is_told_so_on_every_socket() {
    let Scene {
        server, bob, room, ..
    } = Scene::new().await;
    let mut all = bob.socket(&server, &[]).await;
    let mut one = bob.socket(&server, &[&room]).await;
    remove(&bob, &room, &bob).await;
    for socket in [&mut all, &mut one] {
        let removed = socket.hear("room_removed").await;
        assert_eq!(removed["data"], json!({"room_id": room, "reason": "left"}));
    }
    assert_cannot_send(&mut all, &room).await;
    assert_eq!(one.closed().await, 4403);
}

#[tokio::test]
async fn who_comes_back_hears_the_room_again_each_message_once() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut b = bob.socket(&server, &[]).await;
    for round in 0..3 {
        ann.say(&room, "one").await;
        b.until("one").await;
        remove(&ann, &room, &bob).await;
        b.hear("room_removed").await;
        ann.say(&room, "unheard").await;
        add(&ann, &room, &bob).await;
        let added = b.hear("room_added").await["data"]["last_seq"].clone();
        assert_eq!(added, 7 + 5 * round);
        ann.say(&room, "two").await;
        let heard = b.until("two").await;
        let messages = heard
            .iter()
            .filter(|frame| frame["event"] == "receive_message");
        assert_eq!(messages.count(), 1, "{heard:#?}");
    }
}

#[tokio::test]
async fn a_deleted_room_is_told_to_everybody_and_takes_nothing_more() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut sockets = [
        ann.socket(&server, &[]).await,
        bob.socket(&server, &[]).await,
        bob.socket(&server, &[&room]).await,
    ];
    assert_eq!(ann.delete(&format!("/v1/rooms/{room}")).await.status, 204);
    for socket in &mut sockets {
        let deleted = socket.hear("room.deleted").await;
        assert_eq!(
            (&deleted["seq"], &deleted["data"]["room_id"]),
            (&json!(4), &json!(room))
        );
        let removed = socket.hear("room_removed").await;
        assert_eq!(
            removed["data"],
            json!({"room_id": room, "reason": "room_deleted"})
        );
    }
    let [ann_all, bob_all, named] = &mut sockets;
    assert_cannot_send(ann_all, &room).await;
    assert_cannot_send(bob_all, &room).await;
    assert_eq!(named.closed().await, 4403);
}

#[tokio::test]
async fn no_message_of_a_removed_member_follows_the_removal() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    for i in 0..100 {
        let data = json!({"room_id": room, "content": "flood"});
        b.send(json!({"event": "send_message", "id": i, "data": data}))
            .await;
        if i == 50 {
            remove(&ann, &room, &bob).await;
        }
    }
    let mut answers = Vec::new();
    for i in 0..100 {
        answers.push(b.answer(i).await);
    }
    ann.say(&room, "end").await;
    let heard = a.until("end").await;
    let left = heard
        .iter()
        .position(|frame| frame["event"] == "member.left")
        .unwrap();
    let flood = |frame: &&serde_json::Value| frame["data"]["content"] == "flood";
    assert_eq!(heard[left..].iter().filter(flood).count(), 0);
    let acknowledged = heard.iter().filter(flood).count();
    let (taken, refused) = answers.split_at(acknowledged);
    assert!(taken.iter().all(|answer| answer["event"] == "ack"));
    assert!(
        refused
            .iter()
            .all(|answer| answer["data"]["code"] == "room_not_found")
    );
}
