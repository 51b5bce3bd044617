use std::time::Duration;

use super::Address;

/// How the database is used. Every wait here has a bound above zero, and whoever waits longer hears `Unavailable`.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Where it is, and how it is reached. Default: none.
    pub address: Address,
    /// How many connections calls share. Default: 10. A quarter of them, but one at least, may search at once. The
    /// committers have one each besides, and [`Probe`](domain::ports::Probe) has one.
    pub pool_size: usize,
    /// How long a call may wait for its turn: for a connection, one that must be made first included, or in the queue of
    /// a committer. A search may wait as long for its turn among the searches first, and a change among the changes. Default: 5 s.
    pub pool_wait: Duration,
    /// How long making a connection may take. Default: 5 s.
    pub connect_timeout: Duration,
    /// How long the server may work on one statement, and, half a second added, how long all statements of one call may
    /// take as seen from here. Default: 5 s.
    pub statement_timeout: Duration,
    /// How long a lock may be waited for, such as that of a room. Default: 2 s.
    pub lock_timeout: Duration,
    /// How long a database that is away is waited for at the start. Default: 60 s.
    pub start_timeout: Duration,
    /// Whether appends share commits. Default: they do.
    pub group_commit: Option<GroupCommit>,
}

/// How appends share commits: what waits when a committer looks is one transaction, so that a flush to the disk is shared
/// by all who wait for it. Nobody is made to wait for company.
#[derive(Debug, Clone)]
pub struct GroupCommit {
    /// How many appends are committed together at most. Default: 256.
    pub batch: usize,
    /// How many transactions are under way at once; a room always belongs to the same one. Default: 2.
    pub committers: usize,
    /// How many appends may wait for each committer, and besides for each room that somebody else holds. Default: 1,024.
    pub queue: usize,
}

impl PostgresOptions {
    /// The database at this address, with the usual bounds.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self {
            address,
            pool_size: 10,
            pool_wait: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            start_timeout: Duration::from_secs(60),
            group_commit: Some(GroupCommit::default()),
        }
    }
}

impl Default for GroupCommit {
    fn default() -> Self {
        Self {
            batch: 256,
            committers: 2,
            queue: 1024,
        }
    }
}
