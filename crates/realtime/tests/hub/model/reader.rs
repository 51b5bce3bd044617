use std::collections::{HashMap, HashSet, VecDeque};

use domain::{Resumption, RoomId, RoomSnapshot, User};
use proptest::{prelude::*, test_runner::TestCaseError};
use realtime::wire;
use serde_json::{Value, json};

use super::history;
use crate::rig::{Client, Rig, Told};

pub type Checked = Result<(), TestCaseError>;

/// A client as its user's manual tells it to be: it knows up to where it has each room, and complains of everything that
/// is not the next.
pub struct Reader {
    pub user: User,
    pub is_named: bool,
    pub socket: Socket,
    /// The rooms that it follows.
    pub rooms: HashMap<RoomId, Place>,
    /// What it had of rooms that it gave up on this socket.
    pub given_up: HashMap<RoomId, u64>,
    /// What it sent over this socket, and was not answered yet.
    pub unanswered: HashSet<(RoomId, u64)>,
    /// Its commands that were carried out, and of which it has not read the answer.
    pub answered: VecDeque<Given>,
    /// How often it was closed for reading too slowly.
    pub slow: usize,
}

/// How far a socket is.
pub enum Socket {
    Away,
    Registered(Client),
    /// It knows where it stands.
    Standing {
        client: Client,
        start: Start,
    },
    Open {
        client: Client,
        command: Option<Given>,
    },
}

/// Where a socket starts, and what the client had.
#[derive(Clone)]
pub struct Start {
    pub rooms: Vec<RoomSnapshot>,
    pub resumptions: Vec<Resumption>,
    pub since: HashMap<RoomId, u64>,
}

/// A command that was given and not carried out yet.
#[derive(Clone)]
pub enum Given {
    Send { room: RoomId, seq: u64 },
    Subscribe(RoomSnapshot),
    Unsubscribe(RoomId),
    Resume(Start),
}

#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub last: u64,
    /// It came back from the one number, and is to have all up to the other.
    pub resuming: Option<(u64, u64)>,
    /// It was told nothing of what lies before.
    skipped: bool,
}

impl Place {
    fn at(last: u64) -> Self {
        Self {
            last,
            resuming: None,
            skipped: false,
        }
    }
}

impl Reader {
    pub fn new(user: &User, is_named: bool) -> Self {
        Self {
            user: user.clone(),
            is_named,
            socket: Socket::Away,
            rooms: HashMap::new(),
            given_up: HashMap::new(),
            unanswered: HashSet::new(),
            answered: VecDeque::new(),
            slow: 0,
        }
    }

    /// Reads at most so many frames, and answers how many there were.
    pub fn read(&mut self, most: usize, rig: &Rig) -> Result<usize, TestCaseError> {
        for count in 0..most {
            let next = match &self.socket {
                Socket::Open { client, .. } => client.reads_one(),
                _ => None,
            };
            match next {
                Some(Told::Frame(frame)) => self.on_frame(&frame, rig)?,
                Some(Told::Close(code)) => {
                    prop_assert!(code == 4408 || (code == 4403 && self.is_named), "{code}");
                    self.slow += usize::from(code == 4408);
                    self.socket = Socket::Away;
                }
                None => return Ok(count),
            }
        }
        Ok(most)
    }

    fn on_frame(&mut self, frame: &Value, rig: &Rig) -> Checked {
        let (event, data) = (frame["event"].as_str().unwrap_or_default(), &frame["data"]);
        let room = data["room_id"].as_str().and_then(|id| id.parse().ok());
        let number = |field: &str| data[field].as_u64();
        match (event, room) {
            ("ready", _) => {}
            ("ack", _) => self.on_answer()?,
            ("resumed", Some(room)) => {
                let Some(place) = self.rooms.get_mut(&room) else {
                    return Err(fail(format!("it does not follow {room}: {frame}")));
                };
                let Some((from, at_least)) = place.resuming.take() else {
                    return Err(fail(format!("it did not ask: {frame}")));
                };
                prop_assert_eq!(number("from"), Some(from));
                if data["recovered"] == json!(true) {
                    prop_assert_eq!(number("to"), Some(place.last), "{}", frame);
                    prop_assert!(place.last >= at_least, "{frame}");
                } else {
                    prop_assert_eq!(place.last, from, "a part of the gap");
                    *place = Place {
                        skipped: true,
                        ..Place::at(number("last_seq").unwrap())
                    };
                }
            }
            ("room_added", _) => self.on_added(data, rig)?,
            ("room_removed", Some(room)) => self.on_removed(room, rig)?,
            (_, Some(room)) if frame["seq"].is_u64() => {
                self.on_event(room, frame["seq"].as_u64().unwrap(), frame, rig)?;
            }
            ("presence.changed", _) => {}
            _ => return Err(fail(format!("unexpected: {frame}"))),
        }
        Ok(())
    }

