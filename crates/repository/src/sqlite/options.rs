use std::{path::PathBuf, time::Duration};

/// Where the database lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In this file. Folders that are missing are made.
    File(PathBuf),
    /// In the memory of this process, gone when it is closed.
    Memory,
}

/// How the database is used. Every queue here has a bound, and whoever waits too long in it hears `Unavailable`.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Where it lies.
    pub location: Location,
    /// How many connections read; each is a thread of the blocking pool while it does. Unused in memory.
    pub readers: usize,
    /// How long a reader may wait for a connection.
    pub read_wait: Duration,
    /// How many changes may wait for the writer.
    pub queue: usize,
    /// How long a change may wait for a place among them.
    pub queue_wait: Duration,
    /// How many changes are committed together at most.
    pub batch: usize,
    /// How long a lock that another process holds is waited for.
    pub busy_wait: Duration,
}

impl SqliteOptions {
    /// A database in a file, with the usual bounds.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::at(Location::File(path.into()))
    }

    /// A database in memory, with the usual bounds.
    #[must_use]
    pub fn memory() -> Self {
        Self::at(Location::Memory)
    }

    fn at(location: Location) -> Self {
        Self {
            location,
            readers: 4,
            read_wait: Duration::from_secs(2),
            queue: 1024,
            queue_wait: Duration::from_secs(2),
            batch: 256,
            busy_wait: Duration::from_secs(5),
        }
    }
}
