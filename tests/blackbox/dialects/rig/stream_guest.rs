use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use super::{fields, next_frame};
use crate::{
    server::Server,
    socket::{Refused, Socket},
};

/// A socket of the dialect "stream". Each of its frames is checked to be one of the contract.
pub struct StreamGuest(Socket);

impl StreamGuest {
    /// Opens a socket.
    pub async fn open(server: &Server) -> Result<Self, Refused> {
        let url = format!("{}/", server.url().replacen("http", "ws", 1));
        let request = url.into_client_request().unwrap();
        Socket::connect_with(request).await.map(Self)
    }

    /// Opens a socket, and takes its welcome: so many are in the room now.
    pub async fn enter(server: &Server, count: u64) -> Self {
        let mut guest = Self::open(server).await.unwrap();
        guest.server_says().await;
        guest.participants(count).await;
        guest
    }

    /// As [`enter`](Self::enter), and joins by this name.
    pub async fn join(server: &Server, name: &str, count: u64) -> Self {
        let mut guest = Self::enter(server, count).await;
        guest.send("JOIN", json!({"name": name})).await;
        guest.chatting(name, count).await;
        guest
    }

    pub async fn send(&mut self, kind: &str, payload: Value) {
        let frame = json!({"type": kind, "payload": payload});
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0.send_raw(Message::text(text)).await;
    }

    /// Shows a draft.
    pub async fn type_out(&mut self, chunk: &str) {
        self.send("STREAM_CHUNK", json!({"chunk": chunk})).await;
    }

    pub async fn commit(&mut self, text: &str) {
        self.send("COMMIT_MESSAGE", json!({"text": text})).await;
    }

    /// The next frame: its type and its payload.
    pub async fn next(&mut self) -> (String, Value) {
        let frame = next_frame(&mut self.0).await;
        assert_eq!(fields(&frame), ["payload", "type"], "{frame}");
        let (kind, payload) = (frame["type"].as_str().unwrap(), &frame["payload"]);
        let expected: &[&str] = match kind {
            "SYSTEM" => &["text"],
            "PARTICIPANTS" => &["count"],
            "STREAM_CHUNK" => &["author", "chunk", "timestamp"],
            "MESSAGE_COMMITTED" => &["author", "text", "timestamp"],
            _ => panic!("{frame}"),
        };
        assert_eq!(fields(payload), expected, "{frame}");
        for name in expected {
            let value = &payload[name];
            match *name {
                "count" => assert!(value.is_u64(), "{frame}"),
                // Milliseconds: seconds would be less, and microseconds more.
                "timestamp" => assert!(
                    value.as_i64().is_some_and(|it| it / 1_000_000_000_000 == 1),
                    "{frame}"
                ),
                _ => assert!(value.is_string(), "{frame}"),
            }
        }
        (kind.to_owned(), payload.clone())
    }

    /// The payload of the next frame, which must be of this type. A draft that has ended may be cleared by a frame of its
    /// own, or by its message alone.
    async fn payload(&mut self, wanted: &str) -> Value {
        loop {
            let (kind, payload) = self.next().await;
            if kind == "STREAM_CHUNK" && kind != wanted && payload["chunk"] == "" {
                continue;
            }
            assert_eq!(kind, wanted, "{payload}");
            return payload;
        }
    }

    /// What the server says in the next frame.
    pub async fn server_says(&mut self) -> String {
        let payload = self.payload("SYSTEM").await;
        let text = payload["text"].as_str().unwrap();
        assert!(!text.is_empty());
        text.to_owned()
    }

    /// The next frame, which must tell this count.
    pub async fn participants(&mut self, count: u64) {
        let payload = self.payload("PARTICIPANTS").await;
        assert_eq!(payload, json!({"count": count}));
    }

    /// The next frames, which must tell that somebody goes by this name now.
    pub async fn chatting(&mut self, name: &str, count: u64) {
        assert_eq!(self.server_says().await, format!("{name} is now chatting"));
        self.participants(count).await;
    }

    /// The next frames, which must tell that somebody left.
    pub async fn left(&mut self, name: &str, count: u64) {
        assert_eq!(self.server_says().await, format!("{name} left"));
        self.participants(count).await;
    }

    /// The next frame, which must be a message; its time.
    pub async fn committed(&mut self, author: &str, text: &str) -> i64 {
        let payload = self.payload("MESSAGE_COMMITTED").await;
        let time = &payload["timestamp"];
        let expected = json!({"author": author, "text": text, "timestamp": time});
        assert_eq!(payload, expected);
        time.as_i64().unwrap()
    }

    /// As [`committed`](Self::committed), of who was writing a draft: that may be told on until then.
    pub async fn committed_draft(&mut self, author: &str, text: &str) -> i64 {
        loop {
            let (kind, payload) = self.next().await;
            if kind == "STREAM_CHUNK" {
                assert_eq!(payload["author"], author, "{payload}");
                continue;
            }
            let told = (kind.as_str(), &payload["author"], &payload["text"]);
            let expected = ("MESSAGE_COMMITTED", &json!(author), &json!(text));
            assert_eq!(told, expected);
            return payload["timestamp"].as_i64().unwrap();
        }
    }

    /// The next frames, which must show the author's draft as it became: the last of these texts, and before it any of the
    /// others, each whole and in their order. A draft may begin with nothing.
    pub async fn draft(&mut self, author: &str, texts: &[&str]) {
        let last = texts[texts.len() - 1];
        let mut rest = texts.iter();
        while !rest.as_slice().is_empty() {
            let payload = self.payload("STREAM_CHUNK").await;
            assert_eq!(payload["author"], author, "{payload}");
            let chunk = &payload["chunk"];
            let is_beginning = chunk == "" && !last.is_empty();
            assert!(is_beginning || rest.any(|it| chunk == it), "{payload}");
        }
    }

    /// The code that the server closes with; frames before it are passed over.
    pub async fn closed(&mut self) -> u16 {
        self.0.closed().await
    }

    pub async fn close(self) {
        self.0.close().await;
    }
}
