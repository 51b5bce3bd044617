use serde_json::{Value, json};

use super::rig::Fleet;
use crate::api::{Answer, Client};

async fn append(client: &Client, id: &str, index: usize, delta: &str) -> Answer {
    let body = json!({"index": index, "delta": delta});
    client.post(&format!("/v1/streams/{id}/append"), body).await
}

async fn started(client: &Client, room: &str, when_lost: &str) -> String {
    let body = json!({"kind": "message", "when_lost": when_lost});
    let begun = client
        .post(&format!("/v1/rooms/{room}/streams"), body)
        .await;
    assert_eq!(begun.status, 201, "{begun:?}");
    begun.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_stream_goes_on_at_any_node_and_is_seen_on_every_node() {
    let fleet = Fleet::with(&[("STREAM_INTERVAL", "0s")]).await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_b = bob.socket(b, &[]).await;
    let id = started(&ann, &room, "drop").await;
    assert_eq!(at_b.hear("stream.started").await["data"]["id"], json!(id));
    // Each of its writes comes to another node.
    let mut text = String::new();
    for (turn, node) in [a, b, c, a, b, c].into_iter().enumerate() {
        let delta = format!("{turn} ");
        let written = append(&ann.at(node), &id, text.len(), &delta).await;
        text += &delta;
        assert_eq!(written.body, json!({"index": text.len()}));
    }
    let mut seen = String::new();
    while seen != text {
        let told = at_b.take(|frame| is_of_stream(frame, &id)).await;
        let data = &told["data"];
        if told["event"] == "stream.started" {
            seen = data["text"].as_str().unwrap().to_owned();
        } else {
            let index = usize::try_from(data["index"].as_u64().unwrap()).unwrap();
            seen.truncate(index);
            seen += data["delta"].as_str().unwrap();
        }
    }
    // Who comes in the middle, at a node that nobody followed the room at.
    let mut at_c = bob.at(c).socket(c, &[]).await;
    assert_eq!(
        at_c.hear("stream.started").await["data"]["text"],
        text.as_str()
    );

    let sent = ann.at(c).poke(&format!("/v1/streams/{id}/finish")).await;
    assert_eq!((sent.status, &sent.body["content"]), (201, &json!(text)));
    for socket in [&mut at_b, &mut at_c] {
        assert_eq!(
            socket.hear("stream.finished").await["data"]["id"],
            json!(id)
        );
        assert_eq!(
            socket.hear("receive_message").await["data"]["id"],
            json!(id)
        );
    }
    // Asked for again elsewhere, as one whose answer was lost does.
    let again = ann.at(b).poke(&format!("/v1/streams/{id}/finish")).await;
    assert_eq!((again.status, &again.body["seq"]), (200, &sent.body["seq"]));
}

fn is_of_stream(frame: &Value, id: &str) -> bool {
    matches!(
        frame["event"].as_str(),
        Some("stream.delta" | "stream.started")
    ) && frame["data"]["id"] == id
}

#[tokio::test]
async fn what_was_written_at_a_node_that_died_is_sent_by_another() {
    let fleet = Fleet::with(&[("STREAM_LEASE", "1s")]).await;
    let (ann, bob) = {
        let [a, b, _] = &fleet.nodes[..] else {
            panic!("three nodes")
        };
        tokio::join!(a.user("Ann"), b.user("Bob"))
    };
    let room = ann.room("General", &[&bob]).await;
    let mut at_b = bob.socket(&fleet.nodes[1], &[]).await;
    let mut at_a = ann.socket(&fleet.nodes[0], &[]).await;
    let data = json!({"room_id": room, "kind": "message", "when_lost": "finish"});
    at_a.command("1", "stream.start", data).await;
    let begun = at_a.answer("1").await["data"]["stream"].clone();
    let data = json!({"id": begun["id"], "index": 0, "delta": "so far"});
    at_a.command("2", "stream.append", data).await;
    assert_eq!(at_a.answer("2").await["data"], json!({"index": 6}));
    fleet.nodes[0].signal("KILL");
    let message = at_b.hear("receive_message").await["data"].clone();
    assert_eq!(
        (&message["id"], &message["content"]),
        (&begun["id"], &json!("so far"))
    );
    assert_eq!(message["interrupted"], true);
}

#[tokio::test]
async fn a_wish_to_stop_reaches_the_author_at_another_node() {
    let fleet = Fleet::start().await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[]).await;
    let id = started(&ann, &room, "drop").await;
    assert_eq!(
        bob.poke(&format!("/v1/streams/{id}/stop")).await.status,
        204
    );
    assert_eq!(at_a.hear("stream.stop").await["data"]["user_id"], bob.id());
}
