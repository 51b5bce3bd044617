mod ending;

use serde_json::{Value, json};

use super::{Scene, events};
use crate::{api::Client, server::Start, socket::Socket};

/// A node with these settings, and a socket of each of its two users: Ann's and Bob's.
async fn sockets(start: Start) -> (Scene, Socket, Socket) {
    let scene = Scene::with(start).await;
    let a = scene.ann.socket(&scene.server, &[]).await;
    let b = scene.bob.socket(&scene.server, &[]).await;
    (scene, a, b)
}

/// One whose streams are told without a pause, and are not lost before any test has ended.
async fn patient() -> (Scene, Socket, Socket) {
    let start = Start::default().with("STREAM_INTERVAL", "0s");
    sockets(start.with("STREAM_LEASE", "1h")).await
}

/// Carries out a command, and gives back the data of its `ack`.
async fn done(socket: &mut Socket, event: &str, data: Value) -> Value {
    socket.command("do", event, data).await;
    let answer = socket.answer("do").await;
    assert_eq!(answer["event"], "ack", "{answer}");
    answer["data"].clone()
}

/// Carries out a command that is refused, and gives back the problem.
async fn refused(socket: &mut Socket, event: &str, data: Value) -> Value {
    socket.command("no", event, data).await;
    let answer = socket.answer("no").await;
    assert_eq!(answer["event"], "error", "{answer}");
    answer["data"].clone()
}

/// Begins a stream, and gives back its id.
async fn started(socket: &mut Socket, room: &str, kind: &str) -> String {
    let data = json!({"room_id": room, "kind": kind});
    let begun = done(socket, "stream.start", data).await;
    begun["stream"]["id"].as_str().unwrap().to_owned()
}

async fn append(socket: &mut Socket, id: &str, index: usize, delta: &str) -> Value {
    let data = json!({"id": id, "index": index, "delta": delta});
    done(socket, "stream.append", data).await["index"].clone()
}

async fn hidden_drafts(of: &Client) {
    let path = format!("/v1/users/{}/drafts", of.id());
    let set = of.patch(&path, json!({"shared": false})).await;
    assert_eq!(set.status, 204, "{set:?}");
}

#[tokio::test]
async fn others_see_a_message_while_it_is_written_and_then_the_message_of_the_same_id() {
    let (scene, mut a, _) = patient().await;
    let mut b = scene.bob.socket(&scene.server, &[&scene.room]).await;
    let id = started(&mut a, &scene.room, "message").await;
    let begun = b.hear("stream.started").await["data"].clone();
    for (field, value) in [
        ("id", json!(id)),
        ("room_id", json!(&scene.room)),
        ("user_id", json!(scene.ann.id())),
        ("username", json!("Ann")),
        ("kind", json!("message")),
        ("text", json!("")),
        ("index", json!(0)),
    ] {
        assert_eq!(begun[field], value, "{field}");
    }
    assert_eq!(append(&mut a, &id, 0, "Zoë ").await, 4);
    assert_eq!(append(&mut a, &id, 4, "👋").await, 5);
    let mut text = String::new();
    for (index, delta) in [(0, "Zoë "), (4, "👋")] {
        let told = b.hear("stream.delta").await["data"].clone();
        let expected = json!({"id": id, "room_id": scene.room, "index": index, "delta": delta});
        assert_eq!(told, expected);
        text += delta;
    }
    let sent = done(&mut a, "stream.finish", json!({"id": id})).await;
    assert_eq!(sent["repeated"], false);
    let message = &sent["message"];
    assert_eq!(
        (&message["id"], &message["content"]),
        (&json!(id), &json!(text))
    );
    assert_eq!(message["interrupted"], false);

    let mut finished = b.hear("stream.finished").await["data"].clone();
    let received = b.hear("receive_message").await;
    assert_eq!(
        (&received["seq"], &received["data"]["id"]),
        (&message["seq"], &json!(id))
    );
    // The event is the stored message; it may have been read since the answer was written.
    finished["status"] = message["status"].clone();
    assert_eq!(&finished, message);

    // The author is told of it by the message alone.
    let own = a.until(&text).await;
    let of_streams = events(&own)
        .iter()
        .filter(|it| it.starts_with("stream."))
        .count();
    assert_eq!(of_streams, 0, "{own:?}");
}

