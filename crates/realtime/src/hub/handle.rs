use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytestring::ByteString;
use domain::{
    ConnectionId, Resumption, RoomId, RoomSnapshot, SessionId, SocketStats, StreamId, User, UserId,
    ports::{
        Clock, EventBus, LiveStreams, MemberStore, Presence, Randomness, RoomLog, RoomStore,
        SessionStore,
    },
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    connection::Connection,
    drain::Drain,
    log_reads::LogReads,
    signals::Signals,
    state::State,
    survey::{SurveyPorts, Surveys},
    task::HubTask,
};
use crate::{
    Admission, AdmissionSettings, CloseReason, Full, Outbox,
    latency::Timing,
    presence::{Departures, PresenceKeeper, PresenceSettings},
    stats::Stats,
    wire::Codec,
};

/// What the hub needs from the outside.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct HubPorts {
    pub log: Arc<dyn RoomLog>,
    pub sessions: Arc<dyn SessionStore>,
    pub members: Arc<dyn MemberStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub streams: Arc<dyn LiveStreams>,
    pub bus: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
    pub randomness: Arc<dyn Randomness>,
    pub clock: Arc<dyn Clock>,
}

/// What an operator sets.
#[derive(Debug, Clone, Copy)]
pub struct HubSettings {
    /// The most bytes that wait to be written to one socket.
    pub queue_bytes: usize,
    /// How long somebody is believed to type without saying so again.
    pub typing_timeout: Duration,
    /// How long a feed waits for a missing number before it reads the log.
    pub gap_wait: Duration,
    /// The most events that one read of the log asks for.
    pub page: u32,
    /// How many reads of the log are under way at a time, so that requests are served meanwhile.
    pub reads_at_once: usize,
    /// After a loss, how many rooms, log-ins or users one query asks about.
    pub survey_batch: usize,
    /// How long the hub waits after a read or a query that failed.
    pub retry: Duration,
    /// Who is there.
    pub presence: PresenceSettings,
    /// How long the changes of a stream are collected before they are told, but for the first.
    pub stream_pause: Duration,
    /// How often the store is told which authors of streams are there, and asked what it holds: a few times in a lease.
    pub stream_look: Duration,
    /// How often sockets are pinged; told to clients.
    pub ping_interval: Duration,
    /// How many rooms a socket that names its rooms follows at most.
    pub rooms_per_socket: usize,
    /// How many sockets are let in.
    pub admission: AdmissionSettings,
    /// Over how long the clients of a node that goes away come back; told to clients.
    pub reconnect_spread: Duration,
    /// Whether it is told how long events take until they are written to sockets.
    pub times_deliveries: bool,
}

/// The way to the hub's task. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    // Unbounded in form, bounded in fact: a socket has at most one command under way, its registration and its end, and
    // as many reliefs as it was held back.
    commands: mpsc::UnboundedSender<HubCommand>,
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) settings: HubSettings,
    pub(super) presence: PresenceKeeper,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) admission: Admission,
    pub(super) followed: AtomicUsize,
    pub(super) stats: Stats,
    draining: AtomicBool,
}

pub(super) enum HubCommand {
    Register {
        id: ConnectionId,
        session_id: SessionId,
        user_id: UserId,
        outbox: Arc<Outbox>,
        done: oneshot::Sender<()>,
    },
    Start {
        id: ConnectionId,
        user: Box<User>,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
        follows_all: bool,
    },
    Follow {
        id: ConnectionId,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
        answer: Option<ByteString>,
        done: oneshot::Sender<Result<(), FollowError>>,
    },
    Unfollow {
        id: ConnectionId,
        room_id: RoomId,
        answer: Option<ByteString>,
        done: oneshot::Sender<()>,
    },
    Renew {
        id: ConnectionId,
        session_id: SessionId,
        done: oneshot::Sender<()>,
    },
    Relieved(ConnectionId),
    Typing {
        id: ConnectionId,
        room: Option<RoomId>,
        active: bool,
        done: oneshot::Sender<Result<(), TypingError>>,
    },
    WritesStream {
        socket: ConnectionId,
        room_id: RoomId,
        id: StreamId,
    },
    Leave(ConnectionId),
    Outboxes(oneshot::Sender<Vec<Arc<Outbox>>>),
}

/// Why a socket is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The node takes no new sockets.
    #[error("this node is going away")]
    Draining,
    /// There are too many.
    #[error(transparent)]
    Full(#[from] Full),
}

/// Why a room is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// More rooms than a socket that names its rooms may follow.
    #[error("too many rooms for one socket")]
    TooManyRooms,
}

/// Why typing was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypingError {
    /// The socket does not follow that room.
    #[error("this socket does not follow the room")]
    NotFollowing,
    /// The room was left out on a socket that does not follow exactly one.
    #[error("room_id may be left out only on a socket that follows one room")]
    RoomNeeded,
}

