//! How a stream ends: by its author, by a loss, or with what it stands in.

use serde_json::json;

use super::{append, done, events, hidden_drafts, patient, refused, sockets, started};
use crate::{api::Client, server::Start};

/// One user takes another out of a room.
async fn take_out(by: &Client, room: &str, user: &Client) {
    let path = format!("/v1/rooms/{room}/members/{}", user.id());
    assert_eq!(by.delete(&path).await.status, 204);
}

#[tokio::test]
async fn a_stream_that_is_finished_again_is_one_message() {
    let (scene, mut a, _b) = patient().await;
    let id = started(&mut a, &scene.room, "message").await;
    append(&mut a, &id, 0, "once").await;
    let first = done(&mut a, "stream.finish", json!({"id": id})).await;
    let again = done(&mut a, "stream.finish", json!({"id": id})).await;
    assert_eq!(again["repeated"], true);
    assert_eq!(again["message"], first["message"]);
    let listed = scene
        .ann
        .get(&format!("/v1/rooms/{}/messages", scene.room))
        .await;
    assert_eq!(listed.body["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stream_that_is_given_up_leaves_no_message() {
    let (scene, mut a, mut b) = patient().await;
    let id = started(&mut a, &scene.room, "draft").await;
    append(&mut a, &id, 0, "never mind").await;
    assert_eq!(
        done(&mut a, "stream.abort", json!({"id": id})).await,
        json!({})
    );
    let told = b.hear("stream.aborted").await["data"].clone();
    assert_eq!(
        told,
        json!({"id": id, "room_id": scene.room, "reason": "aborted"})
    );
    let problem = refused(&mut a, "stream.finish", json!({"id": id})).await;
    assert_eq!(problem["code"], "stream_not_found");
    scene.ann.say(&scene.room, "end").await;
    let said = b.until("end").await;
    let messages = events(&said)
        .iter()
        .filter(|it| **it == "receive_message")
        .count();
    assert_eq!(messages, 1);
}

#[tokio::test]
async fn what_an_author_who_is_lost_was_writing_is_sent_as_interrupted_or_dropped() {
    let (scene, mut a, mut b) = sockets(Start::default().with("STREAM_LEASE", "1s")).await;
    let mut begun = Vec::new();
    for when_lost in ["finish", "drop", "finish"] {
        let data = json!({"room_id": scene.room, "kind": "message", "when_lost": when_lost});
        let stream = done(&mut a, "stream.start", data).await["stream"].clone();
        begun.push(stream["id"].as_str().unwrap().to_owned());
    }
    let [sent, dropped, blank] = &begun[..] else {
        panic!("three")
    };
    append(&mut a, sent, 0, "so far").await;
    append(&mut a, dropped, 0, "so far").await;
    a.close().await;
    let message = b.hear("receive_message").await["data"].clone();
    assert_eq!(
        (&message["id"], &message["content"]),
        (&json!(sent), &json!("so far"))
    );
    assert_eq!(message["interrupted"], true);
    let mut lost = Vec::new();
    for _ in 0..2 {
        let told = b.hear("stream.aborted").await["data"].clone();
        assert_eq!(told["reason"], "lost");
        lost.push(told["id"].as_str().unwrap().to_owned());
    }
    lost.sort();
    assert_eq!(lost, [dropped.clone(), blank.clone()]);
    // Who comes back too late finds what became of it.
    let mut a = scene.ann.socket(&scene.server, &[]).await;
    let found = done(&mut a, "stream.finish", json!({"id": sent})).await;
    assert_eq!(found["message"]["interrupted"], true);
}

/// With others, the next node would send it when the lease is over.
#[tokio::test]
async fn what_is_being_written_when_a_lone_node_goes_is_sent_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut a = ann.socket(&server, &[]).await;
    let data = json!({"room_id": room, "kind": "message", "when_lost": "finish"});
    let stream = done(&mut a, "stream.start", data).await["stream"].clone();
    append(&mut a, stream["id"].as_str().unwrap(), 0, "so far").await;
    server.signal("TERM");
    assert_eq!(a.closed().await, 1012);
    assert!(server.ended().await.success());
    let server = Start::default().in_folder(folder.path()).start().await;
    let ann = server
        .client()
        .log_in("ann@example.org", "correct horse")
        .await;
    let listed = ann.get(&format!("/v1/rooms/{room}/messages")).await;
    let message = &listed.body["messages"][0];
    assert_eq!(
        (&message["id"], &message["content"]),
        (&stream["id"], &json!("so far"))
    );
    assert_eq!(message["interrupted"], true);
}

#[tokio::test]
async fn what_is_written_stays_while_the_author_is_there_and_for_who_comes_back_in_time() {
    let (scene, mut a, mut b) = sockets(Start::default().with("STREAM_LEASE", "1s")).await;
    let kept = started(&mut a, &scene.room, "message").await;
    append(&mut a, &kept, 0, "one").await;
    // Another one, of a socket that is gone, is lost meanwhile: so a lease is over.
    let mut gone = scene.ann.socket(&scene.server, &[]).await;
    let other = started(&mut gone, &scene.room, "message").await;
    gone.close().await;
    assert_eq!(b.hear("stream.aborted").await["data"]["id"], json!(other));
    assert_eq!(append(&mut a, &kept, 3, ", two").await, 8);
    a.close().await;
    let mut back = scene.ann.socket(&scene.server, &[]).await;
    assert_eq!(append(&mut back, &kept, 8, ", three").await, 15);
    let sent = done(&mut back, "stream.finish", json!({"id": kept})).await;
    assert_eq!(sent["message"]["content"], "one, two, three");
    assert_eq!(sent["message"]["interrupted"], false);
}

#[tokio::test]
async fn the_stream_of_who_is_taken_out_of_the_room_ends() {
    let (scene, mut a, mut b) = patient().await;
    let id = started(&mut b, &scene.room, "message").await;
    append(&mut b, &id, 0, "mine").await;
    take_out(&scene.ann, &scene.room, &scene.bob).await;
    let told = a.hear("stream.aborted").await["data"].clone();
    assert_eq!(
        told,
        json!({"id": id, "room_id": scene.room, "reason": "removed"})
    );
    for (event, data) in [
        ("stream.append", json!({"id": id, "index": 4, "delta": "!"})),
        ("stream.finish", json!({"id": id})),
    ] {
        let problem = refused(&mut b, event, data).await;
        assert_eq!(problem["code"], "stream_not_found", "{event}");
    }
}

/// Though nobody is told: it was hidden, or its author was the last to go.
#[tokio::test]
async fn what_its_author_may_write_no_more_does_not_count_as_being_written() {
    let start = Start::default().with("STREAM_LEASE", "1h");
    let (scene, _a, mut b) = sockets(start.with("STREAMS_USER", "1")).await;
    hidden_drafts(&scene.bob).await;
    started(&mut b, &scene.room, "draft").await;
    take_out(&scene.ann, &scene.room, &scene.bob).await;
    let own = scene.bob.room("Own", &[]).await;
    started(&mut b, &own, "message").await;
    let deleted = scene.bob.delete(&format!("/v1/rooms/{own}")).await;
    assert_eq!(deleted.status, 204);
    let next = scene.bob.room("Next", &[]).await;
    started(&mut b, &next, "message").await;
}