#[tokio::test]
async fn what_is_appended_again_or_out_of_order_is_settled_by_its_index() {
    let (scene, mut a, _b) = patient().await;
    let id = started(&mut a, &scene.room, "message").await;
    assert_eq!(append(&mut a, &id, 0, "abc").await, 3);
    assert_eq!(append(&mut a, &id, 0, "abc").await, 3, "again");
    assert_eq!(append(&mut a, &id, 1, "bcd").await, 4, "with more");
    for (index, delta) in [(5, "f"), (1, "x")] {
        let data = json!({"id": id, "index": index, "delta": delta});
        let problem = refused(&mut a, "stream.append", data).await;
        assert_eq!(problem["code"], "stream_misplaced");
        assert_eq!(problem["index"], 4, "where to go on");
    }
    let sent = done(&mut a, "stream.finish", json!({"id": id})).await;
    assert_eq!(sent["message"]["content"], "abcd");
}

#[tokio::test]
async fn a_text_that_is_replaced_is_told_by_where_it_differs() {
    let (scene, mut a, mut b) = patient().await;
    let id = started(&mut a, &scene.room, "draft").await;
    for text in ["hello", "help", ""] {
        let data = json!({"id": id, "text": text});
        let written = done(&mut a, "stream.replace", data).await;
        assert_eq!(written["index"], text.len());
    }
    for (index, delta) in [(0, "hello"), (3, "p"), (0, "")] {
        let told = b.hear("stream.delta").await["data"].clone();
        assert_eq!(
            (&told["index"], &told["delta"]),
            (&json!(index), &json!(delta))
        );
    }
}

#[tokio::test]
async fn who_comes_in_the_middle_is_told_the_text_so_far_and_goes_on_from_there() {
    let (scene, mut a, _b) = patient().await;
    let id = started(&mut a, &scene.room, "message").await;
    append(&mut a, &id, 0, "so far").await;
    let mut late = scene.bob.socket(&scene.server, &[]).await;
    let told = late.hear("stream.started").await["data"].clone();
    assert_eq!(
        (&told["text"], &told["index"]),
        (&json!("so far"), &json!(6))
    );
    append(&mut a, &id, 6, ", so good").await;
    let told = late.hear("stream.delta").await["data"].clone();
    assert_eq!(
        (&told["index"], &told["delta"]),
        (&json!(6), &json!(", so good"))
    );
}

#[tokio::test]
async fn a_reader_s_wish_to_stop_reaches_the_author() {
    let (scene, mut a, mut b) = patient().await;
    let id = started(&mut a, &scene.room, "message").await;
    done(&mut b, "stream.stop", json!({"id": id})).await;
    let told = a.hear("stream.stop").await["data"].clone();
    assert_eq!(
        told,
        json!({"id": id, "room_id": scene.room, "user_id": scene.bob.id()})
    );
    // It is a wish: the author goes on, or does not.
    assert_eq!(append(&mut a, &id, 0, "all the same").await, 12);
}

#[tokio::test]
async fn only_its_author_writes_and_only_members_see() {
    let (scene, mut a, mut b) = patient().await;
    let cat = scene.server.user("Cat").await;
    let mut c = cat.socket(&scene.server, &[]).await;
    let id = started(&mut a, &scene.room, "message").await;
    append(&mut a, &id, 0, "mine").await;
    for (event, data) in [
        ("stream.append", json!({"id": id, "index": 4, "delta": "!"})),
        ("stream.replace", json!({"id": id, "text": "!"})),
        ("stream.finish", json!({"id": id})),
        ("stream.abort", json!({"id": id})),
    ] {
        let problem = refused(&mut b, event, data.clone()).await;
        assert_eq!(problem["code"], "not_yours", "{event}");
        let problem = refused(&mut c, event, data).await;
        assert_eq!(problem["code"], "stream_not_found", "{event}");
    }
    let problem = refused(&mut c, "stream.stop", json!({"id": id})).await;
    assert_eq!(problem["code"], "stream_not_found");
    let data = json!({"room_id": scene.room, "kind": "message"});
    let problem = refused(&mut c, "stream.start", data).await;
    assert_eq!(problem["code"], "room_not_found");
}

