use std::time::Duration;

use super::RootsError;

/// A database could not be opened. None of these shows the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It refuses this program, or this program it: trying again would not help.
    #[error("cannot connect to PostgreSQL ({address}): {reason}")]
    Refused {
        /// Host, database and TLS mode.
        address: String,
        /// Why.
        reason: String,
    },
    /// It could not be reached for as long as it is waited for.
    #[error("cannot connect to PostgreSQL ({address}), tried for {} s: {reason}", waited.as_secs())]
    Unreachable {
        /// Host, database and TLS mode.
        address: String,
        /// For how long that was.
        waited: Duration,
        /// Why the last attempt failed.
        reason: String,
    },
    /// The certificates that vouch for it cannot be had.
    #[error("cannot connect to PostgreSQL ({address}): {source}")]
    Roots {
        /// Host, database and TLS mode.
        address: String,
        /// Why.
        source: RootsError,
    },
    /// Another node migrates it, or has stopped in the midst of that.
    #[error("another node has held the lock for migrations for longer than {} s", waited.as_secs())]
    Locked {
        /// For how long it was waited for.
        waited: Duration,
    },
    /// A newer version of the program has been at it.
    #[error(
        "the database is newer than this program: it has the migration {0}; run the newer program"
    )]
    Newer(String),
    /// It was made by a build whose migrations differ from those of this one.
    #[error(
        "the migration {0} was applied to the database with another content than this program has"
    )]
    Diverged(String),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(String),
    /// The pool of connections was not made.
    #[error("cannot make the pool of connections: {0}")]
    Pool(String),
}
