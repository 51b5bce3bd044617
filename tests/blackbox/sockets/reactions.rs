use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Scene, events};
use crate::{
    api::{Client, reaction},
    server::Server,
    socket::Socket,
};

/// The next durable frame.
async fn durable(socket: &mut Socket) -> Value {
    socket.take(|frame| frame["seq"].is_u64()).await
}

/// What a frame says of a reaction: the event, its number, whose, which, and how many stand there.
fn told(frame: &Value) -> (&str, u64, &str, &str, u64) {
    let data = &frame["data"];
    let text = |name: &str| data[name].as_str().unwrap();
    let seq = frame["seq"].as_u64().unwrap();
    assert_eq!(data["seq"], seq, "{frame}");
    let event = frame["event"].as_str().unwrap();
    let count = data["count"].as_u64().unwrap();
    (event, seq, text("username"), text("emoji"), count)
}

/// A socket that has the room up to this number, past its `ready`.
async fn come_back(server: &Server, client: &Client, room: &str, seq: u64) -> Socket {
    let query = format!("access_token={}&since={room}:{seq}", client.access_token());
    let mut socket = Socket::connect(server, &query).await.unwrap();
    socket.expect("ready").await;
    socket
}

/// The durable frames up to `resumed`, and that.
async fn until_resumed(socket: &mut Socket) -> (Vec<Value>, Value) {
    let mut frames = Vec::new();
    loop {
        let is_told = |frame: &Value| frame["seq"].is_u64() || frame["event"] == "resumed";
        let frame = socket.take(is_told).await;
        if frame["event"] == "resumed" {
            return (frames, frame);
        }
        frames.push(frame);
    }
}

async fn log_after(client: &Client, room: &str, after: u64) -> Vec<Value> {
    let path = format!("/v1/rooms/{room}/events?after={after}");
    client.get(&path).await.body["events"]
        .as_array()
        .unwrap()
        .clone()
}

async fn edit(by: &Client, message: &Value, content: &str) {
    let (room, id) = (message["room_id"].as_str(), message["id"].as_str());
    let path = format!("/v1/rooms/{}/messages/{}", room.unwrap(), id.unwrap());
    let edited = by.patch(&path, json!({"content": content})).await;
    assert_eq!(edited.status, 200, "{edited:?}");
}

#[tokio::test]
async fn reactions_are_told_to_all_in_the_order_of_the_log_and_a_repeat_is_not_told_again() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let message = ann.say(&room, "soup").await;
    let mut sockets = [
        ann.socket(&server, &[]).await,
        bob.socket(&server, &[&room]).await,
    ];
    bob.react(&message, "👍").await;
    bob.react(&message, "👍").await;
    ann.react(&message, "👍").await;
    bob.unreact(&message, "👍").await;
    bob.unreact(&message, "👍").await;
    ann.unreact(&message, "👍").await;
    bob.react(&message, "👍").await;
    bob.react(&message, "👍").await;
    ann.say(&room, "end").await;
    let mut heard = Vec::new();
    for socket in &mut sockets {
        let mut frames = socket.until("end").await;
        frames.retain(|frame| frame["seq"].is_u64());
        let end = frames.pop().unwrap();
        assert_eq!(end["seq"], 10);
        heard.push(frames);
    }
    assert_eq!(
        heard[0].iter().map(told).collect::<Vec<_>>(),
        [
            ("reaction.added", 5, "Bob", "👍", 1),
            ("reaction.added", 6, "Ann", "👍", 2),
            ("reaction.removed", 7, "Bob", "👍", 1),
            ("reaction.removed", 8, "Ann", "👍", 0),
            ("reaction.added", 9, "Bob", "👍", 1),
        ]
    );
    assert_eq!(
        heard[0][0],
        json!({"event": "reaction.added", "seq": 5, "data": {
            "room_id": room, "message_id": message["id"], "user_id": bob.id(), "username": "Bob",
            "emoji": "👍", "count": 1, "seq": 5}})
    );
    assert_eq!(heard[1], heard[0]);
    assert_eq!(log_after(&ann, &room, 4).await[..5], heard[0]);
}

#[tokio::test]
async fn many_who_react_at_once_are_counted_one_by_one() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let message = ann.say(&room, "soup").await;
    let mut socket = bob.socket(&server, &[&room]).await;
    // Each sends everything twice, at the same moment.
    let emojis = ["1", "2", "3", "4"];
    let all = [&ann, &bob, &ann, &bob].map(|client| {
        let puts = emojis.map(|emoji| client.react(&message, emoji));
        join_all(puts)
    });
    join_all(all).await;
    ann.say(&room, "end").await;
    let mut frames = socket.until("end").await;
    frames.retain(|frame| frame["event"] == "reaction.added");
    let seqs: Vec<_> = frames.iter().map(|frame| told(frame).1).collect();
    assert_eq!(seqs, (5..13).collect::<Vec<_>>());
    for emoji in emojis {
        let counts = frames.iter().map(told).filter(|it| it.3 == emoji);
        assert_eq!(counts.map(|it| it.4).collect::<Vec<_>>(), [1, 2], "{emoji}");
    }
}

