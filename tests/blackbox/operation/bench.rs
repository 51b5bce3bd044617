//! `chatterstack bench`, against servers that keep their word.

use std::path::Path;

use testkit::free_port;
use tokio::task::spawn_blocking;

use crate::server::{Server, Start, eventually, run};

/// Two rooms, of one speaker and five listeners each.
const SOCKETS: u64 = 12;

/// Says what it said, or with which words it failed.
async fn bench(url: String, seconds: &'static str) -> Result<String, String> {
    let benching = spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["bench", "--url", &url, "--rooms", "2", "--listeners", "5"];
        let more = ["--rate", "20", "--seconds", seconds];
        let output = run(folder.path(), &[&arguments[..], &more].concat(), &[]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        match output.status.code() {
            Some(0) => Ok(text(output.stdout)),
            code => {
                assert_eq!(code, Some(1));
                Err(text(output.stderr))
            }
        }
    });
    benching.await.unwrap()
}

async fn start(folder: &Path, port: &str) -> Server {
    let start = Start::default().in_folder(folder).with("PORT", port);
    start.start().await
}

#[tokio::test]
async fn bench_talks_checks_and_says_how_it_went() {
    let server = Server::start().await;
    let told = bench(server.url(), "1").await.unwrap();
    for words in [
        "opened     12 sockets in",
        // Twenty in each room, and a last one.
        "sent       42 messages in",
        "delivered  252 times, each message to each socket once and in order, after",
        "came back  6 sockets in the middle, and were told the ",
    ] {
        assert!(told.contains(words), "{words} is not in:\n{told}");
    }
    assert!(
        told.ends_with("passed\n") && !told.contains("lost"),
        "{told}"
    );
}

#[tokio::test]
async fn bench_outlives_a_node_that_is_killed_and_finds_nothing_missing() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    let mut server = start(folder.path(), &port).await;
    let benching = tokio::spawn(bench(server.url(), "5"));
    let client = server.client();
    eventually("all sockets are open", async || {
        let health = client.get("/health").await;
        (health.body["clients"] == SOCKETS).then_some(())
    })
    .await;
    server.signal("KILL");
    server.ended().await;
    let _again = start(folder.path(), &port).await;
    let told = benching.await.unwrap().unwrap();
    let words = "delivered  1212 times, each message to each socket once and in order";
    assert!(told.contains(words), "{told}");
    assert!(
        told.contains(
            "\nlost       12 sockets, which came back and were told what they had missed"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn bench_says_why_it_fails() {
    let nobody = bench(format!("http://127.0.0.1:{}", free_port()), "1").await;
    assert!(nobody.unwrap_err().contains("error sending request"));
    let no_address = bench("chat.example".to_owned(), "1").await;
    let told = no_address.unwrap_err();
    assert!(told.contains("begins with http:// or https://"), "{told}");
    let limited = Start::default()
        .with("RATE_MESSAGES_USER", "10/1m")
        .start()
        .await;
    let told = bench(limited.url(), "1").await.unwrap_err();
    assert!(
        told.contains("the server refused a message") && told.contains("rate_limited"),
        "{told}"
    );
}
