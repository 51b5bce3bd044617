use std::{path::PathBuf, time::Duration};

use repository::redis::RedisOptions;
use secrecy::SecretString;

/// Where the data is.
#[derive(Debug, Clone)]
pub struct Database {
    /// Which one.
    pub kind: DatabaseKind,
    /// Connections to SQLite for reading.
    pub readers: usize,
    /// Connections to Postgres.
    pub pool: usize,
    /// How many writes may wait to be committed.
    pub write_queue: usize,
    /// How many writes share one commit at most.
    pub commit_batch: usize,
    /// Connections to Postgres that commit groups; at least 1.
    pub committers: usize,
    /// How long to wait for a connection or a place in the queue.
    pub wait_timeout: Duration,
    /// How long one statement may take in Postgres.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock in Postgres.
    pub lock_timeout: Duration,
    /// How long a connection to Postgres may take to be made.
    pub connect_timeout: Duration,
    /// For how long a starting node tries again to reach Postgres; zero: once.
    pub start_timeout: Duration,
}

/// Which database.
#[derive(Debug, Clone)]
pub enum DatabaseKind {
    /// A file, for one node.
    Sqlite {
        /// Which.
        path: PathBuf,
    },
    /// A server, for many nodes.
    Postgres {
        /// `postgres://…` or `postgresql://…`, as it was said.
        dsn: SecretString,
    },
}

/// What connects this node with others.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// `None`: this node is the only one.
    pub redis: Option<Redis>,
    /// Pause between two heartbeats through the bus.
    pub heartbeat: Duration,
    /// How long without a heartbeat means that hints are lost. Greater than `heartbeat`.
    pub silence: Duration,
    /// Mean pause between two looks at the heads of rooms while the bus is degraded.
    pub poll_interval: Duration,
    /// The same while all seems well.
    pub audit_interval: Duration,
    /// How many hints may wait for Redis.
    pub queue: usize,
    /// How long a request waits for its rate limit to be counted over all nodes.
    pub limiter_patience: Duration,
    /// Pause between two reports of what this node counts of itself.
    pub stats_interval: Duration,
    /// How long the sockets of a node that died still count.
    pub presence_lease: Duration,
    /// How long a user whose last socket closed still counts.
    pub presence_linger: Duration,
    /// How long users, rooms and memberships are remembered.
    pub cache_ttl: Duration,
    /// How many of each kind; 0: none.
    pub cache_entries: u64,
}

/// The Redis that connects the nodes.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Where, as it was said.
    pub url: SecretString,
    /// A PEM file with the authorities to trust; `None`: those of the system.
    pub authorities: Option<PathBuf>,
    /// What the names of keys and channels begin with; not empty.
    pub prefix: String,
    /// How long one command may take.
    pub command_timeout: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
}

impl Redis {
    /// As the adapter takes them.
    #[must_use]
    pub fn options(&self) -> RedisOptions {
        RedisOptions {
            authorities: self.authorities.clone(),
            prefix: self.prefix.clone(),
            command_timeout: self.command_timeout,
            connect_timeout: self.connect_timeout,
            ..RedisOptions::new(self.url.clone())
        }
    }
}
