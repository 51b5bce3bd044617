use std::{net::IpAddr, path::PathBuf, time::Duration};

use delivery::Rates;
use domain::values::PageSize;
use secrecy::SecretString;

use super::BaseUrl;

mod storage;

pub use storage::{Database, DatabaseKind, Fleet, Redis};

/// Everything that was configured. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// How often what is said is counted for analytics, beside each question.
    pub analytics_interval: Duration,
    /// What kind of installation this is.
    pub environment: AppEnv,
    /// Folder of all that this server keeps.
    pub data_dir: PathBuf,
    /// The listener and its requests.
    pub http: Http,
    /// Sockets.
    pub ws: WebSocket,
    /// Who gets in.
    pub auth: Auth,
    /// Where the data is.
    pub database: Database,
    /// What connects this node with others.
    pub fleet: Fleet,
    /// How often things may be done.
    pub rates: Rates,
    /// How events reach the sockets.
    pub delivery: Delivery,
    /// Messages that are being written.
    pub streams: Streams,
    /// The way out.
    pub shutdown: Shutdown,
    /// What is logged.
    pub log: Log,
    /// What is recorded for a collector of traces; `None`: nothing.
    pub traces: Option<Traces>,
    /// Where `healthcheck` looks, unless at the address of `http`.
    pub healthcheck_url: Option<BaseUrl>,
    pub(super) shown: Vec<(&'static str, String)>,
}

/// What kind of installation this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppEnv {
    /// On somebody's desk: starts without any configuration.
    Development,
    /// Like production.
    Staging,
    /// People depend on it.
    Production,
}

/// The listener and its requests.
#[derive(Debug, Clone)]
pub struct Http {
    /// Where to listen.
    pub host: IpAddr,
    /// 0: any free one.
    pub port: u16,
    /// How many threads each listener has; `None`: as many as there are processors.
    pub workers: Option<usize>,
    /// A listener of its own for what Prometheus asks for; 0: any free port.
    pub metrics_port: Option<u16>,
    /// Exact origins, as browsers send them.
    pub cors_allowed_origins: Vec<String>,
    /// How many entries of X-Forwarded-For are believed.
    pub trusted_proxies: usize,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long the request line and headers may take to arrive.
    pub head_timeout: Duration,
    /// How long a connection without a request stays open.
    pub keep_alive: Duration,
}

/// How a connection becomes a socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// The framework keeps the connection, and reads it.
    #[default]
    Actix,
    /// The framework lets go of the connection at the upgrade.
    Takeover,
}

/// Sockets.
#[derive(Debug, Clone)]
pub struct WebSocket {
    /// A second listener for sockets alone; 0: any free port.
    pub port: Option<u16>,
    /// How a connection becomes a socket.
    pub transport: Transport,
    /// The largest frame, and the largest whole message, of a client.
    pub max_frame_bytes: usize,
    /// What may wait to be sent to one socket.
    pub queue_bytes: usize,
    /// Pause between two pings.
    pub ping_interval: Duration,
    /// A peer silent for this long is closed. Greater than `ping_interval`.
    pub pong_timeout: Duration,
    /// How long one write may take.
    pub write_timeout: Duration,
    /// How many rooms one socket names at most.
    pub rooms_max: usize,
    /// How long before its token expires a socket is warned.
    pub expiry_warning: Duration,
    /// So many frames in a row that are not of the protocol close a socket.
    pub bad_frames: u32,
    /// How many there may be on a node; `None`: as many as come.
    pub sockets_node: Option<usize>,
    /// How many of one user there may be on a node.
    pub sockets_user: Option<usize>,
    /// How many from one address there may be on a node.
    pub sockets_address: Option<usize>,
    /// Over how long the clients of a node that goes away, or is full, come back.
    pub reconnect_spread: Duration,
    /// A typer silent for this long has stopped.
    pub typing_timeout: Duration,
}

