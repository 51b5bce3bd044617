use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use reqwest::Method;
use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};

use super::{BACK_OFF, Door};

/// A client that listens to a room: when its socket ends it opens another one, on the next node, and asks for the
/// messages that it missed.
pub(super) struct Receiver {
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    record: Mutex<Record>,
    /// The number up to which it has all.
    reached: AtomicU64,
}

/// What a receiver saw.
#[derive(Debug, Default)]
pub struct Record {
    /// Its sockets, one after another.
    pub sessions: Vec<Session>,
    /// Number and id of the messages that it asked for in between.
    pub filled: Vec<(u64, String)>,
}

/// What one socket heard.
#[derive(Debug)]
pub struct Session {
    /// Where its `ready` said that the room stood: it hears what follows.
    pub from: u64,
    /// The durable frames, as they came.
    pub heard: Vec<Heard>,
    /// The code that it was closed with; none while it was open to the end.
    pub ended: Option<u16>,
}

/// A durable frame.
#[derive(Debug)]
pub struct Heard {
    /// Its number.
    pub seq: u64,
    /// Its name.
    pub event: String,
    /// The message or member that it is about.
    pub subject: String,
}

impl Receiver {
    pub(super) fn start(room: &str, doors: Vec<Door>) -> Self {
        let shared = Arc::<Shared>::default();
        let task = tokio::spawn(listen(room.to_owned(), doors, shared.clone()));
        Self { task, shared }
    }

    pub(super) fn reached(&self) -> u64 {
        self.shared.reached.load(Ordering::SeqCst)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) fn stop(self) -> Record {
        self.task.abort();
        std::mem::take(&mut self.shared.record.lock().unwrap())
    }
}

async fn listen(room: String, mut doors: Vec<Door>, shared: Arc<Shared>) {
    loop {
        let Some(mut socket) = doors[0].socket(&room).await else {
            doors.rotate_left(1);
            sleep(BACK_OFF).await;
            continue;
        };
        let from = socket.ready["rooms"][0]["last_seq"].as_u64().unwrap();
        let reached = shared.reached.load(Ordering::SeqCst);
        if reached > 0 {
            fill(&room, &mut doors.clone(), (reached, from), &shared).await;
        }
        shared.reached.store(from, Ordering::SeqCst);
        shared.begin(from);
        loop {
            match socket.next_or_end().await {
                Ok(frame) => shared.hear(&frame),
                Err(code) => break shared.end(code),
            }
        }
        doors.rotate_left(1);
    }
}

/// Fetches the messages after the one number, up to the other; what follows, the socket hears.
async fn fill(room: &str, doors: &mut [Door], (mut after, to): (u64, u64), shared: &Shared) {
    while after < to {
        let path = format!("/v1/rooms/{room}/messages?after={after}&limit=100");
        let client = &doors[0].client;
        let answer = client.try_send(client.request(Method::GET, &path)).await;
        let Some(answer) = answer.ok().filter(|answer| answer.status == 200) else {
            doors.rotate_left(1);
            sleep(BACK_OFF).await;
            continue;
        };
        for message in answer.body["messages"].as_array().unwrap() {
            let seq = message["seq"].as_u64().unwrap();
            if seq <= to {
                let id = message["id"].as_str().unwrap().to_owned();
                shared.record.lock().unwrap().filled.push((seq, id));
            }
            after = after.max(seq);
        }
        if answer.body["has_more"] == false {
            return;
        }
    }
}

impl Shared {
    fn begin(&self, from: u64) {
        self.record.lock().unwrap().sessions.push(Session {
            from,
            heard: Vec::new(),
            ended: None,
        });
    }

    fn hear(&self, frame: &Value) {
        let Some(seq) = frame["seq"].as_u64() else {
            return;
        };
        let data = &frame["data"];
        let subject = data["id"].as_str().or(data["user_id"].as_str());
        let heard = Heard {
            seq,
            event: frame["event"].as_str().unwrap().to_owned(),
            subject: subject.unwrap_or_default().to_owned(),
        };
        self.in_session(|session| session.heard.push(heard));
        self.reached.fetch_max(seq, Ordering::SeqCst);
    }

    fn end(&self, code: u16) {
        self.in_session(|session| session.ended = Some(code));
    }

    fn in_session(&self, change: impl FnOnce(&mut Session)) {
        let mut record = self.record.lock().unwrap();
        change(record.sessions.last_mut().expect("a socket is open"));
    }
}
