use serde_json::{Value, json};

use super::{Scene, events};
use crate::server::Start;

/// A node on which silence ends typing only after any test has ended.
async fn patient() -> Scene {
    Scene::with(Start::default().with("TYPING_TIMEOUT", "60s")).await
}

fn told(scene: &Scene) -> Value {
    json!({"username": "Ann", "user_id": scene.ann.id(), "room_id": scene.room})
}

#[tokio::test]
async fn typing_is_told_to_the_others_alone_and_names_the_room() {
    let scene = patient().await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let mut a = ann.socket(server, &[]).await;
    let mut other_of_ann = ann.socket(server, &[room]).await;
    let mut b = bob.socket(server, &[room]).await;
    a.command("1", "typing_start", json!({"room_id": room}))
        .await;
    assert_eq!(b.hear("typing_start").await["data"], told(&scene));
    assert_eq!(a.answer("1").await["event"], "ack");
    a.send(json!({"event": "typing_stop", "data": {"room_id": room}}))
        .await;
    assert_eq!(b.hear("typing_stop").await["data"], told(&scene));
    bob.say(room, "end").await;
    for own in [&mut a, &mut other_of_ann] {
        let heard = own.until("end").await;
        assert_eq!(events(&heard), ["presence.changed", "receive_message"]);
    }
}

#[tokio::test]
async fn who_follows_another_room_hears_no_typing() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = patient().await;
    let elsewhere = ann.room("Elsewhere", &[&bob]).await;
    let mut a = ann.socket(&server, &[]).await;
    let mut all = bob.socket(&server, &[]).await;
    let mut one = bob.socket(&server, &[&elsewhere]).await;
    a.send(json!({"event": "typing_start", "data": {"room_id": room}}))
        .await;
    assert_eq!(all.hear("typing_start").await["data"]["room_id"], room);
    ann.say(&elsewhere, "end").await;
    assert_eq!(events(&one.until("end").await), ["receive_message"]);
}

#[tokio::test]
async fn room_id_may_be_left_out_on_a_socket_that_follows_one_room() {
    let scene = patient().await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let second = ann.room("Second", &[bob]).await;
    let mut b = bob.socket(server, &[room]).await;
    let mut one = ann.socket(server, &[room]).await;
    one.send(json!({"event": "typing_start", "data": {}})).await;
    assert_eq!(b.hear("typing_start").await["data"], told(&scene));
    one.send(json!({"event": "typing_stop"})).await;
    assert_eq!(b.hear("typing_stop").await["data"], told(&scene));
    let mut two = ann.socket(server, &[room, &second]).await;
    two.command("1", "typing_start", json!({})).await;
    let answer = two.answer("1").await;
    assert_eq!(
        (&answer["event"], &answer["data"]["code"]),
        (&json!("error"), &json!("room_id_missing"))
    );
}

#[tokio::test]
async fn typing_in_a_room_that_the_socket_does_not_follow_is_an_error() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = patient().await;
    let foreign = ann.room("Private", &[]).await;
    let mut b = bob.socket(&server, &[&room]).await;
    b.command("1", "typing_start", json!({"room_id": foreign}))
        .await;
    let answer = b.answer("1").await;
    assert_eq!(
        (&answer["event"], &answer["data"]["code"]),
        (&json!("error"), &json!("not_following"))
    );
}

#[tokio::test]
async fn the_server_stops_who_falls_silent() {
    let scene = Scene::with(Start::default().with("TYPING_TIMEOUT", "300ms")).await;
    let mut a = scene.ann.socket(&scene.server, &[]).await;
    let mut b = scene.bob.socket(&scene.server, &[]).await;
    a.send(json!({"event": "typing_start", "data": {"room_id": scene.room}}))
        .await;
    b.hear("typing_start").await;
    assert_eq!(b.hear("typing_stop").await["data"], told(&scene));
    // And it can begin again.
    a.send(json!({"event": "typing_start", "data": {"room_id": scene.room}}))
        .await;
    b.hear("typing_start").await;
}

#[tokio::test]
async fn the_server_stops_who_sends_over_the_socket_or_over_rest() {
    let scene = patient().await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let mut a = ann.socket(server, &[]).await;
    let mut b = bob.socket(server, &[]).await;
    for over_rest in [false, true] {
        a.send(json!({"event": "typing_start", "data": {"room_id": room}}))
            .await;
        b.hear("typing_start").await;
        if over_rest {
            ann.say(room, "by REST").await;
        } else {
            a.say(room, "by socket").await;
        }
        b.hear("receive_message").await;
        assert_eq!(b.hear("typing_stop").await["data"], told(&scene));
    }
}

#[tokio::test]
async fn the_server_stops_who_disconnects_or_is_cut_off() {
    let scene = patient().await;
    let mut b = scene.bob.socket(&scene.server, &[]).await;
    for cut_off in [false, true] {
        let mut a = scene.ann.socket(&scene.server, &[]).await;
        a.send(json!({"event": "typing_start", "data": {"room_id": scene.room}}))
            .await;
        b.hear("typing_start").await;
        if cut_off {
            drop(a);
        } else {
            a.close().await;
        }
        assert_eq!(b.hear("typing_stop").await["data"], told(&scene));
    }
}

#[tokio::test]
async fn the_server_stops_who_is_removed_from_the_room() {
    let scene = patient().await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let mut a = ann.socket(server, &[]).await;
    let mut b = bob.socket(server, &[]).await;
    b.send(json!({"event": "typing_start", "data": {"room_id": room}}))
        .await;
    a.hear("typing_start").await;
    let removed = ann
        .delete(&format!("/v1/rooms/{room}/members/{}", bob.id()))
        .await;
    assert_eq!(removed.status, 204);
    assert_eq!(a.hear("typing_stop").await["data"]["user_id"], bob.id());
    b.command("1", "typing_start", json!({"room_id": room}))
        .await;
    assert_eq!(b.answer("1").await["event"], "error");
}
