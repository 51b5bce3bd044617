use std::{error::Error as _, io};

use domain::{StoreError, values::InvalidValue};
use tokio_postgres::{Error, error::SqlState};

/// What stops a statement: an answer of the port, or a fault of the database.
#[derive(Debug)]
pub(super) enum Fault {
    Answer(StoreError),
    Database(Error),
    /// It has not answered for longer than it may.
    Silence,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<InvalidValue> for Fault {
    fn from(error: InvalidValue) -> Self {
        Self::Answer(StoreError::Other(error.to_string()))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Answer(error) => error,
            Fault::Database(error) => store_error(&error),
            Fault::Silence => Self::Unavailable("the database has not answered in time".to_owned()),
        }
    }
}

/// How far a fault reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// This work; another may fare better on the same connection.
    Work,
    /// A lock that somebody else holds.
    Lock,
    /// The database, as far as can be seen from here.
    Database,
    /// This connection alone: it must not be used again.
    Connection,
}

impl Fault {
    pub(super) fn reach(&self) -> Reach {
        let error = match self {
            Self::Answer(StoreError::Unavailable(_)) => return Reach::Database,
            Self::Answer(_) => return Reach::Work,
            Self::Silence => return Reach::Connection,
            Self::Database(error) => error,
        };
        match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE) => Reach::Lock,
            // A statement that was prepared before the schema changed, or that the server has forgotten. And a server
            // that was demoted: the address leads to the new one by now.
            Some(
                &SqlState::FEATURE_NOT_SUPPORTED
                | &SqlState::INVALID_SQL_STATEMENT_NAME
                | &SqlState::READ_ONLY_SQL_TRANSACTION,
            ) => Reach::Connection,
            Some(code) if ends_connection(code) => Reach::Connection,
            Some(code) if *code == SqlState::QUERY_CANCELED || lacks_resources(code) => {
                Reach::Database
            }
            Some(_) => Reach::Work,
            None if is_cut(error) => Reach::Connection,
            None => Reach::Work,
        }
    }
}

/// A row that refers to something that is not there is `NotFound`; what may heal is `Unavailable`.
pub(super) fn store_error(error: &Error) -> StoreError {
    let Some(code) = error.code() else {
        return if is_cut(error) {
            StoreError::Unavailable(told(error))
        } else {
            StoreError::Other(told(error))
        };
    };
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return StoreError::NotFound;
    }
    let heals = ends_connection(code)
        || lacks_resources(code)
        || [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::QUERY_CANCELED,
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::FEATURE_NOT_SUPPORTED,
            SqlState::INVALID_SQL_STATEMENT_NAME,
        ]
        .contains(code);
    if heals {
        StoreError::Unavailable(told(error))
    } else {
        StoreError::Other(told(error))
    }
}

/// Class 08: the connection is broken; 57P01 to 57P05: the server stops, starts, or has ended the session; 25P03: it has
/// ended a transaction that stood idle.
fn ends_connection(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08") || code.starts_with("57P") || code == "25P03"
}

/// Class 53: disk full, out of memory, too many connections; class 58: an input or output error.
fn lacks_resources(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("53") || code == "58030"
}

/// The connection was not made, or is gone.
fn is_cut(error: &Error) -> bool {
    error.is_closed()
        || error
            .source()
            .is_some_and(|source| source.is::<io::Error>())
}

/// The whole of it: the library's own text leaves the reason to the source.
fn told(error: &Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
