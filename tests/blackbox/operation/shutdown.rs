use serde_json::json;
use tokio::net::TcpStream;

use super::Wire;
use crate::{
    server::{Server, Start, eventually},
    socket::Socket,
};

#[tokio::test]
async fn sigterm_and_sigint_tell_every_socket_1012_and_end_with_status_0() {
    for signal in ["TERM", "INT"] {
        let mut server = Start::default()
            .with("DRAIN_BATCH", "2")
            .with("DRAIN_INTERVAL", "5ms")
            .start()
            .await;
        let ann = server.user("Ann").await;
        let mut sockets = Vec::new();
        for _ in 0..7 {
            sockets.push(ann.socket(&server, &[]).await);
        }
        server.signal(signal);
        for socket in &mut sockets {
            assert_eq!(socket.closed().await, 1012);
        }
        assert_eq!(server.ended().await.code(), Some(0));
        server.wait_for_log("gone");
    }
}

#[tokio::test]
async fn a_node_without_work_goes_at_once_though_a_connection_is_kept_open() {
    let mut server = Server::start().await;
    let mut idle = Wire::connect(&server).await;
    idle.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(idle.answer().await.unwrap().0.starts_with("HTTP/1.1 200"));
    let mut silent = Wire::connect(&server).await;
    silent.write("GET /hea").await;
    server.signal("TERM");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_under_way_is_answered_while_nothing_new_is_taken() {
    let mut server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut kept = Wire::connect(&server).await;
    let ready = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n";
    kept.write(ready).await;
    assert!(kept.answer().await.unwrap().0.starts_with("HTTP/1.1 200"));
    let mut slow = Wire::connect(&server).await;
    slow.begin_message(&ann, &room).await;
    server.signal("TERM");
    server.wait_for_log("going away");
    let address = server.url().replace("http://", "");
    eventually("new connections are refused", async || {
        TcpStream::connect(&address).await.err()
    })
    .await;
    // A probe over an old connection hears that the node drains, or that the connection has ended.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut kept.0, ready.as_bytes()).await;
    if let Some((head, body)) = kept.answer().await {
        assert!(
            head.starts_with("HTTP/1.1 503") && body.contains("draining"),
            "{head}{body}"
        );
    }
    slow.end_message().await;
    let (head, body) = slow.answer().await.expect("the request was cut off");
    assert!(head.starts_with("HTTP/1.1 201"), "{head}{body}");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn commands_of_sockets_that_were_acknowledged_before_the_end_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&server, &[&room]).await;
    for i in 0..200 {
        let data = json!({"room_id": room, "content": format!("m{i}")});
        socket
            .send(json!({"event": "send_message", "id": i, "data": data}))
            .await;
    }
    socket.answer(20).await;
    server.signal("TERM");
    let acknowledged = acknowledged_until_closed(&mut socket).await;
    assert_eq!(server.ended().await.code(), Some(0));
    let server = Start::default().in_folder(folder.path()).start().await;
    let kept = super::history(&super::moved_to(&server, &ann), &room).await;
    for id in acknowledged {
        assert!(
            kept.iter().any(|message| message["id"] == id),
            "{id} was acknowledged and is lost"
        );
    }
}

async fn acknowledged_until_closed(socket: &mut Socket) -> Vec<serde_json::Value> {
    let mut ids = Vec::new();
    while let Some(message) = socket.next_message().await {
        let Ok(text) = message.to_text() else {
            continue;
        };
        let frame: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        if frame["event"] == "ack" {
            ids.push(frame["data"]["message"]["id"].clone());
        }
    }
    ids
}

#[tokio::test]
async fn what_does_not_end_is_cut_off_when_the_grace_time_is_over() {
    let mut server = Start::default().with("SHUTDOWN_GRACE", "3s").start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut stuck = Wire::connect(&server).await;
    stuck.begin_message(&ann, &room).await;
    // It is never read from, so it does not answer the close either.
    let _deaf = ann.socket(&server, &[]).await;
    server.signal("TERM");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_at_once_still_tells_the_sockets() {
    let mut server = Server::start().await;
    let ann = server.user("Ann").await;
    let mut socket = ann.socket(&server, &[]).await;
    server.signal("TERM");
    server.signal("TERM");
    assert_eq!(socket.closed().await, 1012);
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_short_grace_time_is_enough_to_tell_the_sockets() {
    let mut server = Start::default()
        .with("SHUTDOWN_GRACE", "1500ms")
        .with("PRESENCE_LINGER", "0s")
        .with("DRAIN_BATCH", "1")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(ann.socket(&server, &[]).await);
    }
    server.signal("TERM");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 1012);
    }
    assert_eq!(server.ended().await.code(), Some(0));
}
