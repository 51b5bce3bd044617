//! A hub, and a world around it that a test writes the script of.

mod directory;
mod ports;

use std::{sync::Arc, time::Duration};

use domain::{
    BusEvent, ConnectionId, MessageId, RemovalReason, Room, RoomEvent, RoomEventKind, RoomId,
    RoomSnapshot, Seq, SessionId, User, UserId, ports::Randomness,
};
use realtime::{Connection, Draining, Hub, HubPorts, HubSettings, Outgoing, PresenceSettings};
use serde_json::Value;
use testkit::{FixedRandomness, sample};
use tokio::task::JoinHandle;

pub use directory::Directory;
pub use ports::Mood;
use ports::{ScriptedBus, ScriptedLog, ScriptedPresence};

pub const GAP_WAIT: Duration = Duration::from_millis(50);
pub const RETRY: Duration = Duration::from_secs(1);
pub const TYPING: Duration = Duration::from_secs(6);

pub const TEND: Duration = Duration::from_secs(10);

/// Smaller than what most tests commit at once, so that reads go over several pages.
pub const PAGE: u32 = 3;

pub fn settings() -> HubSettings {
    HubSettings {
        queue_bytes: 64 * 1024,
        typing_timeout: TYPING,
        gap_wait: GAP_WAIT,
        page: PAGE,
        reads_at_once: 2,
        survey_batch: 50,
        retry: RETRY,
        presence: PresenceSettings {
            linger: Duration::ZERO,
            tend_interval: TEND,
        },
        ping_interval: Duration::from_secs(25),
    }
}

pub struct Rig {
    pub hub: Hub,
    pub task: JoinHandle<()>,
    pub bus: Arc<ScriptedBus>,
    pub log: Arc<ScriptedLog>,
    pub presence: Arc<ScriptedPresence>,
    pub directory: Arc<Directory>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(settings(), FixedRandomness::new())
    }

    pub fn with(settings: HubSettings, randomness: impl Randomness + 'static) -> Self {
        let (bus, presence) = (Arc::default(), Arc::default());
        let log: Arc<ScriptedLog> = Arc::default();
        let directory = Arc::new(Directory::new(log.clone()));
        let ports = HubPorts {
            log: Arc::clone(&log) as _,
            sessions: Arc::clone(&directory) as _,
            members: Arc::clone(&directory) as _,
            rooms: Arc::clone(&directory) as _,
            bus: Arc::clone(&bus) as _,
            presence: Arc::clone(&presence) as _,
            randomness: Arc::new(randomness),
        };
        let (hub, task) = Hub::new(ports, settings);
        Self {
            hub,
            task: tokio::spawn(task.run()),
            bus,
            log,
            presence,
            directory,
        }
    }

    /// A room with two events in its log.
    pub fn room(&self) -> RoomId {
        let room = RoomId(sample::id());
        self.commit(room, RoomEventKind::RoomCreated);
        self.commit(room, note());
        room
    }

    /// Commits without a word on the bus.
    pub fn commit(&self, room: RoomId, kind: RoomEventKind) -> RoomEvent {
        self.log.commit(room, kind)
    }

    /// Commits so many events that change no membership, without a word on the bus.
    pub fn commit_notes(&self, room: RoomId, count: usize) -> Vec<RoomEvent> {
        (0..count).map(|_| self.commit(room, note())).collect()
    }

    /// Commits and tells, as a use case does.
    pub fn publish(&self, room: RoomId, kind: RoomEventKind) -> Seq {
        let event = self.commit(room, kind);
        let seq = event.seq;
        self.bus.tell(BusEvent::Room(event));
        seq
    }

    pub fn snapshot(&self, room: RoomId) -> RoomSnapshot {
        RoomSnapshot {
            room_id: room,
            last_seq: self.log.last_seq(room),
            last_read_seq: Seq::START,
            unread: 0,
        }
    }

    pub fn snapshots(&self, rooms: &[RoomId]) -> Vec<RoomSnapshot> {
        rooms.iter().map(|room| self.snapshot(*room)).collect()
    }

    pub async fn try_register(&self, user: &User) -> Result<Client, Draining> {
        let session = SessionId(sample::id());
        let id = ConnectionId(sample::id());
        let connection = self.hub.register(id, user.id, session).await?;
        Ok(Client {
            connection,
            user: user.clone(),
            session,
        })
    }

    pub async fn register(&self, user: &User) -> Client {
        self.try_register(user).await.expect("no drain")
    }

    /// A socket of a new user that follows all of the user's rooms, which are these. It has read its `ready`.
    pub async fn open(&self, name: &str, rooms: &[RoomId]) -> Client {
        self.open_for(&sample::user(name), rooms).await
    }

    pub async fn open_for(&self, user: &User, rooms: &[RoomId]) -> Client {
        let client = self.register(user).await;
        client.start(self.snapshots(rooms)).await;
        assert_eq!(client.hears().await.first().unwrap(), "ready");
        client
    }

    pub fn tell_added(&self, user: &User, room_id: RoomId) {
        self.bus.tell(self.added(user, room_id));
    }

    /// The signal that the latest event of the room let the user in.
    pub fn added(&self, user: &User, room_id: RoomId) -> BusEvent {
        let mut room: Room = sample::room(user.id);
        room.id = room_id;
        room.last_seq = self.log.last_seq(room_id);
        let user_id = user.id;
        BusEvent::RoomAdded { user_id, room }
    }

    pub fn tell_removed(&self, user: &User, room_id: RoomId) {
        self.bus.tell(BusEvent::RoomRemoved {
            user_id: user.id,
            room_id,
            seq: self.log.last_seq(room_id),
            reason: RemovalReason::Removed,
        });
    }
}

