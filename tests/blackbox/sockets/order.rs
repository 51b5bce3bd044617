use futures_util::future::join_all;
use serde_json::{Value, json};

use super::Scene;
use crate::{
    api::Client,
    server::{Server, Start},
    socket::Socket,
};

/// Of each client; a quarter of each kind.
const OPERATIONS: usize = 50;

/// Sends over the socket and over REST, edits the one and deletes the other, in turn.
async fn operate(client: &Client, socket: &mut Socket, room: &str) {
    let messages = format!("/v1/rooms/{room}/messages");
    let mut last = String::new();
    for i in 0..OPERATIONS {
        let content = format!("{} {i}", client.name());
        let path = format!("{messages}/{last}");
        match i % 4 {
            0 => last = id(&socket.say(room, &content).await),
            1 => {
                let edited = client.patch(&path, json!({"content": content})).await;
                assert_eq!(edited.status, 200);
            }
            2 => last = id(&client.say(room, &content).await),
            _ => assert_eq!(client.delete(&path).await.status, 204),
        }
    }
}

fn id(message: &Value) -> String {
    message["id"].as_str().unwrap().to_owned()
}

async fn team(server: &Server) -> Vec<Client> {
    join_all(["Ann", "Bob", "Cem", "Dan"].map(|name| server.user(name))).await
}

#[tokio::test]
async fn everybody_hears_the_same_events_in_the_same_order_without_a_gap() {
    assert_same_for_all(Start::default()).await;
}

#[tokio::test]
async fn a_bus_that_loses_events_and_a_log_that_is_read_in_small_pages_change_nothing() {
    let start = Start::default()
        .with("BUS_CAPACITY", "16")
        .with("FEED_PAGE", "1")
        .with("FEED_GAP_WAIT", "0ms");
    assert_same_for_all(start).await;
}

async fn assert_same_for_all(start: Start) {
    let server = start.start().await;
    let team = team(&server).await;
    let others: Vec<_> = team[1..].iter().collect();
    let room = team[0].room("Busy", &others).await;
    let mut sockets = Vec::new();
    for client in &team {
        sockets.push(client.socket(&server, &[&room]).await);
    }
    let observer = team[0].socket(&server, &[]).await;
    let start = observer.ready["rooms"][0]["last_seq"].as_u64().unwrap();
    let work = team
        .iter()
        .zip(&mut sockets)
        .map(|(client, socket)| operate(client, socket, &room));
    join_all(work).await;
    team[0].say(&room, "end").await;
    sockets.push(observer);
    let mut heard = Vec::new();
    for socket in &mut sockets {
        let frames = socket.until("end").await;
        let durable = frames
            .into_iter()
            .filter(|frame| frame.get("seq").is_some());
        heard.push(durable.collect::<Vec<_>>());
    }
    let seqs: Vec<_> = heard[0]
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    let operations = (team.len() * OPERATIONS) as u64;
    assert_eq!(
        seqs,
        (start + 1..=start + operations + 1).collect::<Vec<_>>()
    );
    for one in &heard[1..] {
        assert_eq!(*one, heard[0]);
    }
}

#[tokio::test]
async fn the_commands_of_one_socket_take_effect_in_the_order_they_were_sent() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[&room]).await;
    let mut b = bob.socket(&server, &[&room]).await;
    for i in 0..100 {
        let data = json!({"room_id": room, "content": format!("m{i}")});
        a.send(json!({"event": "send_message", "id": i, "data": data}))
            .await;
    }
    let heard = b.until("m99").await;
    let contents: Vec<_> = heard
        .iter()
        .map(|frame| frame["data"]["content"].clone())
        .collect();
    assert_eq!(
        contents,
        (0..100).map(|i| json!(format!("m{i}"))).collect::<Vec<_>>()
    );
    for i in 0..100 {
        assert_eq!(
            a.answer(i).await["data"]["message"]["content"],
            format!("m{i}")
        );
    }
}

#[tokio::test]
async fn a_sender_gets_each_message_once_as_an_answer_and_then_once_as_an_event() {
    let scene = Scene::with(Start::default().with("RATE_MESSAGES_USER", "off")).await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = scene;
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    let senders = [(&mut a, "a"), (&mut b, "b")].map(async |(socket, name)| {
        for i in 0..OPERATIONS {
            let reference = format!("{name} {i}");
            let data = json!({"room_id": room, "content": reference});
            socket.command(&reference, "send_message", data).await;
            let mut of_message = Vec::new();
            while of_message.len() < 2 {
                let frame = socket.next().await;
                if frame["id"] == reference || frame["data"]["content"] == reference {
                    of_message.push(frame["event"].as_str().unwrap().to_owned());
                }
            }
            assert_eq!(of_message, ["ack", "receive_message"], "{reference}");
        }
    });
    join_all(senders).await;
    // Nothing came twice.
    a.say(&room, "end").await;
    let rest = a.until("end").await;
    let own = rest
        .iter()
        .filter(|frame| frame["data"]["username"] == "Ann");
    assert_eq!(own.count(), 1, "{rest:?}");
}
