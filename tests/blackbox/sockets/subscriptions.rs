use serde_json::{Value, json};

use super::{Scene, events};
use crate::{server::Start, socket::Socket};

async fn command(socket: &mut Socket, event: &str, room: &str) -> Value {
    socket.command("c", event, json!({"room_id": room})).await;
    socket.answer("c").await
}

#[tokio::test]
async fn a_room_is_followed_from_the_state_that_the_answer_tells() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let second = ann.room("Second", &[&bob]).await;
    ann.say(&second, "unread").await;
    let mut b = bob.socket(&server, &[&room]).await;
    let answer = command(&mut b, "subscribe", &second).await;
    let told = json!({"room": {"room_id": second, "last_seq": 4, "last_read_seq": 3, "unread": 1}});
    assert_eq!((&answer["event"], &answer["data"]), (&json!("ack"), &told));
    ann.say(&second, "heard").await;
    let heard = b.until("heard").await;
    assert_eq!(heard.last().unwrap()["seq"], 5);
    assert_eq!(events(&heard), ["receive_message"]);
    // Once more keeps the place.
    assert_eq!(command(&mut b, "subscribe", &second).await["event"], "ack");
    ann.say(&second, "once").await;
    assert_eq!(events(&b.until("once").await), ["receive_message"]);
    let typing = command(&mut b, "typing_start", &second).await;
    assert_eq!(typing["event"], "ack");
}

#[tokio::test]
async fn a_room_that_is_not_ones_own_is_not_followed() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let foreign = ann.room("Foreign", &[]).await;
    let mut b = bob.socket(&server, &[&room]).await;
    for unknown in [foreign.as_str(), "018f0000-0000-7000-8000-000000000000"] {
        let answer = command(&mut b, "subscribe", unknown).await;
        assert_eq!(answer["data"]["code"], "room_forbidden", "{answer}");
    }
    let answer = command(&mut b, "subscribe", "no id").await;
    assert_eq!(answer["data"]["code"], "invalid_body", "{answer}");
    ann.say(&foreign, "unheard").await;
    ann.say(&room, "end").await;
    assert_eq!(events(&b.until("end").await), ["receive_message"]);
}

#[tokio::test]
async fn what_is_no_longer_followed_is_not_heard_until_it_is_followed_again() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let second = ann.room("Second", &[&bob]).await;
    for named in [&[][..], &[room.as_str(), second.as_str()]] {
        let mut b = bob.socket(&server, named).await;
        let answer = command(&mut b, "unsubscribe", &second).await;
        assert_eq!(
            (&answer["event"], &answer["data"]),
            (&json!("ack"), &json!({}))
        );
        assert_eq!(
            command(&mut b, "unsubscribe", &second).await["event"],
            "ack"
        );
        ann.say(&second, "unheard").await;
        ann.say(&room, "end").await;
        assert_eq!(events(&b.until("end").await), ["receive_message"]);
        let typing = command(&mut b, "typing_start", &second).await;
        assert_eq!(typing["data"]["code"], "not_following");
        let answer = command(&mut b, "subscribe", &second).await;
        ann.say(&second, "heard").await;
        let heard = b.until("heard").await.pop().unwrap();
        let at = answer["data"]["room"]["last_seq"].as_u64().unwrap();
        assert_eq!(heard["seq"], at + 1);
        b.close().await;
    }
}

#[tokio::test]
async fn a_socket_that_names_its_rooms_follows_as_many_as_are_allowed() {
    let scene = Scene::with(Start::default().with("WS_ROOMS_MAX", "2")).await;
    let Scene {
        server, ann, room, ..
    } = scene;
    let second = ann.room("Second", &[]).await;
    let third = ann.room("Third", &[]).await;
    let mut a = ann.socket(&server, &[&room, &second]).await;
    let refused = command(&mut a, "subscribe", &third).await;
    assert_eq!(refused["data"]["code"], "too_many_rooms", "{refused}");
    command(&mut a, "unsubscribe", &second).await;
    assert_eq!(command(&mut a, "subscribe", &third).await["event"], "ack");
}

#[tokio::test]
async fn a_socket_that_has_lost_the_last_room_it_named_is_closed_as_removed() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut named = bob.socket(&server, &[&room]).await;
    let mut all = bob.socket(&server, &[]).await;
    let member = format!("/v1/rooms/{room}/members/{}", bob.id());
    assert_eq!(ann.delete(&member).await.status, 204);
    named.hear("member.left").await;
    named.hear("room_removed").await;
    assert_eq!(named.closed().await, 4403);
    all.hear("room_removed").await;
    let second = ann.room("Second", &[&bob]).await;
    all.hear("room_added").await;
    ann.say(&second, "still open").await;
    all.until("still open").await;
}

#[tokio::test]
async fn commands_that_come_in_one_go_are_each_answered_in_their_place() {
    let scene = Scene::with(Start::default().with("RATE_MESSAGES_USER", "off")).await;
    let Scene {
        server, ann, room, ..
    } = scene;
    let second = ann.room("Second", &[]).await;
    let mut a = ann.socket(&server, &[]).await;
    for i in 0..50 {
        let said = format!("said {i}");
        let data = json!({"room_id": room, "content": said});
        for (id, event, data) in [
            ("u", "unsubscribe", json!({"room_id": second})),
            ("m", "send_message", data),
            ("s", "subscribe", json!({"room_id": second})),
        ] {
            a.command(id, event, data).await;
        }
        let mut told = Vec::new();
        while told.len() < 4 {
            let frame = a.next().await;
            let name = frame["id"].as_str().or(frame["data"]["content"].as_str());
            told.extend(name.map(str::to_owned));
        }
        let place = |name: &str| told.iter().position(|it| it == name);
        assert!(
            place("u") < place("m") && place("m") < place("s"),
            "{told:?}"
        );
        assert!(place("m") < place(&said), "{told:?}");
    }
}
