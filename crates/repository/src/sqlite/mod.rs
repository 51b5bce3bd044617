//! Everything in one SQLite file: the default. One thread writes, a pool of connections reads.

mod activity;
mod fault;
mod log;
mod members;
mod messages;
mod migrations;
mod moderation;
mod options;
mod reactions;
mod readers;
mod rooms;
mod rows;
mod search;
mod sessions;
mod users;
mod writer;

use std::{
    fs::{DirBuilder, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use deadpool::managed::BuildError;
use domain::{StoreResult, TRACED};
use rusqlite::{Connection, config::DbConfig};
use tracing::instrument;

use self::{fault::Fault, readers::Readers, writer::Writer};

use crate::CommitSizes;

pub use self::{
    migrations::migrate,
    options::{Location, SqliteOptions},
};

/// A database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder or file is not there and cannot be made.
    #[error("cannot make the database in {}: {source}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refuses it.
    #[error("cannot open the database: {0}")]
    Database(#[from] rusqlite::Error),
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
    Migration(#[source] refinery::Error),
    /// The writer's thread did not start.
    #[error("cannot start the writer: {0}")]
    Writer(std::io::Error),
    /// The pool of readers was not made.
    #[error("cannot make the pool of readers: {0}")]
    Readers(#[from] BuildError),
}

/// One database, and all the storage ports in front of it.
///
/// Dropping it waits until what is queued is committed; [`Sqlite::close`] does the same without blocking.
pub struct Sqlite {
    writer: Writer,
    /// None of a database in memory, which has one connection; its owner reads too.
    readers: Option<Readers>,
}

impl Sqlite {
    /// Opens the database, makes it where it is missing, and brings its schema up to date. Blocks while it does.
    ///
    /// # Errors
    /// [`OpenError`] says what stands against it.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let _lock = migrations::lock(&options.location)?;
        let mut connection = connect(options)?;
        migrations::run(&mut connection)?;
        let readers = match &options.location {
            Location::File(path) => Some(Readers::of(path, options)?),
            Location::Memory => None,
        };
        let writer = Writer::start(connection, options).map_err(OpenError::Writer)?;
        Ok(Self { writer, readers })
    }

    /// Reads something, and finds the writer alive.
    ///
    /// # Errors
    /// `Unavailable` when one of the two is not so.
    pub async fn ping(&self) -> StoreResult<()> {
        self.writer.alive()?;
        self.read(|connection| {
            let tables = "SELECT count(*) FROM sqlite_schema";
            connection.query_row(tables, [], |row| row.get::<_, i64>(0))?;
            Ok(())
        })
        .await
    }

    /// How many changes its commits had so far.
    #[must_use]
    pub fn commits(&self) -> Arc<CommitSizes> {
        self.writer.commits().clone()
    }

    /// Takes no more, commits what is queued, folds the write-ahead log into the file and ends the writer's thread.
    pub async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close();
        }
        self.writer.close().await;
    }

    /// Runs one atomic change: all of it is committed when this answers, or nothing is.
    #[instrument(target = TRACED, name = "commit", skip_all)]
    async fn write<T, F>(&self, change: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.writer.run(change).await
    }

    async fn read<T, F>(&self, query: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.run(query).await,
            None => self.writer.run(query).await,
        }
    }
}

/// The connection that writes.
fn connect(options: &SqliteOptions) -> Result<Connection, OpenError> {
    let connection = match &options.location {
        Location::File(path) => {
            make_folder(path)?;
            Connection::open(path)?
        }
        Location::Memory => Connection::open_in_memory()?,
    };
    connection.busy_timeout(options.busy_wait)?;
    // FULL: a commit that was answered survives a loss of power. secure_delete: what is deleted is overwritten.
    // temp_store: what a savepoint keeps for its way back stays out of files.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Without the stability guarantee, a statement with `LIMIT ?` would be planned anew each time that it is run.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// More than there are statements, so that none is prepared twice.
const STATEMENTS: usize = 96;

fn make_folder(file: &Path) -> Result<(), OpenError> {
    let Some(folder) = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    // What is in there is nobody else's business: password hashes, and what people say to each other.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.and_then(|()| {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(file);
        file.map(drop)
    })
    .map_err(|source| OpenError::Folder {
        path: folder.to_owned(),
        source,
    })
}

#[async_trait::async_trait]
impl domain::ports::Probe for Sqlite {
    async fn check(&self) -> StoreResult<()> {
        self.ping().await
    }
}

#[cfg(test)]
mod tests;
