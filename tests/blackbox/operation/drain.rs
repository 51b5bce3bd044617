//! What clients and a proxy see of a node that is told to go.

use std::{
    collections::HashSet,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{Wire, health::hold, history, moved_to};
use crate::{
    api::Client,
    server::{Server, Start, eventually},
    socket::Socket,
};

/// A node that serves until a second signal, as far as a test is concerned.
fn patient() -> Start {
    Start::default()
        .with("DRAIN_NOTICE", "10m")
        .with("SHUTDOWN_GRACE", "1h")
}

/// A node that tells its sockets at once, and then has all the time there is.
fn frank() -> Start {
    patient().with("DRAIN_NOTICE", "0s")
}

/// One request over a connection of its own, as from a proxy that keeps none.
async fn once(server: &Server, request: &str) -> (String, String) {
    let mut wire = Wire::connect(server).await;
    wire.write(request).await;
    wire.answer().await.expect("the request was cut off")
}

const READY: &str = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n";

fn closes_the_connection(head: &str) -> bool {
    head.to_lowercase().contains("\r\nconnection: close\r\n")
}

/// The close of a socket on a node that goes away: how long the client is to wait, in milliseconds.
async fn retry_after(socket: &mut Socket) -> u64 {
    loop {
        let message = socket.next_message().await.expect("cut off");
        if let Message::Close(frame) = message {
            let frame = frame.expect("no code");
            assert_eq!(u16::from(frame.code), 1012);
            let hint = frame.reason.split_once("; retry_after_ms=");
            return hint.unwrap().1.parse().unwrap();
        }
    }
}

#[tokio::test]
async fn no_request_fails_while_a_proxy_learns_that_the_node_goes() {
    let mut server = patient().start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let body = r#"{"content":"hi"}"#;
    let message = format!(
        "POST /v1/rooms/{room}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        ann.access_token(),
        body.len()
    );
    let (goes, enough) = (AtomicBool::new(false), AtomicBool::new(false));
    let (sent, late) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let sender = async || {
        while !enough.load(Ordering::Relaxed) {
            let is_late = goes.load(Ordering::Relaxed);
            let (head, body) = once(&server, &message).await;
            assert!(head.starts_with("HTTP/1.1 201 "), "{head}{body}");
            sent.fetch_add(1, Ordering::Relaxed);
            if is_late {
                assert!(closes_the_connection(&head), "{head}");
                late.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let proxy = async {
        eventually("traffic", async || {
            (sent.load(Ordering::Relaxed) > 20).then_some(())
        })
        .await;
        assert!(once(&server, READY).await.0.starts_with("HTTP/1.1 200 "));
        server.signal("TERM");
        eventually("it is not ready", async || {
            let (head, body) = once(&server, READY).await;
            (head.starts_with("HTTP/1.1 503 ") && body.contains("draining")).then_some(())
        })
        .await;
        goes.store(true, Ordering::Relaxed);
        eventually("traffic goes on", async || {
            (late.load(Ordering::Relaxed) > 40).then_some(())
        })
        .await;
        enough.store(true, Ordering::Relaxed);
    };
    tokio::join!(join_all((0..4).map(|_| sender())), proxy);
    assert_eq!(
        history(&ann, &room).await.len(),
        sent.load(Ordering::Relaxed)
    );
    server.signal("TERM");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn from_the_first_moment_the_node_is_not_ready_and_takes_no_socket() {
    let server = patient().start().await;
    let ann = server.user("Ann").await;
    server.signal("TERM");
    server.wait_for_log("going away");
    let client = server.client();
    let ready = client.get("/health/ready").await;
    assert_eq!(
        (ready.status, &ready.body["status"], &ready.body["store"]),
        (503, &json!("draining"), &json!("unasked"))
    );
    let health = client.get("/health").await;
    assert_eq!(
        (health.status, &health.body["status"]),
        (200, &json!("draining"))
    );
    // Who lives is not killed for it.
    assert_eq!(client.get("/health/live").await.status, 200);
    let refused = ann.get("/ws").await;
    refused.assert_problem(503, "going_away");
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(ann.get("/v1/rooms").await.status, 200);
}

#[tokio::test]
async fn sockets_that_are_refused_do_not_all_come_back_in_one_moment() {
    let server = patient().with("RECONNECT_SPREAD", "10s").start().await;
    let ann = server.user("Ann").await;
    server.signal("TERM");
    server.wait_for_log("going away");
    let mut waits = HashSet::new();
    for _ in 0..20 {
        let refused = ann.get("/ws").await;
        refused.assert_problem(503, "going_away");
        let wait = refused.body["retry_after_ms"].as_u64().unwrap();
        assert!(wait <= 10_000, "{wait}");
        waits.insert(wait);
    }
    assert!(waits.len() > 10, "{waits:?}");
}

#[tokio::test]
async fn a_connection_that_is_kept_open_ends_with_the_next_answer() {
    let server = patient().start().await;
    let preflight = "OPTIONS /v1/rooms HTTP/1.1\r\nHost: x\r\nOrigin: https://chat.example.org\r\n\
                     Access-Control-Request-Method: GET\r\n\r\n";
    let requests = [READY, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", preflight];
    let mut kept = Vec::new();
    for request in requests {
        let mut wire = Wire::connect(&server).await;
        wire.write(request).await;
        let (head, _) = wire.answer().await.unwrap();
        assert!(!closes_the_connection(&head), "{head}");
        kept.push((wire, request));
    }
    server.signal("TERM");
    server.wait_for_log("going away");
    for (mut wire, request) in kept {
        wire.write(request).await;
        let (head, _) = wire.answer().await.expect("the request was cut off");
        assert!(closes_the_connection(&head), "{head}");
        assert!(wire.answer().await.is_none(), "it goes on");
    }
}

/// For as long as a proxy may send somebody back to this node.
#[tokio::test]
async fn while_the_notice_lasts_the_open_sockets_are_served_as_before() {
    let mut server = patient().start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let mut sockets = join_all((0..3).map(|_| ann.socket(&server, &[]))).await;
    let mut listener = bob.socket(&server, &[&room]).await;
    server.signal("TERM");
    server.wait_for_log("going away");
    for round in 0..10 {
        assert!(once(&server, READY).await.0.starts_with("HTTP/1.1 503 "));
        for socket in &mut sockets {
            socket.say(&room, &format!("round {round}")).await;
        }
    }
    ann.say(&room, "the last").await;
    let heard = listener.until("the last").await;
    let messages = heard.iter().filter(|it| it["event"] == "receive_message");
    assert_eq!(messages.count(), 31);
    server.signal("TERM");
    for socket in sockets.iter_mut().chain([&mut listener]) {
        retry_after(socket).await;
    }
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn sockets_are_told_once_the_notice_is_over_and_not_before() {
    let start = Start::default()
        .with("DRAIN_NOTICE", "500ms")
        .with("SHUTDOWN_GRACE", "1h")
        .with("LOG_LEVEL", "debug");
    let mut server = start.start().await;
    let ann = server.user("Ann").await;
    let mut sockets = join_all((0..5).map(|_| ann.socket(&server, &[]))).await;
    server.signal("TERM");
    join_all(sockets.iter_mut().map(retry_after)).await;
    assert_eq!(server.ended().await.code(), Some(0));
    server.wait_for_log("gone");
    let log = server.log_text();
    let over = log.find("taking no new connection").expect("no end");
    let told = log.find("socket closed").expect("nobody was told");
    assert!(over < told, "{log}");
}

#[tokio::test]
async fn sockets_are_told_in_batches_and_the_rest_serve_on() {
    let mut server = frank()
        .with("DRAIN_BATCH", "1")
        .with("DRAIN_INTERVAL", "10s")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let (mut one, mut two) = (
        ann.socket(&server, &[]).await,
        ann.socket(&server, &[]).await,
    );
    server.signal("TERM");
    let left = tokio::select! {
        code = one.closed() => { assert_eq!(code, 1012); &mut two }
        code = two.closed() => { assert_eq!(code, 1012); &mut one }
    };
    left.say(&room, "not yet").await;
    server.signal("TERM");
    retry_after(left).await;
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn each_socket_is_told_a_time_of_its_own_to_come_back_at() {
    let server = frank().with("RECONNECT_SPREAD", "10s").start().await;
    let ann = server.user("Ann").await;
    let mut sockets = join_all((0..20).map(|_| ann.socket(&server, &[]))).await;
    server.signal("TERM");
    let hints = join_all(sockets.iter_mut().map(retry_after)).await;
    assert!(hints.iter().all(|hint| *hint <= 10_000), "{hints:?}");
    let distinct: HashSet<_> = hints.iter().collect();
    assert!(distinct.len() > 10, "{hints:?}");
}

/// A node with a command under way that waits for the database, and has told its sockets that it goes.
struct Held {
    server: Server,
    ann: Client,
    room: String,
    /// The one whose command is under way.
    socket: Socket,
    lock: Connection,
}

impl Held {
    async fn new(folder: &Path, start: Start) -> Self {
        let start = start.with("DB_WAIT_TIMEOUT", "1m").in_folder(folder);
        let server = start.start().await;
        let ann = server.user("Ann").await;
        let room = ann.room("General", &[]).await;
        let mut socket = ann.socket(&server, &[&room]).await;
        let mut other = ann.socket(&server, &[]).await;
        let lock = hold(&server);
        // The frames follow each other, so that the second is taken up as soon as the first is answered.
        socket
            .command("first", "typing_stop", json!({"room_id": room}))
            .await;
        let data = json!({"room_id": room, "content": "held", "client_msg_id": "held"});
        socket.command("held", "send_message", data).await;
        assert_eq!(socket.answer("first").await["event"], "ack");
        assert_eq!(ann.get("/v1/rooms").await.status, 200);
        server.signal("TERM");
        // Both are of one batch: when this one hears it, the other has been closed as well.
        retry_after(&mut other).await;
        Self {
            server,
            ann,
            room,
            socket,
            lock,
        }
    }
}

#[tokio::test]
async fn a_command_under_way_is_answered_before_the_close() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::new(folder.path(), frank()).await;
    held.lock.execute_batch("ROLLBACK").unwrap();
    let answer = held.socket.answer("held").await;
    assert_eq!(answer["event"], "ack", "{answer}");
    retry_after(&mut held.socket).await;
    assert_eq!(held.server.ended().await.code(), Some(0));

    let server = Start::default().in_folder(folder.path()).start().await;
    let kept = history(&moved_to(&server, &held.ann), &held.room).await;
    assert_eq!(kept[0]["id"], answer["data"]["message"]["id"]);
}

#[tokio::test]
async fn a_second_signal_reaches_a_socket_whose_command_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::new(folder.path(), frank()).await;
    held.server.signal("TERM");
    retry_after(&mut held.socket).await;
    assert_eq!(held.server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn the_end_of_the_grace_time_reaches_a_socket_whose_command_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let start = frank().with("SHUTDOWN_GRACE", "4s");
    let mut held = Held::new(folder.path(), start).await;
    retry_after(&mut held.socket).await;
    assert_eq!(held.server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_cuts_it_short_and_keeps_what_was_acknowledged() {
    for second in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let mut server = patient()
            .in_folder(folder.path())
            .with("DRAIN_BATCH", "1")
            .with("DRAIN_INTERVAL", "10s")
            .start()
            .await;
        let ann = server.user("Ann").await;
        let room = ann.room("General", &[]).await;
        let mut sockets = join_all((0..5).map(|_| ann.socket(&server, &[]))).await;
        // It is never finished, and holds nobody up.
        let mut stuck = Wire::connect(&server).await;
        stuck.begin_message(&ann, &room).await;
        server.signal("TERM");
        server.wait_for_log("going away");
        let said = ann.say(&room, "in the notice").await;
        server.signal(second);
        let codes = join_all(sockets.iter_mut().map(Socket::closed)).await;
        assert_eq!(codes, [1012; 5]);
        assert_eq!(server.ended().await.code(), Some(0));
        assert!(stuck.answer().await.is_none());

        let server = Start::default().in_folder(folder.path()).start().await;
        let kept = history(&moved_to(&server, &ann), &room).await;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["id"], said["id"]);
    }
}

#[tokio::test]
async fn after_the_notice_the_node_ends_by_itself() {
    let start = Start::default()
        .with("DRAIN_NOTICE", "200ms")
        .with("SHUTDOWN_GRACE", "1h");
    let mut server = start.start().await;
    let ann = server.user("Ann").await;
    let mut socket = ann.socket(&server, &[]).await;
    server.signal("TERM");
    retry_after(&mut socket).await;
    assert_eq!(server.ended().await.code(), Some(0));
    server.wait_for_log("taking no new connection");
}