/// Until all that can happen without the passing of time has happened.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

pub struct Client {
    pub connection: Connection,
    pub user: User,
    pub session: SessionId,
}

impl Client {
    pub async fn start(&self, rooms: Vec<RoomSnapshot>) {
        self.connection.start(self.user.clone(), rooms, true).await;
    }

    pub async fn start_named(&self, rooms: Vec<RoomSnapshot>) {
        self.connection.start(self.user.clone(), rooms, false).await;
    }

    /// What the socket was told since it was last asked, presence aside, in short.
    pub async fn hears(&self) -> Vec<String> {
        let mut all = self.hears_all().await;
        all.retain(|told| !told.starts_with("presence.changed"));
        all
    }

    /// As [`hears`](Self::hears), with presence.
    pub async fn hears_all(&self) -> Vec<String> {
        settle().await;
        let mut all = Vec::new();
        while let Some(next) = self.connection.outbox().try_next() {
            match next {
                Outgoing::Frame(frame) => all.push(in_short(&frame)),
                Outgoing::Close(reason) => {
                    all.push(format!("close {}", reason.code()));
                    break;
                }
            }
        }
        all
    }
}

/// The event, and what tells it from others of its kind.
fn in_short(frame: &str) -> String {
    let frame: Value = serde_json::from_str(frame).expect("JSON");
    let (event, data) = (frame["event"].as_str().unwrap(), &frame["data"]);
    let text = |field: &str| data[field].as_str().expect(field).to_owned();
    match event {
        "ready" => "ready".to_owned(),
        "typing_start" | "typing_stop" => format!("{event} {}", text("username")),
        "presence.changed" => format!("{event} {} {}", text("username"), text("status")),
        "room_removed" => format!("{event} {}", text("reason")),
        "room_added" => format!("{event} {}", data["last_seq"]),
        _ => format!("{event} {}", frame["seq"]),
    }
}

/// What a socket hears of the [`note`]s with these numbers.
pub fn notes(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let numbers = numbers.into_iter();
    numbers
        .map(|seq| format!("message.deleted {seq}"))
        .collect()
}

/// An event that changes no membership; the cheapest there is.
pub fn note() -> RoomEventKind {
    RoomEventKind::MessageDeleted {
        message_id: MessageId(sample::id()),
    }
}

pub fn left(user_id: UserId) -> RoomEventKind {
    RoomEventKind::MemberLeft { user_id }
}

pub fn joined(user: &User) -> RoomEventKind {
    RoomEventKind::MemberJoined(sample::member(user, domain::Role::Member))
}

pub fn sent(room: RoomId, seq: Seq, sender: &User) -> RoomEventKind {
    RoomEventKind::MessageSent(sample::message(room, seq, sender, "hello"))
}
