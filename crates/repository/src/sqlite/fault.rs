use domain::StoreError;
use rusqlite::ErrorCode;

/// What stops a statement: an answer of the port, or a fault of the database.
#[derive(Debug)]
pub(super) enum Fault {
    Answer(StoreError),
    Database(rusqlite::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Answer(StoreError::Other(error.to_string()))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Answer(error) => error,
            Fault::Database(error) => store_error(&error),
        }
    }
}

/// A row that refers to something that is not there is `NotFound`; what may heal is `Unavailable`.
pub(super) fn store_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error() {
        Some(failure) if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            StoreError::NotFound
        }
        Some(failure) => match failure.code {
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Other(error.to_string()),
        },
        None => StoreError::Other(error.to_string()),
    }
}
