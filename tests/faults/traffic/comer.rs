//! Somebody who is taken into the room and put out of it again and again, and whose node may change at any time.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use super::{
    BACK_OFF, Door,
    line::Line,
    record::{Record, Resumed, Seen, Session},
};

/// How long they stay, and stay away.
const STAY: Duration = Duration::from_millis(400);

pub struct Comer {
    listening: JoinHandle<()>,
    moving: JoinHandle<()>,
    record: Arc<Mutex<Record>>,
    is_over: Arc<AtomicBool>,
}

/// What the one who moves them and the one who listens for them know together.
#[derive(Clone, Default)]
struct Place {
    record: Arc<Mutex<Record>>,
    /// How often it was begun to take them in.
    round: Arc<AtomicUsize>,
}

impl Place {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }
}

impl Comer {
    /// The owner takes them in and puts them out.
    pub fn start(room: &str, doors: Vec<Door>, owner: Vec<Door>) -> Self {
        let record = Record {
            user: doors[0].client.id().to_owned(),
            ..Record::default()
        };
        let user = record.user.clone();
        let place = Place {
            record: Arc::new(Mutex::new(record)),
            ..Place::default()
        };
        let record = place.record.clone();
        let is_over = Arc::<AtomicBool>::default();
        let listener = Listener {
            room: room.to_owned(),
            place: place.clone(),
            admitted: AtomicU64::new(0),
        };
        let moving = come_and_go(room.to_owned(), user, owner, place, is_over.clone());
        Self {
            listening: tokio::spawn(listener.listen(doors)),
            moving: tokio::spawn(moving),
            record,
            is_over,
        }
    }

    pub fn has_failed(&self) -> bool {
        self.listening.is_finished() || self.moving.is_finished()
    }

    /// Ends the coming and going; they are out then.
    pub async fn leave(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        crate::length::eventually("they are out", async || {
            self.moving.is_finished().then_some(())
        })
        .await;
    }

    /// The last number that they saw.
    pub fn reached(&self) -> u64 {
        self.record.lock().unwrap().reached()
    }

    /// Closes the socket, and gives what they saw.
    pub async fn stop(self) -> Record {
        self.listening.abort();
        let _ = self.listening.await;
        std::mem::take(&mut self.record.lock().unwrap())
    }
}

/// Each step is tried on one node after another until it is done.
async fn come_and_go(
    room: String,
    user: String,
    mut doors: Vec<Door>,
    place: Place,
    is_over: Arc<AtomicBool>,
) {
    let members = format!("/v1/rooms/{room}/members");
    while !is_over.load(Ordering::SeqCst) {
        for is_in in [true, false] {
            place.round.fetch_add(usize::from(is_in), Ordering::SeqCst);
            loop {
                let client = &doors[0].client;
                let request = if is_in {
                    let request = client.request(Method::POST, &members);
                    request.json(&json!({"user_id": user}))
                } else {
                    client.request(Method::DELETE, &format!("{members}/{user}"))
                };
                match doors[0].ask(request).await.map(|answer| answer.status) {
                    Some(201) => {
                        place.record().taken_in += 1;
                        break;
                    }
                    Some(204) => {
                        place.record().put_out += 1;
                        break;
                    }
                    // It was done, and not answered.
                    Some(409 | 404) => break,
                    Some(503) | None => doors.rotate_left(1),
                    Some(status) => panic!("{status} for a change of members"),
                }
                sleep(BACK_OFF).await;
            }
            sleep(STAY).await;
        }
    }
}

struct Listener {
    room: String,
    place: Place,
    /// The latest event as of which a node said that they are a member.
    admitted: AtomicU64,
}

impl Listener {
    async fn listen(self, mut doors: Vec<Door>) {
        loop {
            // Of a room that they never were in there is nothing to take up.
            let reached = self.record().reached();
            let since = if reached == 0 {
                String::new()
            } else {
                format!("&since={}:{reached}", self.room)
            };
            if let Some(line) = Line::open(&doors[0], &since).await {
                self.begin(&doors[0], &line, &since);
                let code = self.follow(line).await.unwrap_err();
                self.record().sessions.last_mut().unwrap().ended = Some(code);
            }
            doors.rotate_left(1);
            sleep(BACK_OFF).await;
        }
    }

    /// When they are taken in, they ask for what they missed. Until that is answered, what is told is no part of the
    /// list: it will come again.
    async fn follow(&self, mut line: Line) -> Result<(), u16> {
        let mut asked = 0;
        let mut waits_for = None;
        loop {
            let frame = line.next().await?;
            self.tell(&frame);
            let is_answer = waits_for.is_some_and(|id| frame["id"] == id);
            let is_refused = is_answer && frame["event"] == "error";
            let is_added = frame["event"] == "room_added" && frame["data"]["id"] == *self.room;
            if is_refused {
                // The store is away: the socket stays, and the same is asked again.
                let code = &frame["data"]["code"];
                self.record()
                    .demand(code == "unavailable", || format!("{frame} to a resume"));
                sleep(BACK_OFF).await;
            }
            if is_added {
                self.admit(&frame["data"]["last_seq"]);
            }
            if is_added || is_refused {
                asked += 1;
                let from = self.record().reached();
                let data = json!({"rooms": {&self.room: from}});
                line.send(&json!({"event": "resume", "id": asked, "data": data}))
                    .await;
                waits_for = Some(asked);
            } else if is_answer {
                waits_for = None;
            }
            if frame["event"] == "resumed" {
                let mut record = self.record();
                let is_whole = frame["data"]["recovered"] == true;
                record.demand(is_whole, || format!("{frame}: it was too much"));
                record.sessions.last_mut().unwrap().resumed = Some(Resumed::Replayed);
            }
            if waits_for.is_none() || Seen::of(&frame, &self.room).is_none() {
                let round = self.place.round.load(Ordering::SeqCst);
                let mut record = self.record();
                record.note(&frame, &self.room);
                let count = record.seen.len();
                record.rounds.resize(count, round);
                let admitted = self.admitted.load(Ordering::SeqCst);
                record.admitted.resize(count, admitted);
            }
        }
    }

    /// Who has seen nothing yet begins where the room stands, if they are in it already.
    fn begin(&self, door: &Door, line: &Line, since: &str) {
        let rooms = &line.ready["rooms"];
        let is_it = |room: &&Value| room["room_id"] == *self.room;
        let place = rooms.as_array().unwrap().iter().find(is_it);
        if let Some(place) = place {
            self.admit(&place["last_seq"]);
        }
        let mut record = self.record();
        record
            .story
            .push(format!("{} with {since:?}: {rooms}", door.sockets));
        record.sessions.push(Session::default());
        if let (true, Some(place)) = (since.is_empty(), place) {
            record.first = place["last_seq"].as_u64().unwrap();
        }
    }

    fn admit(&self, as_of: &Value) {
        let as_of = as_of.as_u64().unwrap();
        self.admitted.fetch_max(as_of, Ordering::SeqCst);
    }

    fn tell(&self, frame: &Value) {
        let event = frame["event"].as_str().unwrap();
        let line = match frame["seq"].as_u64() {
            Some(seq) => format!("{seq} {event}"),
            None if event == "presence.changed" => return,
            None => frame.to_string(),
        };
        self.record().story.push(line);
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.place.record()
    }
}
