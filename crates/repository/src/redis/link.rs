use std::{fmt, path::PathBuf, sync::Arc};

use domain::RoomId;
use fred::{
    clients::Client,
    types::{RespVersion, config::Config},
};
use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    RedisOptions,
    line::{self, Line},
    url,
};

/// Why a link cannot be. None of these tells the password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is none of Redis.
    #[error(
        "a Redis URL begins with redis://, rediss://, redis-cluster://, rediss-cluster://, redis-sentinel://, \
         rediss-sentinel:// or redis+unix://"
    )]
    Scheme,
    /// It cannot be read.
    #[error("the Redis URL is not one: {0}")]
    Url(String),
    /// A key that belongs to a room names it in braces, so that a cluster keeps all of one room together.
    #[error("the prefix of Redis keys is empty, or has a brace or white space in it: {0:?}")]
    Prefix(String),
    /// The file cannot be used.
    #[error("{} cannot be read for the authorities of Redis: {why}", file.display())]
    Authorities {
        /// Which.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// Nothing to check a certificate with.
    #[error("this system knows no certificate authorities: name a file for Redis")]
    NoAuthorities,
    /// The crypto library refuses.
    #[error("TLS for Redis: {0}")]
    Tls(String),
}

/// The way to Redis that everything on this node shares. It comes and goes with Redis by itself.
pub struct RedisLink {
    options: RedisOptions,
    address: String,
    config: Config,
    line: Line,
    up: watch::Sender<bool>,
    ending: CancellationToken,
    tasks: TaskTracker,
}

impl RedisLink {
    /// Opens the link, and does not wait for Redis. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// [`OpenError`], for options that can never work.
    pub fn open(options: &RedisOptions) -> Result<Arc<Self>, OpenError> {
        let (config, address) = prepare(options)?;
        let (ending, tasks) = (CancellationToken::new(), TaskTracker::new());
        let line = Line::new(options, config.clone(), 32);
        line.start(&ending, &tasks);
        Ok(Arc::new(Self {
            options: options.clone(),
            address,
            config,
            line,
            up: watch::Sender::new(false),
            ending,
            tasks,
        }))
    }

    /// For commands. Ask [`is_up`](Self::is_up) first: while the connection is away a command waits for it, up to its
    /// time limit. One that fails may have been carried out.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.line.client
    }

    /// Whether Redis answers, as far as the bus knows, which has to run for it: false from the start until it has heard
    /// its own heartbeat, and while it does not.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.up.borrow()
    }

    /// To wait until [`is_up`](Self::is_up) changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Whether keys are spread over the nodes of a cluster, so that a command may name those of one room only.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.config.server.is_clustered()
    }

    /// A key or a channel: `<prefix>:<name>`.
    #[must_use]
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.options.prefix)
    }

    /// A key or a channel of a room: `<prefix>:{<room id>}:<name>`. All of one room are on one node of a cluster.
    #[must_use]
    pub fn room_key(&self, room: RoomId, name: &str) -> String {
        format!("{}:{{{}}}:{name}", self.options.prefix, room.0)
    }

    /// The room of a [`room_key`](Self::room_key).
    pub(super) fn room_of(&self, key: &str) -> Option<RoomId> {
        let rest = key.strip_prefix(self.options.prefix.as_str())?;
        let (room, _) = rest.strip_prefix(":{")?.split_once('}')?;
        Uuid::try_parse(room).ok().map(RoomId)
    }

    /// What it was opened with.
    #[must_use]
    pub fn options(&self) -> &RedisOptions {
        &self.options
    }

    /// Where Redis is, without the password: for logs.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Why there is no connection, if there is none and a try has failed.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.line.fault()
    }

    /// Ends all connections, and waits until they are. Whoever uses the link ends before.
    pub async fn close(&self) {
        self.ending.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.set_up(false);
    }

    /// How often fred may send a command.
    pub(super) fn attempts(&self) -> u32 {
        line::attempts(&self.config)
    }

    pub(super) fn set_up(&self, up: bool) {
        self.up
            .send_if_modified(|now| std::mem::replace(now, up) != up);
    }

    /// The connection for commands.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// Another connection, to subscribe on; it is made once it is [started](Self::start).
    pub(super) fn subscriber(&self) -> Line {
        let mut config = self.config.clone();
        // Any command may be sent there beside subscriptions, and answers are told from messages.
        config.version = RespVersion::RESP3;
        Line::new(&self.options, config, self.options.incoming.max(16))
    }

    pub(super) fn start(&self, line: &Line) {
        line.start(&self.ending, &self.tasks);
    }
}

/// What these options say, if they can work, and the server's address without the password.
pub(super) fn prepare(options: &RedisOptions) -> Result<(Config, String), OpenError> {
    let prefix = &options.prefix;
    let bad = |c: char| matches!(c, '{' | '}') || c.is_whitespace();
    if prefix.is_empty() || prefix.contains(bad) {
        return Err(OpenError::Prefix(prefix.clone()));
    }
    url::parse(options.url.expose_secret(), options.authorities.as_deref())
}

impl fmt::Debug for RedisLink {
    /// What fred would say has the password in it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RedisLink")
            .field("address", &self.address)
            .field("up", &self.is_up())
            .finish_non_exhaustive()
    }
}

impl Drop for RedisLink {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}
