use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::{Who, fields, next_frame, query};
use crate::{
    server::Server,
    socket::{Refused, Socket},
};

/// A socket of the dialect "flat". Each of its frames is checked to be one of the contract.
pub struct FlatGuest {
    socket: Socket,
    /// What its frames must call its room.
    room: String,
}

/// Fails unless this is an object of "flat", of a room that goes by this name.
#[track_caller]
pub fn assert_flat(object: &Value, room: &str) {
    let expected = [
        "content",
        "messageId",
        "roomId",
        "timestamp",
        "type",
        "userId",
        "username",
    ];
    assert_eq!(fields(object), expected, "{object}");
    let text = |name: &str| object[name].as_str().unwrap_or_else(|| panic!("{object}"));
    assert!(["chat", "system", "join", "leave"].contains(&text("type")));
    assert_eq!(text("roomId"), room, "{object}");
    text("messageId").parse::<Uuid>().unwrap();
    assert!(text("timestamp").ends_with('Z'), "{object}");
    text("timestamp").parse::<jiff::Timestamp>().unwrap();
    for name in ["userId", "username", "content"] {
        assert!(!text(name).is_empty(), "{name}: {object}");
    }
}

/// What an object of "flat" tells: its type, who, and the text.
pub fn told(object: &Value) -> (&str, Who<'_>, &str) {
    let text = |name: &str| object[name].as_str().unwrap();
    let who = (text("userId"), text("username"));
    (text("type"), who, text("content"))
}

/// Opens a socket of "flat" that must be refused.
pub async fn refusal(server: &Server, pairs: &[(&str, &str)]) -> Refused {
    match FlatGuest::open(server, pairs).await {
        Ok(_) => panic!("{pairs:?} opened a socket"),
        Err(refused) => refused,
    }
}

impl FlatGuest {
    /// Opens a socket with this query.
    pub async fn open(server: &Server, pairs: &[(&str, &str)]) -> Result<Self, Refused> {
        let room = pairs.iter().find(|(name, _)| *name == "room");
        let room = room.map_or("global", |(_, room)| *room).to_owned();
        let socket = Socket::connect(server, &query(pairs)).await?;
        Ok(Self { socket, room })
    }

    /// Opens a socket in `global`, where nothing has been said yet and this guest is not.
    pub async fn enter(server: &Server, who: Who<'_>) -> Self {
        Self::enter_room(server, who, "global").await
    }

    /// As [`enter`](Self::enter), in this room.
    pub async fn enter_room(server: &Server, who: Who<'_>, room: &str) -> Self {
        let mut guest = Self::come(server, who, room).await;
        guest.joined(who).await;
        guest
    }

    /// Opens a socket in this room, and reads none of its frames.
    pub async fn come(server: &Server, (id, name): Who<'_>, room: &str) -> Self {
        let pairs = [("userId", id), ("username", name), ("room", room)];
        Self::open(server, &pairs).await.unwrap()
    }

    /// The next frame, whatever it tells.
    pub async fn next(&mut self) -> Value {
        let frame = next_frame(&mut self.socket).await;
        assert_flat(&frame, &self.room);
        frame
    }

    /// The next frame, which must tell this.
    pub async fn told(&mut self, kind: &str, who: Who<'_>, content: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(told(&frame), (kind, who, content), "{frame}");
        frame
    }

    /// The next frame, which must be a message.
    pub async fn chat(&mut self, who: Who<'_>, content: &str) -> Value {
        self.told("chat", who, content).await
    }

    /// The next frame, which must tell that somebody came.
    pub async fn joined(&mut self, who: Who<'_>) -> Value {
        self.told("join", who, &format!("{} joined", who.1)).await
    }

    /// The next frame, which must tell that somebody left.
    pub async fn left(&mut self, who: Who<'_>) -> Value {
        self.told("leave", who, &format!("{} left", who.1)).await
    }

    /// The next frame, which must be one of the server itself; what it says.
    pub async fn complaint(&mut self) -> String {
        let frame = self.next().await;
        let (kind, who, content) = told(&frame);
        assert_eq!((kind, who), ("system", ("system", "System")), "{frame}");
        content.to_owned()
    }

    /// Every frame up to the message of this content. What is not among them was not told before it.
    pub async fn until(&mut self, content: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let is_last = frame["type"] == "chat" && frame["content"] == content;
            frames.push(frame);
            if is_last {
                return frames;
            }
        }
    }

    /// Passes over what is told until this guest has joined.
    pub async fn until_joined(&mut self, id: &str) {
        loop {
            let frame = self.next().await;
            if frame["type"] == "join" && frame["userId"] == id {
                return;
            }
        }
    }

    pub async fn say(&mut self, content: &str) {
        let frame = json!({"type": "chat", "content": content});
        self.send(&frame.to_string()).await;
    }

    /// Sends this text as a frame.
    pub async fn send(&mut self, text: &str) {
        self.socket.send_raw(Message::text(text)).await;
    }

    /// Says `m0`, `m1` and so on, this many, and gives them as they are told.
    pub async fn say_many(&mut self, who: Who<'_>, count: usize) -> Vec<Value> {
        for number in 0..count {
            self.say(&format!("m{number}")).await;
        }
        let mut heard = Vec::new();
        for number in 0..count {
            heard.push(self.chat(who, &format!("m{number}")).await);
        }
        heard
    }

    pub async fn close(self) {
        self.socket.close().await;
    }

    /// The code that the server closes with; frames before it are passed over.
    pub async fn closed(&mut self) -> u16 {
        self.socket.closed().await
    }
}
