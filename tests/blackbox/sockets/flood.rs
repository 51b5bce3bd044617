use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Scene,
    raw::{CONTINUATION, FIN, PING, Raw, TEXT, frame},
};
use crate::{
    server::{PATIENCE, Start},
    socket::Socket,
};

async fn send(socket: &mut Socket, id: &str, room: &str) -> Value {
    let data = json!({"room_id": room, "content": id, "client_msg_id": id});
    socket.command(id, "send_message", data).await;
    socket.answer(id).await
}

/// Asserts the refusal of a command, of which one more is carried out within `most` milliseconds, and gives the wait.
#[track_caller]
fn assert_limited(answer: &Value, most: u64) -> u64 {
    assert_eq!(answer["event"], "error", "{answer}");
    let problem = &answer["data"];
    assert_eq!(problem["code"], "rate_limited", "{answer}");
    assert_eq!(problem["status"], 429, "{answer}");
    let wait = problem["retry_after_ms"].as_u64().unwrap();
    assert!((1..=most).contains(&wait), "{answer}");
    wait
}

#[tokio::test]
async fn messages_by_rest_and_by_any_socket_share_a_limit_and_the_socket_stays_open() {
    let scene = Scene::with(Start::default().with("RATE_MESSAGES_USER", "3/1h")).await;
    let (server, room) = (&scene.server, &scene.room);
    let mut one = scene.ann.socket(server, &[]).await;
    let mut two = scene.ann.socket(server, &[]).await;
    scene.ann.say(room, "by REST").await;
    for (socket, id) in [(&mut one, "a"), (&mut two, "b")] {
        assert_eq!(send(socket, id, room).await["event"], "ack");
    }
    for (socket, id) in [(&mut one, "c"), (&mut two, "d")] {
        assert_limited(&send(socket, id, room).await, 1_200_000);
    }
    let path = format!("/v1/rooms/{room}/messages");
    let refused = scene.ann.post(&path, json!({"content": "e"})).await;
    refused.assert_problem(429, "rate_limited");
    // Without a reference the refusal is told all the same.
    one.send(json!({"event": "send_message", "data": {"room_id": room, "content": "f"}}))
        .await;
    let answer = one.hear("error").await;
    assert!(answer.get("id").is_none(), "{answer}");
    assert_limited(&answer, 1_200_000);
    one.command("t", "typing_start", json!({"room_id": room}))
        .await;
    assert_eq!(one.answer("t").await["event"], "ack");
    scene.bob.say(room, "another one's").await;
    let heard = one.until("another one's").await;
    assert_eq!(heard.len(), 4, "{heard:?}");
}

#[tokio::test]
async fn who_waits_as_told_gets_through() {
    let scene = Scene::with(Start::default().with("RATE_MESSAGES_USER", "1/2s")).await;
    let mut socket = scene.ann.socket(&scene.server, &[]).await;
    // As many as are granted, until one is refused; that one is tried again, as told.
    let sending = async {
        for number in 0_u32.. {
            let answer = send(&mut socket, &number.to_string(), &scene.room).await;
            if answer["event"] != "ack" {
                let wait = assert_limited(&answer, 2_000);
                sleep(Duration::from_millis(wait)).await;
                return send(&mut socket, &number.to_string(), &scene.room).await;
            }
        }
        unreachable!("the numbers do not end")
    };
    let answer = timeout(PATIENCE, sending).await.unwrap();
    assert_eq!(answer["event"], "ack", "{answer}");
    assert_eq!(answer["data"]["repeated"], false, "{answer}");
}

#[tokio::test]
async fn typing_is_limited_for_each_user_over_all_their_sockets() {
    let scene = Scene::with(Start::default().with("RATE_TYPING_USER", "2/1h")).await;
    let (server, room) = (&scene.server, &scene.room);
    let mut one = scene.ann.socket(server, &[]).await;
    let mut two = scene.ann.socket(server, &[]).await;
    let data = json!({"room_id": room});
    one.command("1", "typing_start", data.clone()).await;
    assert_eq!(one.answer("1").await["event"], "ack");
    one.command("2", "typing_stop", data.clone()).await;
    assert_eq!(one.answer("2").await["event"], "ack");
    for socket in [&mut one, &mut two] {
        socket.command("3", "typing_start", data.clone()).await;
        assert_limited(&socket.answer("3").await, 1_800_000);
    }
    let mut bob = scene.bob.socket(server, &[]).await;
    bob.command("1", "typing_start", data).await;
    assert_eq!(bob.answer("1").await["event"], "ack");
    assert_eq!(one.say(room, "messages are another matter").await["seq"], 4);
}

#[tokio::test]
async fn a_flood_of_frames_closes_its_socket_alone_and_what_was_allowed_is_done() {
    let scene = Scene::with(Start::default().with("RATE_SOCKET_FRAMES", "5/1h")).await;
    let (server, room) = (&scene.server, &scene.room);
    let mut other = scene.ann.socket(server, &[]).await;
    let mut flooding = scene.ann.socket(server, &[]).await;
    for number in 0..6 {
        let data = json!({"room_id": room, "content": number.to_string()});
        flooding.command("x", "send_message", data).await;
    }
    assert_eq!(flooding.closed().await, 4429);
    let heard = other.until("4").await;
    assert_eq!(heard.len(), 5, "{heard:?}");
    other.say(room, "calm").await;
    let mut again = scene.ann.socket(server, &[]).await;
    again.say(room, "back").await;
}

#[tokio::test]
async fn every_kind_of_frame_counts() {
    let scene = Scene::with(Start::default().with("RATE_SOCKET_FRAMES", "4/1h")).await;
    let token = scene.ann.access_token();
    let empty_pieces = [frame(TEXT, b""), frame(CONTINUATION, b"").repeat(4)].concat();
    for (what, bytes) in [
        ("pings", frame(FIN | PING, b"").repeat(5)),
        ("pieces", empty_pieces),
        ("no commands", frame(FIN | TEXT, b"x").repeat(5)),
    ] {
        let mut raw = Raw::open(&scene.server, token).await;
        raw.write(&bytes).await;
        assert_eq!(raw.closed().await, 4429, "{what}");
    }
    let mut socket = scene.ann.socket(&scene.server, &[]).await;
    for _ in 0..5 {
        socket.send_raw(Message::Ping("".into())).await;
    }
    assert_eq!(socket.closed().await, 4429);
}
