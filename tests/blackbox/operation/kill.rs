use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{history, moved_to};
use crate::{
    api::Client,
    server::{Server, Start},
};

const SENDERS: usize = 4;
/// How many are acknowledged before the node is killed.
const BEFORE: usize = 60;

/// What a client sent, by its own reference: with the id that was acknowledged, or without.
type Sent = Vec<(String, Option<Value>)>;

/// Sends until the node is gone.
async fn send_until_cut(
    client: &Client,
    room: &str,
    sender: usize,
    acknowledged: &AtomicUsize,
) -> Sent {
    let mut sent = Sent::new();
    let path = format!("/v1/rooms/{room}/messages");
    for i in 0.. {
        let reference = format!("{sender}-{i}");
        let body = json!({"content": reference, "client_msg_id": reference});
        let answer = client.request(Method::POST, &path).json(&body).send().await;
        let message = match answer {
            Ok(answer) if answer.status() == 201 => answer.json::<Value>().await.ok(),
            _ => None,
        };
        let is_cut = message.is_none();
        sent.push((reference, message.map(|message| message["id"].clone())));
        if is_cut {
            break;
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    sent
}

async fn kill_once(server: &Server, acknowledged: &AtomicUsize) {
    crate::server::eventually("enough is acknowledged", async || {
        (acknowledged.load(Ordering::SeqCst) >= BEFORE).then_some(())
    })
    .await;
    server.signal("KILL");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_a_retry_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let acknowledged = AtomicUsize::new(0);
    let work = (0..SENDERS).map(|sender| send_until_cut(&ann, &room, sender, &acknowledged));
    let (sent, ()) = tokio::join!(join_all(work), kill_once(&server, &acknowledged));
    let sent: Sent = sent.into_iter().flatten().collect();
    assert!(!server.ended().await.success());

    let server = Start::default().in_folder(folder.path()).start().await;
    let ann = moved_to(&server, &ann);
    let kept = history(&ann, &room).await;
    let by_reference: HashMap<_, _> = kept
        .iter()
        .map(|message| (message["client_msg_id"].as_str().unwrap(), &message["id"]))
        .collect();
    assert_eq!(by_reference.len(), kept.len(), "a message is there twice");
    for (reference, id) in &sent {
        if let Some(id) = id {
            assert_eq!(
                by_reference.get(reference.as_str()),
                Some(&id),
                "{reference}"
            );
        }
    }
    assert_gap_free(&kept);

    for (reference, _) in &sent {
        let body = json!({"content": reference, "client_msg_id": reference});
        let again = ann.post(&format!("/v1/rooms/{room}/messages"), body).await;
        match by_reference.get(reference.as_str()) {
            Some(id) => assert_eq!((again.status, &again.body["id"]), (200, *id)),
            None => assert_eq!(again.status, 201),
        }
    }
    let after = history(&ann, &room).await;
    assert_eq!(after.len(), sent.len());
    assert_gap_free(&after);
}

/// The room has one member, so its first two events are its own and the member's, and all others are messages.
fn assert_gap_free(messages: &[Value]) {
    let seqs: Vec<_> = messages
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (3..3 + messages.len() as u64).collect::<Vec<_>>());
}