impl Hub {
    /// A hub, and its task, which the caller runs until [`HubTask::run`] ends; and the guests who leave, whom the caller
    /// takes out of their rooms. It hears the bus from now on.
    #[must_use]
    pub fn new(ports: HubPorts, settings: HubSettings) -> (Self, HubTask, Departures) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (presence, departures) =
            PresenceKeeper::new(ports.presence, ports.bus.clone(), settings.presence);
        let shared = Arc::new(Shared {
            settings,
            presence,
            randomness: ports.randomness,
            clock: ports.clock,
            admission: Admission::new(settings.admission),
            followed: AtomicUsize::new(0),
            stats: Stats::new(),
            draining: AtomicBool::new(false),
        });
        let subscription = ports.bus.subscribe();
        let (signals, outgoing) = Signals::new(ports.bus);
        let survey_ports = SurveyPorts {
            log: ports.log.clone(),
            sessions: ports.sessions,
            members: ports.members,
            rooms: ports.rooms,
            streams: ports.streams,
        };
        let state = State::new(
            LogReads::new(ports.log, settings.reads_at_once),
            Surveys::new(survey_ports, settings.survey_batch, settings.retry),
            shared.clone(),
        );
        let task = HubTask::new(
            inbox,
            subscription,
            state,
            signals,
            outgoing,
            shared.clone(),
        );
        (Self { commands, shared }, task, departures)
    }

    /// Takes a place for a socket from this network, and registers it: from here on nothing that concerns its user is
    /// missed. It follows nothing and is told nothing until [`Connection::start`].
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(
        &self,
        id: ConnectionId,
        user_id: UserId,
        session_id: SessionId,
        network: &str,
    ) -> Result<Connection, RegisterError> {
        self.register_speaking(Codec::Native, id, user_id, session_id, network)
            .await
    }

    /// As [`register`](Self::register), for a guest, in another protocol. The socket of a guest ends with no log-in.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register_guest(
        &self,
        codec: Codec,
        id: ConnectionId,
        guest: UserId,
        network: &str,
    ) -> Result<Connection, RegisterError> {
        self.register_speaking(codec, id, guest, SessionId::NONE, network)
            .await
    }

    async fn register_speaking(
        &self,
        codec: Codec,
        id: ConnectionId,
        user_id: UserId,
        session_id: SessionId,
        network: &str,
    ) -> Result<Connection, RegisterError> {
        if self.is_draining() {
            return Err(RegisterError::Draining);
        }
        let outbox = Arc::new(Outbox::speaking(codec, self.shared.settings.queue_bytes));
        let admission = &self.shared.admission;
        let seat = admission.admit(user_id, network, outbox.clone(), Instant::now())?;
        let (done, registered) = oneshot::channel();
        self.send(HubCommand::Register {
            id,
            session_id,
            user_id,
            outbox: outbox.clone(),
            done,
        });
        // Made before the wait, so that a caller who gives up leaves nothing behind.
        let connection = Connection::new(id, outbox, seat, self.clone());
        registered.await.map_err(|_| RegisterError::Draining)?;
        // Draining may have begun meanwhile, and its list of sockets been taken before this one was on it.
        if self.is_draining() {
            return Err(RegisterError::Draining);
        }
        Ok(connection)
    }

    /// How many sockets are open, with those whose handshake is under way.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.shared.admission.taken()
    }

    /// How many rooms at least one socket follows: what the node keeps a feed of.
    #[must_use]
    pub fn followed_rooms(&self) -> usize {
        self.shared.followed.load(Ordering::Relaxed)
    }

    /// What is counted of the sockets of this node.
    #[must_use]
    pub fn stats(&self) -> SocketStats {
        let census = self.shared.admission.census();
        self.shared.stats.read(census, self.shared.clock.now())
    }

    /// A random part of the time over which clients come back, so that they do not all come in one moment.
    #[must_use]
    pub fn part_of_spread(&self) -> Duration {
        self.shared.part_of_spread()
    }

    /// True once [`drain`](Self::drain) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::SeqCst)
    }

    /// Takes no new socket from now on, and gives the way to close those that are open.
    pub async fn drain(&self) -> Drain {
        self.shared.draining.store(true, Ordering::SeqCst);
        let (done, outboxes) = oneshot::channel();
        self.send(HubCommand::Outboxes(done));
        Drain::new(outboxes.await.unwrap_or_default(), self.shared.clone())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// A hub that is gone needs telling nothing.
    pub(super) fn send(&self, command: HubCommand) {
        let _ = self.commands.send(command);
    }
}

impl Shared {
    /// What is timed so was written now. Told an event as it happened, it is known now how long that took.
    pub(super) fn written(&self, timing: Timing) {
        self.stats.latency.record(timing, || self.clock.now());
    }

    pub(super) fn part_of_spread(&self) -> Duration {
        let [a, b, c, d, ..] = self.randomness.secret();
        let part = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
        self.settings.reconnect_spread.mul_f64(part)
    }

    /// Sends a client to another node, after a time of its own.
    pub(super) fn restart(&self) -> CloseReason {
        CloseReason::Restart {
            retry_after: self.part_of_spread(),
        }
    }
}