impl WebSocket {
    /// Bytes that the queue must have for each room that a socket may name: who comes back into them is told of each that
    /// it has resumed, at once where nothing was missed. Twice what that takes, so that there is as much for the rest.
    pub const QUEUE_BYTES_PER_ROOM: usize = 512;
}

/// Who gets in.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Signs access tokens; at least 32 bytes. `None`: see [`super::signing_secret::load`].
    pub access_secret: Option<SecretString>,
    /// How long an access token is good.
    pub access_ttl: Duration,
    /// How long a refresh token is good.
    pub refresh_ttl: Duration,
    /// The `iss` of access tokens.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// Whether people without an account may come into public rooms that allow it.
    pub guests: bool,
    /// How many messages are replayed to a guest who comes into a room.
    pub guest_history: PageSize<200>,
    /// How many passwords are hashed at once.
    pub hash_concurrency: usize,
    /// How many more may wait.
    pub hash_queue: usize,
}

/// How events reach the sockets.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// How many events the bus holds for a slow listener.
    pub bus_capacity: usize,
    /// Whether it is told how long events take.
    pub latency: bool,
    /// How long a room feed waits for a missing event before it reads the log.
    pub feed_gap_wait: Duration,
    /// How many events one read of the log takes.
    pub feed_page: u32,
    /// How many reads of the log are under way at once.
    pub feed_reads: usize,
    /// After a loss, how many rooms, log-ins or users one query asks about.
    pub survey_batch: usize,
    /// How long a room feed waits after a read of the log that failed.
    pub feed_retry: Duration,
    /// How many events of one room a client that was away is told at most.
    pub resume_max_events: u64,
    /// How many events one answer of a sync tells, unless one room alone has more.
    pub sync_max_events: u64,
    /// How many bytes of events one answer of a sync, or of a room's log, holds at most, by estimate.
    pub sync_max_bytes: u64,
    /// How many rooms a client names to sync at most.
    pub sync_max_rooms: usize,
    /// How many syncs are worked on at once.
    pub sync_at_once: usize,
    /// How many more may wait.
    pub sync_queue: usize,
}

/// Messages that are being written.
#[derive(Debug, Clone)]
pub struct Streams {
    /// How long one is kept whose author is lost.
    pub lease: Duration,
    /// How long the changes of one are collected before they are told.
    pub interval: Duration,
    /// How many a user writes at once.
    pub per_user: usize,
}

/// The way out.
#[derive(Debug, Clone)]
pub struct Shutdown {
    /// From SIGTERM until the process ends.
    pub grace: Duration,
    /// From SIGTERM until the listeners close, and the sockets are told.
    pub notice: Duration,
    /// Sockets told per step.
    pub drain_batch: usize,
    /// Mean pause between steps.
    pub drain_interval: Duration,
}

impl Shutdown {
    /// How long the hub, after the linger of presence, and the adapters may take at the very end; taken off the grace
    /// time.
    pub const LAST_STEPS: Duration = Duration::from_secs(1);

    /// How long after the notice the requests that are then under way, and the sockets, have at least.
    pub const AFTER_NOTICE: Duration = Duration::from_secs(1);

    /// From SIGTERM until what still runs is cut off. Zero with a grace time of zero alone.
    #[must_use]
    pub fn until_cut_off(&self, presence_linger: Duration) -> Duration {
        self.grace
            .saturating_sub(Self::LAST_STEPS + presence_linger)
    }
}

/// What is logged.
#[derive(Debug, Clone)]
pub struct Log {
    /// The least weight.
    pub level: LogLevel,
    /// How; `None`: as suits where the log goes.
    pub format: Option<LogFormat>,
}

/// What is recorded for a collector of traces.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The URL that traces are posted to.
    pub endpoint: String,
    /// Of so many that begin here one is recorded.
    pub one_in: u32,
}

/// The least weight of what is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What may become a fault.
    Warn,
    /// Faults alone.
    Error,
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One object a line.
    Json,
}