#[tokio::test]
async fn who_was_away_is_told_the_reactions_that_came_and_went_and_then_goes_on_live() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let message = ann.say(&room, "soup").await;
    let gone = ann.say(&room, "to be deleted").await;
    let cursor = bob.get("/v1/sync").await.body["next"].clone();
    let mut live = ann.socket(&server, &[]).await;
    bob.react(&message, "👍").await;
    ann.react(&gone, "👍").await;
    ann.react(&message, "🎉").await;
    bob.unreact(&message, "👍").await;
    ann.react(&message, "👍").await;
    let path = reaction(&gone, "x").replace("/reactions/x", "");
    assert_eq!(ann.delete(&path).await.status, 204);

    let mut back = come_back(&server, &bob, &room, 5).await;
    let (missed, resumed) = until_resumed(&mut back).await;
    assert_eq!(
        missed[..5].iter().map(told).collect::<Vec<_>>(),
        [
            ("reaction.added", 6, "Bob", "👍", 1),
            ("reaction.added", 7, "Ann", "👍", 1),
            ("reaction.added", 8, "Ann", "🎉", 1),
            ("reaction.removed", 9, "Bob", "👍", 0),
            ("reaction.added", 10, "Ann", "👍", 1),
        ]
    );
    assert_eq!(missed[5]["event"], "message.deleted");
    assert_eq!(
        resumed["data"],
        json!({"room_id": room, "from": 5, "to": 11, "recovered": true})
    );
    // The same frames as those who were there got, as the log tells, and a sync.
    for frame in &missed {
        assert_eq!(durable(&mut live).await, *frame);
    }
    assert_eq!(log_after(&bob, &room, 5).await, missed);
    let sync = bob.post("/v1/sync", json!({"since": cursor})).await;
    assert_eq!(sync.body["rooms"][0]["events"], json!(missed));
    // What was sent before is told as it stands now.
    let mut again = come_back(&server, &bob, &room, 3).await;
    let (told_again, _) = until_resumed(&mut again).await;
    assert_eq!(
        told_again[0]["data"]["reactions"],
        json!([
            {"emoji": "🎉", "count": 1, "user_ids": [ann.id()], "last_seq": 8},
            {"emoji": "👍", "count": 1, "user_ids": [ann.id()], "last_seq": 10},
        ])
    );
    assert_eq!(told_again[1]["data"]["reactions"], json!([]));
    assert_eq!(told_again[2..], missed);
    bob.react(&message, "🎉").await;
    assert_eq!(
        told(&durable(&mut back).await),
        ("reaction.added", 12, "Bob", "🎉", 2)
    );
}

#[tokio::test]
async fn who_was_taken_out_is_not_shown_what_came_to_older_messages_afterwards() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let cursor = bob.get("/v1/sync").await.body["next"].clone();
    let plain = ann.say(&room, "soup").await;
    let edited = ann.say(&room, "first").await;
    ann.react(&plain, "before").await;
    edit(&ann, &edited, "second").await;
    let member = format!("/v1/rooms/{room}/members/{}", bob.id());
    assert_eq!(ann.delete(&member).await.status, 204);
    // At once: a clock could not tell it from what was before.
    ann.react(&plain, "after").await;
    edit(&ann, &edited, "third").await;
    ann.react(&edited, "after").await;

    let mut back = come_back(&server, &bob, &room, 3).await;
    let (told, resumed) = until_resumed(&mut back).await;
    assert_eq!(
        events(&told),
        [
            "receive_message",
            "receive_message",
            "reaction.added",
            "message.updated",
            "member.left"
        ]
    );
    assert_eq!(resumed["data"]["to"], 8);
    let stands = json!([{"emoji": "before", "count": 1, "user_ids": [ann.id()], "last_seq": 6}]);
    assert_eq!(
        (&told[0]["data"]["content"], &told[0]["data"]["reactions"]),
        (&json!("soup"), &stands)
    );
    for it in [&told[1], &told[3]] {
        let shown = (&it["data"]["content"], &it["data"]["reactions"]);
        assert_eq!(shown, (&json!(""), &json!([])));
    }
    let sync = bob.post("/v1/sync", json!({"since": cursor})).await;
    assert_eq!(sync.body["removed"][0]["events"], json!(told));

    // Who is let in again sees all of it.
    let members = format!("/v1/rooms/{room}/members");
    let added = ann.post(&members, json!({"user_id": bob.id()})).await;
    assert_eq!(added.status, 201, "{added:?}");
    let mut back = come_back(&server, &bob, &room, 3).await;
    let (told, _) = until_resumed(&mut back).await;
    assert_eq!(told[1]["data"]["content"], "third");
    assert_eq!(told[0]["data"]["reactions"].as_array().unwrap().len(), 2);
    assert_eq!(told, log_after(&bob, &room, 3).await);
}
