use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::NOBODY;
use crate::{
    api::{Answer, Client},
    server::{PATIENCE, Server, Start},
};

/// A node, and two users in one room of it.
async fn scene() -> (Server, Client, Client, String) {
    let server = Start::default().with("STREAM_INTERVAL", "0s").start().await;
    let (ann, bob) = tokio::join!(server.user("Ann"), server.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    (server, ann, bob, room)
}

async fn start(client: &Client, room: &str, body: Value) -> Answer {
    client
        .post(&format!("/v1/rooms/{room}/streams"), body)
        .await
}

/// Begins a stream, and gives back where it is.
async fn started(client: &Client, room: &str) -> String {
    let begun = start(client, room, json!({"kind": "message"})).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    format!("/v1/streams/{}", begun.body["id"].as_str().unwrap())
}

async fn append(client: &Client, stream: &str, index: usize, delta: &str) -> Answer {
    let body = json!({"index": index, "delta": delta});
    client.post(&format!("{stream}/append"), body).await
}

async fn replace(client: &Client, stream: &str, text: &str) -> Answer {
    let path = format!("{stream}/text");
    let request = client.request(Method::PUT, &path);
    client.send(request.json(&json!({"text": text}))).await
}

/// Server-sent events, as they come.
struct Events {
    response: Response,
    unread: String,
}

impl Events {
    async fn open(client: &Client, stream: &str) -> Self {
        let request = client.request(Method::GET, &format!("{stream}/events"));
        let response = timeout(PATIENCE, request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            response,
            unread: String::new(),
        }
    }

    /// The next event and its data; none when they have ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.unread = rest;
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(name), Some(data)) = (line("event: "), line("data: ")) {
                    return Some((name.to_owned(), serde_json::from_str(data).unwrap()));
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk());
            let chunk = chunk.await.expect("nothing is told").unwrap()?;
            self.unread += std::str::from_utf8(&chunk).unwrap();
        }
    }

    async fn expect(&mut self, name: &str) -> Value {
        let (event, data) = self.next().await.expect("an event");
        assert_eq!(event, name, "{data}");
        data
    }
}

#[tokio::test]
async fn a_stream_is_begun_written_shown_and_sent() {
    let (_server, ann, bob, room) = scene().await;
    let body = json!({"kind": "draft", "when_lost": "finish"});
    let begun = start(&ann, &room, body).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    for (field, value) in [
        ("room_id", json!(room)),
        ("user_id", json!(ann.id())),
        ("kind", json!("draft")),
        ("when_lost", json!("finish")),
        ("text", json!("")),
        ("index", json!(0)),
    ] {
        assert_eq!(begun.body[field], value, "{field}");
    }
    let id = begun.body["id"].as_str().unwrap();
    let stream = format!("/v1/streams/{id}");
    assert_eq!(
        append(&ann, &stream, 0, "hullo").await.body,
        json!({"index": 5})
    );
    assert_eq!(
        replace(&ann, &stream, "hello").await.body,
        json!({"index": 5})
    );
    assert_eq!(
        append(&ann, &stream, 5, "!").await.body,
        json!({"index": 6})
    );
    let seen = bob.get(&stream).await;
    assert_eq!(
        (&seen.body["text"], &seen.body["index"]),
        (&json!("hello!"), &json!(6))
    );
    let listed = bob.get(&format!("/v1/rooms/{room}/streams")).await;
    assert_eq!(listed.body["streams"], json!([seen.body]));

    let sent = ann.poke(&format!("{stream}/finish")).await;
    assert_eq!((sent.status, &sent.body["id"]), (201, &json!(id)));
    assert_eq!(sent.body["content"], "hello!");
    let again = ann.poke(&format!("{stream}/finish")).await;
    assert_eq!((again.status, &again.body), (200, &sent.body));
    ann.get(&stream)
        .await
        .assert_problem(404, "stream_not_found");
    let listed = bob.get(&format!("/v1/rooms/{room}/streams")).await;
    assert_eq!(listed.body["streams"], json!([]));
}