    /// The very next event of the log.
    fn on_event(&mut self, room: RoomId, seq: u64, frame: &Value, rig: &Rig) -> Checked {
        let Some(place) = self.rooms.get_mut(&room) else {
            return Err(fail(format!("it does not follow the room: {frame}")));
        };
        prop_assert_eq!(seq, place.last + 1, "{}", frame);
        place.last = seq;
        let event = &rig.log.events(room)[seq as usize - 1];
        let of_log: Value = serde_json::from_str(&wire::room_event(event)).expect("JSON");
        prop_assert_eq!(frame, &of_log);
        prop_assert!(
            !self.unanswered.contains(&(room, seq)),
            "before its ack: {frame}"
        );
        Ok(())
    }

    fn on_answer(&mut self) -> Checked {
        let Some(given) = self.answered.pop_front() else {
            return Err(fail("an answer to no command".to_owned()));
        };
        match given {
            Given::Send { room, seq } => {
                self.unanswered.remove(&(room, seq));
            }
            Given::Subscribe(snapshot) => {
                let place = Place::at(snapshot.last_seq.0);
                self.rooms.entry(snapshot.room_id).or_insert(place);
                self.given_up.remove(&snapshot.room_id);
            }
            Given::Unsubscribe(room) => {
                if let Some(place) = self.rooms.remove(&room) {
                    self.given_up.insert(room, place.last);
                }
            }
            Given::Resume(start) => self.place(&start),
        }
        Ok(())
    }

    /// The places from which a socket starts, or starts again.
    pub fn place(&mut self, start: &Start) {
        for room in &start.rooms {
            self.rooms.insert(room.room_id, Place::at(room.last_seq.0));
            self.given_up.remove(&room.room_id);
        }
        for (room, since) in &start.since {
            let snapshot = start.rooms.iter().find(|it| it.room_id == *room);
            let at_least = snapshot.map_or(0, |it| it.last_seq.0);
            let resuming = Some((*since, at_least));
            self.rooms.insert(
                *room,
                Place {
                    resuming,
                    ..Place::at(*since)
                },
            );
        }
    }

    fn on_added(&mut self, data: &Value, rig: &Rig) -> Checked {
        let room: RoomId = data["id"].as_str().and_then(|id| id.parse().ok()).unwrap();
        let last_seq = data["last_seq"].as_u64().unwrap();
        if self.is_named {
            return Ok(());
        }
        if let Some(had) = self.given_up.remove(&room) {
            let joined = history::joined(&rig.log.events(room), self.user.id);
            prop_assert!(joined > Some(had), "it had given that membership up");
        }
        self.rooms.entry(room).or_insert(Place::at(last_seq));
        Ok(())
    }

    /// It has all up to the event that took it out, unless there was nothing to tell.
    fn on_removed(&mut self, room: RoomId, rig: &Rig) -> Checked {
        self.given_up.remove(&room);
        let Some(place) = self.rooms.remove(&room) else {
            return Ok(());
        };
        if let Some((from, _)) = place.resuming {
            prop_assert_eq!(
                place.last,
                from,
                "it was told a part, and not that it has resumed"
            );
        } else if !place.skipped {
            let log = rig.log.events(room);
            let last = &log[place.last as usize - 1];
            prop_assert!(
                history::takes_out(last, self.user.id),
                "removed after {last:?}"
            );
        }
        Ok(())
    }

    /// A new socket.
    pub fn registered(&mut self, client: Client) {
        self.given_up.clear();
        self.unanswered.clear();
        self.answered.clear();
        self.socket = Socket::Registered(client);
    }
}

pub fn fail(reason: String) -> TestCaseError {
    TestCaseError::fail(reason)
}
