use std::sync::{Arc, Mutex, MutexGuard};

use reqwest::Method;
use serde_json::Value;
use tokio::{task::JoinHandle, time::sleep};

use super::{
    BACK_OFF, Door,
    line::Line,
    record::{Record, Resumed, Session},
};

/// A client that listens to a room: when its socket ends it opens another one, on the next node, and says how far it
/// has come.
pub struct Receiver {
    task: JoinHandle<()>,
    record: Arc<Mutex<Record>>,
}

impl Receiver {
    pub fn start(room: &str, doors: Vec<Door>) -> Self {
        let record = Record {
            user: doors[0].client.id().to_owned(),
            ..Record::default()
        };
        let record = Arc::new(Mutex::new(record));
        let listener = Listener {
            room: room.to_owned(),
            doors,
            record: record.clone(),
        };
        let task = tokio::spawn(listener.listen());
        Self { task, record }
    }

    /// Its record so far.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    pub fn has_failed(&self) -> bool {
        self.task.is_finished()
    }

    /// Closes its socket, and gives what it saw.
    pub async fn stop(self) -> Record {
        self.task.abort();
        let _ = self.task.await;
        std::mem::take(&mut self.record.lock().unwrap())
    }
}

struct Listener {
    room: String,
    doors: Vec<Door>,
    record: Arc<Mutex<Record>>,
}

impl Listener {
    async fn listen(mut self) {
        loop {
            let since = self.place();
            let room = &self.room;
            let mut query = format!("&room_id={room}");
            if let Some(since) = since {
                query.push_str(&format!("&since={room}:{since}"));
            }
            if let Some(line) = Line::open(&self.doors[0], &query).await {
                self.record().sessions.push(Session::default());
                let code = self.follow(line, since).await.unwrap_err();
                self.session(|session| session.ended = Some(code));
            }
            self.doors.rotate_left(1);
            sleep(BACK_OFF).await;
        }
    }

    /// Follows the room to the end of the socket.
    async fn follow(&self, mut line: Line, since: Option<u64>) -> Result<(), u16> {
        let last_seq = line.ready["rooms"][0]["last_seq"].as_u64().unwrap();
        match since {
            None => self.record().first = last_seq,
            Some(since) => self.take_up(&mut line, since, last_seq).await?,
        }
        loop {
            let frame = line.next().await?;
            self.record()
                .demand(frame["event"] != "resumed", || format!("{frame} unasked"));
            self.record().note(&frame, &self.room);
        }
    }

    /// What was missed comes in order, and then `resumed`.
    async fn take_up(&self, line: &mut Line, since: u64, last_seq: u64) -> Result<(), u16> {
        let resumed = loop {
            let frame = line.next().await?;
            if frame["event"] == "resumed" {
                break frame;
            }
            self.record().note(&frame, &self.room);
        };
        let data = &resumed["data"];
        let is_ours = data["room_id"] == *self.room && data["from"] == since;
        self.record().demand(is_ours, || {
            format!("{resumed} is not what was asked, {since}")
        });
        if data["recovered"] == true {
            let reached = self.record().reached();
            let to = data["to"].as_u64();
            let is_all = to == Some(reached) && reached >= last_seq;
            self.record()
                .demand(is_all, || format!("{resumed} at {reached} of {last_seq}"));
            self.session(|session| session.resumed = Some(Resumed::Replayed));
            return Ok(());
        }
        let reached = self.record().reached();
        self.record().demand(reached == since, || {
            format!("{resumed} after a part of the gap")
        });
        self.read(data["last_seq"].as_u64().unwrap()).await;
        self.session(|session| session.resumed = Some(Resumed::ReadAnew));
        Ok(())
    }

    /// Reads the events up to this number over REST, on any node; what follows, the socket tells.
    async fn read(&self, to: u64) {
        let mut doors = self.doors.clone();
        while self.record().reached() < to {
            let after = self.record().reached();
            let path = format!("/v1/rooms/{}/events?after={after}&limit=200", self.room);
            let request = doors[0].client.request(Method::GET, &path);
            let answer = doors[0].ask(request).await;
            let Some(answer) = answer.filter(|answer| answer.status == 200) else {
                doors.rotate_left(1);
                sleep(BACK_OFF).await;
                continue;
            };
            let events = answer.body["events"].as_array().unwrap();
            let is_due = |frame: &&Value| frame["seq"].as_u64().is_some_and(|seq| seq <= to);
            for frame in events.iter().filter(is_due) {
                self.record().note(frame, &self.room);
            }
            let has_moved = self.record().reached() > after;
            self.record()
                .demand(has_moved, || format!("no event after {after} of {to}"));
            if !has_moved {
                return;
            }
        }
    }

    /// How far it has come; none before its first socket.
    fn place(&self) -> Option<u64> {
        let record = self.record();
        (!record.sessions.is_empty()).then(|| record.reached())
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    fn session(&self, change: impl FnOnce(&mut Session)) {
        change(self.record().sessions.last_mut().expect("a socket is open"));
    }
}
