use std::sync::Arc;

use bytestring::ByteString;
use domain::{Resumption, RoomId, RoomSnapshot, SessionId, User};
use futures_util::FutureExt;
use realtime::{
    Connection, FollowError, Outgoing,
    wire::{self, Reference},
};
use serde_json::{Value, json};

use super::{Valve, settle};

pub struct Client {
    pub connection: Connection,
    pub user: User,
    pub session: SessionId,
    /// Where what it is told is written, once it is [set](Self::set_valve).
    pub valve: Arc<Valve>,
}

/// What a socket gets.
#[derive(Debug, Clone)]
pub enum Told {
    Frame(Value),
    Close(u16),
}

impl Client {
    pub async fn start(&self, rooms: Vec<RoomSnapshot>) {
        self.come_back(rooms, Vec::new()).await;
    }

    pub async fn start_named(&self, rooms: Vec<RoomSnapshot>) {
        let start = self
            .connection
            .start(self.user.clone(), rooms, vec![], false);
        start.await;
    }

    /// Starts the socket of a guest, whose first frames are these.
    pub async fn start_guest(&self, room: RoomSnapshot, greeting: Vec<ByteString>) {
        let start = self
            .connection
            .start_guest(self.user.clone(), room, greeting);
        start.await;
    }

    /// Starts as [`start`](Self::start) does, with what the client has of some rooms.
    pub async fn come_back(&self, rooms: Vec<RoomSnapshot>, resumptions: Vec<Resumption>) {
        let start = self
            .connection
            .start(self.user.clone(), rooms, resumptions, true);
        start.await;
    }

    /// As [`come_back`](Self::come_back), following these rooms alone.
    pub async fn come_back_named(&self, rooms: Vec<RoomSnapshot>, resumptions: Vec<Resumption>) {
        let start = self
            .connection
            .start(self.user.clone(), rooms, resumptions, false);
        start.await;
    }

    /// Carries out the command `resume` or `subscribe`, which the hub answers.
    pub async fn follow(
        &self,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
    ) -> Result<(), FollowError> {
        self.connection.outbox().begin_command();
        let follow = self
            .connection
            .follow(rooms, resumptions, acknowledged("follow"));
        follow.await
    }

    /// Carries out the command `unsubscribe`, which the hub answers.
    pub async fn unfollow(&self, room: RoomId) {
        self.connection.outbox().begin_command();
        self.connection
            .unfollow(room, acknowledged("unfollow"))
            .await;
        settle().await;
    }

    /// What the socket was told since it was last asked, presence aside, in short.
    pub async fn hears(&self) -> Vec<String> {
        let mut all = self.hears_all().await;
        all.retain(|told| !told.starts_with("presence.changed"));
        all
    }

    /// As [`hears`](Self::hears), with presence.
    pub async fn hears_all(&self) -> Vec<String> {
        self.reads().await.iter().map(in_short).collect()
    }

    /// All that the socket gets, until it gets nothing more without the passing of time, or is closed.
    pub async fn reads(&self) -> Vec<Told> {
        let mut all = Vec::new();
        loop {
            settle().await;
            let before = all.len();
            while let Some(told) = self.reads_one() {
                let ends = matches!(told, Told::Close(_));
                all.push(told);
                if ends {
                    return all;
                }
            }
            if all.len() == before {
                return all;
            }
        }
    }

    /// What it is told is written there from now on, and not read here any more.
    pub fn set_valve(&self) {
        self.connection.outbox().set_writer(self.valve.clone());
    }

    /// The next that waits to be written.
    pub fn reads_one(&self) -> Option<Told> {
        Some(match self.connection.next().now_or_never()? {
            Outgoing::Frame(frame) => Told::Frame(serde_json::from_str(&frame).expect("JSON")),
            Outgoing::Close(reason) => Told::Close(reason.code()),
            other => panic!("{other:?} is not of the hub"),
        })
    }
}

impl Told {
    /// Whether it tells something of this room, presence aside.
    pub fn is_of(&self, room: RoomId) -> bool {
        match self {
            Self::Frame(frame) => {
                frame["data"]["room_id"] == json!(room) && frame["event"] != "presence.changed"
            }
            Self::Close(_) => false,
        }
    }
}

/// An answer that repeats `id`.
pub fn acknowledged(id: &str) -> Option<ByteString> {
    Some(wire::acknowledged(
        &Reference::Text(id.to_owned()),
        json!({}),
    ))
}

/// The event, and what tells it from others of its kind.
pub fn in_short(told: &Told) -> String {
    let frame = match told {
        Told::Frame(frame) => frame,
        Told::Close(code) => return format!("close {code}"),
    };
    let (event, data) = (frame["event"].as_str().unwrap(), &frame["data"]);
    let text = |field: &str| data[field].as_str().expect(field).to_owned();
    match event {
        "ready" => "ready".to_owned(),
        "ack" => format!("ack {}", frame["id"].as_str().unwrap()),
        "typing_start" | "typing_stop" => format!("{event} {}", text("username")),
        "stream.started" => format!("{event} {}", text("text")),
        "stream.delta" => format!("{event} {}{}", data["index"], text("delta")),
        "stream.aborted" => format!("{event} {}", text("reason")),
        "stream.finished" => format!("{event} {}", text("content")),
        "stream.stop" => event.to_owned(),
        "presence.changed" => format!("{event} {} {}", text("username"), text("status")),
        "room_removed" => format!("{event} {}", text("reason")),
        "room_added" => format!("{event} {}", data["last_seq"]),
        "resumed" if data["recovered"] == true => {
            format!("resumed {}-{}", data["from"], data["to"])
        }
        "resumed" => format!("not resumed {} of {}", data["from"], data["last_seq"]),
        _ => format!("{event} {}", frame["seq"]),
    }
}
