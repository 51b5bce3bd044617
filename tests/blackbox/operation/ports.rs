use std::net::TcpListener;

use reqwest::StatusCode;

use crate::server::{Server, Start, run};

async fn status(url: &str) -> StatusCode {
    reqwest::get(url).await.unwrap().status()
}

#[tokio::test]
async fn with_ws_port_a_second_listener_serves_sockets_and_nothing_else() {
    let mut server = Start::default().with("WS_PORT", "0").start().await;
    let (main, sockets) = (server.url(), format!("http://{}", server.sockets()));
    assert_ne!(main, sockets);
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let mut socket = bob.socket(&server, &[]).await;
    ann.say(&room, "hi").await;
    assert_eq!(
        socket.hear("receive_message").await["data"]["content"],
        "hi"
    );
    assert_eq!(status(&format!("{main}/ws")).await, 404);
    for path in ["/health", "/v1/rooms", "/", "/openapi.json"] {
        assert_eq!(status(&format!("{sockets}{path}")).await, 404, "{path}");
    }
    assert_eq!(status(&format!("{sockets}/ws")).await, 401);
    server.signal("TERM");
    assert_eq!(socket.closed().await, 1012);
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn without_ws_port_both_are_on_one() {
    let server = Server::start().await;
    assert_eq!(server.url(), format!("http://{}", server.sockets()));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    for (settings, name) in [
        (vec![("PORT", port.as_str())], "PORT"),
        (vec![("WS_PORT", port.as_str())], "WS_PORT"),
    ] {
        let output = run(folder.path(), &["serve"], &settings);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.contains(&format!("127.0.0.1:{port} ({name})")),
            "{told}"
        );
    }
}
