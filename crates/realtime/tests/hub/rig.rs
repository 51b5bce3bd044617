//! A hub, and a world around it that a test writes the script of.

mod client;
mod directory;
mod ports;
mod streams;
mod valve;
mod written;

use std::{
    iter,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    BusEvent, ConnectionId, MessageId, Missed, RemovalReason, Resumption, Room, RoomEvent,
    RoomEventKind, RoomId, RoomSnapshot, Seq, SessionId, User, UserId,
    ports::{Clock, Randomness},
};
use futures_util::FutureExt;
use realtime::{
    AdmissionSettings, Departures, Hub, HubPorts, HubSettings, PresenceSettings, RegisterError,
    wire::Codec,
};
use testkit::{FakeClock, FixedRandomness, sample};
use tokio::task::JoinHandle;

pub use client::{Client, Told, acknowledged, in_short};
pub use directory::Directory;
pub use ports::Mood;
use ports::{ScriptedBus, ScriptedLog, ScriptedPresence};
pub use streams::ScriptedStreams;
pub use valve::Valve;
pub use written::Written;

pub const GAP_WAIT: Duration = Duration::from_millis(50);
pub const RETRY: Duration = Duration::from_secs(1);
pub const TYPING: Duration = Duration::from_secs(6);

/// How long the changes of a stream are collected.
pub const STREAM_PAUSE: Duration = Duration::from_millis(50);
/// How often the store of streams is looked at.
pub const STREAM_LOOK: Duration = Duration::from_secs(10);

pub const SPREAD: Duration = Duration::from_secs(5);
pub const TEND: Duration = Duration::from_secs(10);

/// Where every socket comes from.
pub const HOME: &str = "192.0.2.1";

/// Smaller than what most tests commit at once, so that reads go over several pages.
pub const PAGE: u32 = 3;

/// How many events of a room are told to who comes back.
pub const RESUME_MOST: u64 = 500;

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
        stream_pause: STREAM_PAUSE,
        stream_look: STREAM_LOOK,
        ping_interval: Duration::from_secs(25),
        admission: AdmissionSettings::default(),
        reconnect_spread: SPREAD,
        rooms_per_socket: 100,
        times_deliveries: true,
    }
}

pub struct Rig {
    pub hub: Hub,
    pub task: JoinHandle<()>,
    pub bus: Arc<ScriptedBus>,
    pub log: Arc<ScriptedLog>,
    pub presence: Arc<ScriptedPresence>,
    pub directory: Arc<Directory>,
    pub streams: Arc<ScriptedStreams>,
    pub clock: Arc<FakeClock>,
    departures: Mutex<Departures>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with(settings(), FixedRandomness::new())
    }

    pub fn with(settings: HubSettings, randomness: impl Randomness + 'static) -> Self {
        let clock: Arc<FakeClock> = Arc::default();
        let rig = Self::clocked(settings, randomness, Arc::clone(&clock) as _);
        Self { clock, ..rig }
    }

    /// With a clock that no test sets.
    pub fn clocked(
        settings: HubSettings,
        randomness: impl Randomness + 'static,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (bus, presence) = (Arc::default(), Arc::default());
        let log: Arc<ScriptedLog> = Arc::default();
        let directory = Arc::new(Directory::new(log.clone()));
        let streams: Arc<ScriptedStreams> = Arc::default();
        let ports = HubPorts {
            log: Arc::clone(&log) as _,
            sessions: Arc::clone(&directory) as _,
            members: Arc::clone(&directory) as _,
            rooms: Arc::clone(&directory) as _,
            streams: Arc::clone(&streams) as _,
            bus: Arc::clone(&bus) as _,
            presence: Arc::clone(&presence) as _,
            randomness: Arc::new(randomness),
            clock,
        };
        let (hub, task, departures) = Hub::new(ports, settings);
        Self {
            hub,
            task: tokio::spawn(task.run()),
            bus,
            log,
            presence,
            directory,
            streams,
            clock: Arc::default(),
            departures: Mutex::new(departures),
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

    /// What a client of the room that has all up to `since` missed, up to now.
    pub fn missed(&self, room: RoomId, since: u64) -> Missed {
        Missed::new(room, Seq(since), self.log.last_seq(room), RESUME_MOST)
    }

    /// Members come back into these rooms, with all up to a number of each.
    pub fn back(&self, rooms: &[(RoomId, u64)]) -> Vec<Resumption> {
        let stays = |(room, since): &(RoomId, u64)| Resumption::Stays(self.missed(*room, *since));
        rooms.iter().map(stays).collect()
    }

    /// A socket of a new user whose client has all up to a number of each of these rooms.
    pub async fn come_back(&self, rooms: &[(RoomId, u64)]) -> Client {
        let zoe = self.register(&sample::user("zoe")).await;
        let ids: Vec<_> = rooms.iter().map(|(room, _)| *room).collect();
        zoe.come_back(self.snapshots(&ids), self.back(rooms)).await;
        zoe
    }

    pub async fn try_register(&self, user: &User) -> Result<Client, RegisterError> {
        let session = SessionId(sample::id());
        let id = ConnectionId(sample::id());
        let connection = self.hub.register(id, user.id, session, HOME).await?;
        Ok(Client {
            connection,
            user: user.clone(),
            session,
            valve: Arc::default(),
        })
    }

    pub async fn register(&self, user: &User) -> Client {
        self.try_register(user).await.expect("no drain")
    }

    /// A socket of a guest that has not started.
    pub async fn register_guest(&self, codec: Codec, guest: &User) -> Client {
        let id = ConnectionId(sample::id());
        let registering = self.hub.register_guest(codec, id, guest.id, HOME);
        Client {
            connection: registering.await.expect("no drain"),
            user: guest.clone(),
            session: SessionId::NONE,
            valve: Arc::default(),
        }
    }

    /// A socket of a guest in this room, from now on, with no greeting.
    pub async fn open_guest(&self, codec: Codec, guest: &User, room: RoomId) -> Client {
        let client = self.register_guest(codec, guest).await;
        client.start_guest(self.snapshot(room), vec![]).await;
        settle().await;
        client
    }

    /// The guests who were found to have left a room since it was last asked.
    pub fn departed(&self) -> Vec<(RoomId, UserId)> {
        let mut departures = self.departures.lock().unwrap();
        iter::from_fn(|| departures.next().now_or_never().flatten()).collect()
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

/// Each of these, one after another.
pub fn all_of<const N: usize>(parts: [Vec<String>; N]) -> Vec<String> {
    parts.concat()
}

pub fn told(text: &str) -> Vec<String> {
    vec![text.to_owned()]
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
    RoomEventKind::MemberLeft {
        user_id,
        username: None,
        guest_id: None,
    }
}

pub fn joined(user: &User) -> RoomEventKind {
    RoomEventKind::MemberJoined(sample::member(user, domain::Role::Member))
}

pub fn sent(room: RoomId, seq: Seq, sender: &User) -> RoomEventKind {
    RoomEventKind::MessageSent(sample::message(room, seq, sender, "hello"))
}