#[tokio::test]
async fn what_is_refused_is_told_by_a_word_and_where_to_go_on() {
    let (server, ann, bob, room) = scene().await;
    let cat = server.user("Cat").await;
    let stream = started(&ann, &room).await;
    append(&ann, &stream, 0, "abc").await;
    let misplaced = append(&ann, &stream, 9, "x").await;
    misplaced.assert_problem(409, "stream_misplaced");
    assert_eq!(misplaced.body["index"], 3);
    let long = replace(&ann, &stream, &"x".repeat(4_001)).await;
    long.assert_problem(400, "validation_failed");
    assert_eq!(long.body["errors"][0]["code"], "too_long");
    append(&bob, &stream, 3, "x")
        .await
        .assert_problem(403, "not_yours");
    bob.delete(&stream).await.assert_problem(403, "not_yours");
    append(&cat, &stream, 3, "x")
        .await
        .assert_problem(404, "stream_not_found");
    for path in ["", "/events"] {
        let path = format!("{stream}{path}");
        cat.get(&path).await.assert_problem(404, "stream_not_found");
    }
    let nowhere = format!("/v1/streams/{NOBODY}");
    ann.get(&nowhere)
        .await
        .assert_problem(404, "stream_not_found");
    ann.get("/v1/streams/x")
        .await
        .assert_problem(400, "invalid_id");
    let unknown = start(&ann, NOBODY, json!({"kind": "message"})).await;
    unknown.assert_problem(404, "room_not_found");
    let listed = cat.get(&format!("/v1/rooms/{room}/streams")).await;
    listed.assert_problem(404, "room_not_found");
    let wrong = start(&ann, &room, json!({"kind": 1})).await;
    wrong.assert_problem(400, "invalid_body");

    assert_eq!(ann.delete(&stream).await.status, 204);
    let blank = started(&ann, &room).await;
    ann.poke(&format!("{blank}/finish"))
        .await
        .assert_problem(409, "stream_blank");
}

#[tokio::test]
async fn streams_that_are_written_to_too_often_are_refused_for_a_while() {
    let server = Start::default()
        .with("RATE_STREAMS_USER", "2/1h")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let stream = started(&ann, &room).await;
    assert_eq!(append(&ann, &stream, 0, "a").await.status, 200);
    let refused = append(&ann, &stream, 1, "b").await;
    refused.assert_problem(429, "rate_limited");
    // What was written can be sent.
    assert_eq!(ann.poke(&format!("{stream}/finish")).await.status, 201);
}

