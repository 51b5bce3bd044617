//! How the node starts, goes, comes back, and is looked after.

mod bench;
mod cli;
mod config;
mod drain;
mod health;
mod kill;
mod logs;
mod metrics;
mod open_files;
mod persistence;
mod ports;
mod shutdown;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    api::Client,
    server::{PATIENCE, Server},
};

/// A connection on which the test writes HTTP itself.
struct Wire(TcpStream);

impl Wire {
    async fn connect(server: &Server) -> Self {
        let address = server.url().replace("http://", "");
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The status line and headers of the next answer, and its body; nothing when the connection ends before.
    async fn answer(&mut self) -> Option<(String, String)> {
        timeout(PATIENCE, self.read_answer())
            .await
            .expect("there is no answer")
            .ok()
    }

    async fn read_answer(&mut self) -> std::io::Result<(String, String)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")
                .map(str::to_owned)
        });
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).await?;
        Ok((head, String::from_utf8(body).unwrap()))
    }

    /// Starts to send a message: all but the last byte of it. The node has begun to work on it when this answers.
    async fn begin_message(&mut self, sender: &Client, room: &str) {
        let (token, body) = (sender.access_token(), r#"{"content":"slow"}"#);
        let length = body.len();
        self.write(&format!(
            "POST /v1/rooms/{room}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        ))
        .await;
        let (head, _) = self.answer().await.unwrap();
        assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
        self.write(&body[..length - 1]).await;
    }

    async fn end_message(&mut self) {
        self.write("}").await;
    }
}

/// The client, with its tokens, at another node.
fn moved_to(server: &Server, client: &Client) -> Client {
    let mut moved = server.client();
    moved.tokens = client.tokens.clone();
    moved
}

/// Every message of a room, oldest first.
async fn history(client: &Client, room: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all
            .last()
            .map_or(0, |message| message["seq"].as_u64().unwrap());
        let page = format!("/v1/rooms/{room}/messages?after={after}&limit=100");
        let answer = client.get(&page).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        all.extend(answer.body["messages"].as_array().unwrap().iter().cloned());
        if answer.body["has_more"] == false {
            return all;
        }
    }
}
