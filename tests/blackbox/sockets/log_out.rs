use serde_json::json;

use super::{
    Scene,
    raw::{FIN, Raw, TEXT, frame},
};
use crate::server::Start;

#[tokio::test]
async fn a_log_out_closes_the_sockets_of_that_log_in_alone() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let again = ann.log_in("ann@example.org", "correct horse").await;
    let mut ended = [
        ann.socket(&server, &[]).await,
        ann.socket(&server, &[&room]).await,
    ];
    let mut stays = again.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    for socket in &mut ended {
        assert_eq!(socket.closed().await, 4401);
    }
    stays.say(&room, "still here").await;
    b.until("still here").await;
}

#[tokio::test]
async fn a_socket_whose_log_in_has_ended_does_nothing_more_however_slowly_it_reads() {
    let start = Start::default()
        .with("WS_QUEUE_BYTES", "16777216")
        .with("RATE_MESSAGES_USER", "off");
    let scene = Scene::with(start).await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = &scene;
    let quiet = bob.room("Quiet", &[]).await;
    let mut witness = bob.socket(server, &[&quiet]).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        slow.push(Raw::slow(server, bob.access_token()).await);
    }
    // More than the kernel takes for a peer that does not read, so that the server stands in the middle of a write.
    let content = "\u{1F600}".repeat(4_000);
    for _ in 0..500 {
        ann.say(room, &content).await;
    }
    assert_eq!(bob.poke("/v1/auth/logout").await.status, 204);
    // The hub has closed all of the log-in's sockets by the time that one of them hears of it.
    assert_eq!(witness.closed().await, 4401);
    for socket in &mut slow {
        for i in 0..10 {
            let data = json!({"room_id": room, "content": format!("too late {i}")});
            let command = json!({"event": "send_message", "data": data}).to_string();
            socket.write(&frame(FIN | TEXT, command.as_bytes())).await;
        }
        while socket.read().await.is_some() {}
    }
    let history = ann.get(&format!("/v1/rooms/{room}/messages?limit=1")).await;
    assert_eq!(history.body["messages"][0]["content"], content);
}