#[tokio::test]
async fn a_stream_is_told_as_server_sent_events_until_it_is_sent() {
    let (_server, ann, bob, room) = scene().await;
    let stream = started(&ann, &room).await;
    append(&ann, &stream, 0, "so far").await;
    let mut events = Events::open(&bob, &stream).await;
    assert_eq!(events.expect("stream.started").await["text"], "so far");
    // Another one in the same room is not told.
    let other = started(&ann, &room).await;
    append(&ann, &other, 0, "elsewhere").await;
    append(&ann, &stream, 6, ", so good").await;
    let told = events.expect("stream.delta").await;
    assert_eq!(
        (&told["index"], &told["delta"]),
        (&json!(6), &json!(", so good"))
    );
    let sent = ann.poke(&format!("{stream}/finish")).await;
    let told = events.expect("stream.finished").await;
    assert_eq!(
        (&told["id"], &told["seq"]),
        (&sent.body["id"], &sent.body["seq"])
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn an_author_hears_by_server_sent_events_that_a_reader_wants_a_stop() {
    let (_server, ann, bob, room) = scene().await;
    let stream = started(&ann, &room).await;
    let mut events = Events::open(&ann, &stream).await;
    assert_eq!(bob.poke(&format!("{stream}/stop")).await.status, 204);
    assert_eq!(events.expect("stream.stop").await["user_id"], bob.id());
    assert_eq!(ann.delete(&stream).await.status, 204);
    bob.poke(&format!("{stream}/stop"))
        .await
        .assert_problem(404, "stream_not_found");
}

#[tokio::test]
async fn a_reader_of_events_is_told_that_a_stream_was_given_up() {
    let (_server, ann, bob, room) = scene().await;
    let stream = started(&ann, &room).await;
    let mut events = Events::open(&bob, &stream).await;
    events.expect("stream.started").await;
    assert_eq!(ann.delete(&stream).await.status, 204);
    assert_eq!(events.expect("stream.aborted").await["reason"], "aborted");
    assert_eq!(events.next().await, None);
}

/// Nobody tells an author what they did themselves.
#[tokio::test]
async fn an_author_s_events_end_with_the_stream_however_much_else_the_room_tells() {
    let server = Start::default()
        .with("WS_PING_INTERVAL", "1s")
        .with("RATE_MESSAGES_USER", "1000000/1s")
        .with("RATE_REST_USER", "1000000/1s")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let stream = started(&ann, &room).await;
    let mut events = Events::open(&ann, &stream).await;
    assert_eq!(ann.delete(&stream).await.status, 204);
    let talk = async {
        loop {
            ann.say(&room, "and on").await;
        }
    };
    let gone = tokio::select! {
        () = talk => unreachable!("it never ends"),
        gone = events.expect("stream.gone") => gone,
    };
    assert!(stream.ends_with(gone["id"].as_str().unwrap()));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn events_end_with_the_log_in_and_with_the_membership() {
    let (_server, ann, bob, room) = scene().await;
    let stream = started(&ann, &room).await;
    let mut events = Events::open(&bob, &stream).await;
    events.expect("stream.started").await;
    let removed = ann
        .delete(&format!("/v1/rooms/{room}/members/{}", bob.id()))
        .await;
    assert_eq!(removed.status, 204);
    assert_eq!(events.expect("closed").await["code"], 4403);
    assert_eq!(events.next().await, None);

    let mut own = Events::open(&ann, &stream).await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    assert_eq!(own.expect("closed").await["code"], 4401);
    assert_eq!(own.next().await, None);
}

#[tokio::test]
async fn only_oneself_decides_who_sees_one_s_drafts() {
    let (_server, ann, bob, room) = scene().await;
    let drafts = |of: &Client| format!("/v1/users/{}/drafts", of.id());
    let hide = json!({"shared": false});
    let others = ann.patch(&drafts(&bob), hide.clone()).await;
    others.assert_problem(403, "not_yours");
    let nobody = format!("/v1/users/{NOBODY}/drafts");
    ann.patch(&nobody, hide.clone())
        .await
        .assert_problem(404, "user_not_found");
    let wrong = ann.patch(&drafts(&ann), json!({"shared": "no"})).await;
    wrong.assert_problem(400, "invalid_body");
    let shares = async || {
        let path = format!("/v1/users/{}", ann.id());
        bob.get(&path).await.body["shares_drafts"].clone()
    };
    assert_eq!(shares().await, true);
    assert_eq!(ann.patch(&drafts(&ann), hide).await.status, 204);
    assert_eq!(shares().await, false);
    let hidden = start(&ann, &room, json!({"kind": "draft"})).await;
    let listed = async |by: &Client| {
        let listed = by.get(&format!("/v1/rooms/{room}/streams")).await;
        listed.body["streams"].as_array().unwrap().len()
    };
    assert_eq!((listed(&ann).await, listed(&bob).await), (1, 0));
    assert_eq!(hidden.body["is_hidden"], true);
    assert_eq!(
        ann.patch(&drafts(&ann), json!({"shared": true}))
            .await
            .status,
        204
    );
    start(&ann, &room, json!({"kind": "draft"})).await;
    assert_eq!((listed(&ann).await, listed(&bob).await), (2, 1));
}
