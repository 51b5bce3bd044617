use std::{
    path::{Path, PathBuf},
    sync::TryLockError,
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{
        BuildError, Manager, Metrics, Pool, PoolError, RecycleError, RecycleResult, Timeouts,
    },
};
use deadpool_sync::{InteractError, SyncWrapper};
use domain::{StoreError, StoreResult};
use rusqlite::Connection;

use super::{
    fault::{Fault, store_error},
    keep_statements,
    options::SqliteOptions,
};

/// Connections that read, each at one query at a time, in threads that may wait.
pub(super) struct Readers(Pool<Opener>);

impl Readers {
    /// Opens none yet.
    pub(super) fn of(path: &Path, options: &SqliteOptions) -> Result<Self, BuildError> {
        let opener = Opener {
            path: path.to_owned(),
            busy_wait: options.busy_wait,
        };
        let opening = options.read_wait.max(Duration::from_secs(1));
        let pool = Pool::builder(opener)
            .runtime(Runtime::Tokio1)
            .max_size(options.readers)
            .timeouts(Timeouts {
                wait: Some(options.read_wait),
                create: Some(opening),
                recycle: Some(opening),
            })
            .build()?;
        Ok(Self(pool))
    }

    pub(super) async fn run<T, F>(&self, query: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let connection = self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => store_error(&error),
            other => StoreError::Unavailable(other.to_string()),
        })?;
        let asked = connection.interact(move |connection| query(connection));
        match asked.await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(InteractError::Panic(_)) => Err(StoreError::Other("a query panicked".to_owned())),
            Err(_) => Err(StoreError::Unavailable("a query was cut off".to_owned())),
        }
    }

    /// Whoever asks from now on gets `Unavailable`.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// Opens connections of one file. That of `deadpool_sqlite` asks each connection something before it is used again, in a thread
/// that may wait, which takes as long as most of our queries; a file does not hang up.
struct Opener {
    path: PathBuf,
    busy_wait: Duration,
}

impl Manager for Opener {
    type Type = SyncWrapper<Connection>;
    type Error = rusqlite::Error;

    async fn create(&self) -> rusqlite::Result<SyncWrapper<Connection>> {
        let (path, busy_wait) = (self.path.clone(), self.busy_wait);
        SyncWrapper::new(Runtime::Tokio1, move || {
            let connection = Connection::open(path)?;
            keep_statements(&connection)?;
            connection.busy_timeout(busy_wait)?;
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        })
        .await
    }

    async fn recycle(
        &self,
        connection: &mut SyncWrapper<Connection>,
        _: &Metrics,
    ) -> RecycleResult<rusqlite::Error> {
        // Whoever gave up a query has left it at work: its connection is no use to the next one.
        match connection.try_lock() {
            Ok(_) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(RecycleError::message("a query is at work")),
            Err(TryLockError::Poisoned(_)) => Err(RecycleError::message("a query panicked")),
        }
    }
}
