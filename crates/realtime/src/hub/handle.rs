use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    ConnectionId, RoomId, RoomSnapshot, SessionId, User, UserId,
    ports::{EventBus, MemberStore, Presence, Randomness, RoomLog, RoomStore, SessionStore},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    connection::Connection,
    drain::Drain,
    log_reads::LogReads,
    state::State,
    survey::{SurveyPorts, Surveys},
    task::{HubTask, Signals},
};
use crate::{
    Outbox,
    presence::{PresenceKeeper, PresenceSettings},
};

/// What the hub needs from the outside.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct HubPorts {
    pub log: Arc<dyn RoomLog>,
    pub sessions: Arc<dyn SessionStore>,
    pub members: Arc<dyn MemberStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub bus: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
    pub randomness: Arc<dyn Randomness>,
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
    /// How often sockets are pinged; told to clients.
    pub ping_interval: Duration,
}

/// The way to the hub's task. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    // Unbounded in form, bounded in fact: a socket has at most one command under way, and its registration and its end.
    commands: mpsc::UnboundedSender<HubCommand>,
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) settings: HubSettings,
    pub(super) presence: PresenceKeeper,
    pub(super) randomness: Arc<dyn Randomness>,
    pub(super) open: AtomicUsize,
    pub(super) followed: AtomicUsize,
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
        follows_all: bool,
    },
    Typing {
        id: ConnectionId,
        room: Option<RoomId>,
        active: bool,
        done: oneshot::Sender<Result<(), TypingError>>,
    },
    Leave(ConnectionId),
    Outboxes(oneshot::Sender<Vec<Arc<Outbox>>>),
}

/// The node takes no new sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this node is going away")]
pub struct Draining;

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
    /// A hub, and its task, which the caller runs until [`HubTask::run`] ends. It hears the bus from now on.
    #[must_use]
    pub fn new(ports: HubPorts, settings: HubSettings) -> (Self, HubTask) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            settings,
            presence: PresenceKeeper::new(ports.presence, ports.bus.clone(), settings.presence),
            randomness: ports.randomness,
            open: AtomicUsize::new(0),
            followed: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
        });
        let subscription = ports.bus.subscribe();
        let (signals, outgoing) = Signals::new(ports.bus);
        let survey_ports = SurveyPorts {
            log: ports.log.clone(),
            sessions: ports.sessions,
            members: ports.members,
            rooms: ports.rooms,
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
        (Self { commands, shared }, task)
    }

    /// Registers a socket: from here on nothing that concerns its user is missed. It follows nothing and is told
    /// nothing until [`Connection::start`].
    ///
    /// # Errors
    /// [`Draining`].
    pub async fn register(
        &self,
        id: ConnectionId,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<Connection, Draining> {
        if self.is_draining() {
            return Err(Draining);
        }
        let outbox = Arc::new(Outbox::new(self.shared.settings.queue_bytes));
        let (done, registered) = oneshot::channel();
        self.send(HubCommand::Register {
            id,
            session_id,
            user_id,
            outbox: outbox.clone(),
            done,
        });
        // Made before the wait, so that a caller who gives up leaves nothing behind.
        let connection = Connection::new(id, outbox, self.clone());
        registered.await.map_err(|_| Draining)?;
        // Draining may have begun meanwhile, and its list of sockets been taken before this one was on it.
        if self.is_draining() {
            return Err(Draining);
        }
        Ok(connection)
    }

    /// How many sockets are open.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }

    /// How many rooms at least one socket follows: what the node keeps a feed of.
    #[must_use]
    pub fn followed_rooms(&self) -> usize {
        self.shared.followed.load(Ordering::Relaxed)
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
