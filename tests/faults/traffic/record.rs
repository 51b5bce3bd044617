use std::collections::HashMap;

use serde_json::Value;

/// What a client saw of a room.
#[derive(Debug, Default)]
pub struct Record {
    /// Whose client it is.
    pub user: String,
    /// The number after which it was to see everything.
    pub first: u64,
    /// Every durable event, over all its sockets and reads, in the order of its coming.
    pub seen: Vec<Seen>,
    /// Its sockets, one after another.
    pub sessions: Vec<Session>,
    /// Where the node did not keep to the protocol.
    pub breaches: Vec<String>,
    /// What it was told last of each user's presence.
    pub presence: HashMap<String, String>,
    /// Of one who comes and goes, for each of `seen`: how often it had been begun to take them in when it came.
    pub rounds: Vec<usize>,
    /// And up to which event a node had said, by then, that it is a member.
    pub admitted: Vec<u64>,
    /// How often it was answered that the user was taken into the room.
    pub taken_in: usize,
    /// How often it was answered that the user was put out of it.
    pub put_out: usize,
    /// What happened to it, a line each, to be read when something is wrong.
    pub story: Vec<String>,
}

/// One socket.
#[derive(Debug, Default)]
pub struct Session {
    /// How it took up where the one before it ended; none for the first one, or when it ended before it was told.
    pub resumed: Option<Resumed>,
    /// The code that it was closed with; none while it was open to the end.
    pub ended: Option<u16>,
}

/// How a socket took up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// The node gave what was missing.
    Replayed,
    /// It was too much: the client read it over REST.
    ReadAnew,
}

/// A durable event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its number.
    pub seq: u64,
    /// Its name.
    pub event: String,
    /// The message or member that it is about; of a reaction, all that is said of it.
    pub subject: String,
}

impl Seen {
    /// None when the frame is of no durable event of the room.
    pub fn of(frame: &Value, room: &str) -> Option<Self> {
        let data = &frame["data"];
        let seq = frame["seq"].as_u64()?;
        let of_room = data["room_id"].as_str() == Some(room);
        let text = |name: &str| data[name].as_str();
        let subject = match (text("message_id"), text("user_id"), text("emoji")) {
            (Some(message), Some(user), Some(emoji)) => {
                format!("{message} {user} {emoji} {}", data["count"])
            }
            (_, user, _) => text("id").or(user).unwrap_or_default().to_owned(),
        };
        of_room.then(|| Self {
            seq,
            event: frame["event"].as_str().unwrap().to_owned(),
            subject,
        })
    }
}

impl Record {
    /// The last number that it saw, or began behind.
    pub fn reached(&self) -> u64 {
        self.seen.last().map_or(self.first, |seen| seen.seq)
    }

    /// Notes what a frame says, if it is of a durable event or of presence.
    pub fn note(&mut self, frame: &Value, room: &str) {
        self.seen.extend(Seen::of(frame, room));
        if frame["event"] == "presence.changed" {
            let text = |name: &str| frame["data"][name].as_str().unwrap().to_owned();
            self.presence.insert(text("user_id"), text("status"));
        }
    }

    /// The node must have said so.
    pub fn demand(&mut self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so {
            self.breaches.push(otherwise());
        }
    }

    /// The codes that its sockets were closed with.
    pub fn ends(&self) -> Vec<u16> {
        self.sessions
            .iter()
            .filter_map(|session| session.ended)
            .collect()
    }
}