#[tokio::test]
async fn what_is_wrong_with_a_stream_is_told_by_a_word() {
    let (scene, mut a, _b) = sockets(Start::default().with("STREAMS_USER", "1")).await;
    let id = started(&mut a, &scene.room, "message").await;
    for (event, data, code) in [
        (
            "stream.start",
            json!({"room_id": scene.room, "kind": "message"}),
            "too_many_streams",
        ),
        (
            "stream.start",
            json!({"room_id": scene.room, "kind": "poem"}),
            "invalid_body",
        ),
        (
            "stream.start",
            json!({"room_id": scene.room}),
            "invalid_body",
        ),
        (
            "stream.append",
            json!({"id": id, "index": -1, "delta": ""}),
            "invalid_body",
        ),
        (
            "stream.append",
            json!({"id": id, "index": 0, "delta": "x".repeat(4_001)}),
            "validation_failed",
        ),
        (
            "stream.append",
            json!({"id": id, "index": 0, "delta": "\0"}),
            "validation_failed",
        ),
        ("stream.finish", json!({"id": id}), "stream_blank"),
        (
            "stream.finish",
            json!({"id": scene.room}),
            "stream_not_found",
        ),
    ] {
        let problem = refused(&mut a, event, data).await;
        assert_eq!(problem["code"], code, "{event}");
    }
}

#[tokio::test]
async fn the_drafts_of_who_does_not_share_them_are_seen_by_nobody_else() {
    let (scene, mut a, mut b) = patient().await;
    let shown = started(&mut a, &scene.room, "draft").await;
    b.hear("stream.started").await;
    hidden_drafts(&scene.ann).await;
    let told = b.hear("stream.aborted").await["data"].clone();
    assert_eq!(
        (&told["id"], &told["reason"]),
        (&json!(shown), &json!("hidden"))
    );

    let hidden = started(&mut a, &scene.room, "draft").await;
    for (id, text) in [(&shown, "one"), (&hidden, "two")] {
        append(&mut a, id, 0, text).await;
        let seen = scene.bob.get(&format!("/v1/streams/{id}")).await;
        seen.assert_problem(404, "stream_not_found");
        assert_eq!(
            scene.ann.get(&format!("/v1/streams/{id}")).await.body["text"],
            text
        );
        done(&mut a, "stream.finish", json!({"id": id})).await;
    }
    // What is sent is a message like any other.
    let heard = [b.until("one").await, b.until("two").await].concat();
    let of_streams = events(&heard)
        .iter()
        .filter(|it| it.starts_with("stream."))
        .count();
    assert_eq!(of_streams, 0, "{heard:?}");
    let messages = events(&heard)
        .iter()
        .filter(|it| **it == "receive_message")
        .count();
    assert_eq!(messages, 2);
}

#[tokio::test]
async fn changes_that_come_together_are_told_together() {
    let (scene, mut a, mut b) = sockets(Start::default().with("STREAM_INTERVAL", "10s")).await;
    let id = started(&mut a, &scene.room, "message").await;
    for index in 0..5 {
        append(&mut a, &id, index, "x").await;
    }
    done(&mut a, "stream.finish", json!({"id": id})).await;
    let heard = b.until("xxxxx").await;
    let of_stream: Vec<_> = heard
        .iter()
        .filter(|frame| frame["event"].as_str().unwrap().starts_with("stream."))
        .map(|frame| (frame["event"].as_str().unwrap(), &frame["data"]["delta"]))
        .collect();
    // The first comes at once, and so does the end.
    assert_eq!(
        of_stream,
        [
            ("stream.started", &Value::Null),
            ("stream.delta", &json!("x")),
            ("stream.finished", &Value::Null),
        ]
    );
}
