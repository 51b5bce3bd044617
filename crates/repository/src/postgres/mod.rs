//! Everything in one PostgreSQL database, which many nodes share.

mod activity;
mod address;
mod appends;
mod committer;
mod committers;
mod connect;
mod fault;
mod line;
mod log;
mod making;
mod members;
mod messages;
mod migrations;
mod moderation;
mod open_error;
mod options;
mod reactions;
mod rooms;
mod rows;
mod search;
mod secrets;
mod sessions;
mod statement;
mod tls;
mod users;

use std::{sync::Arc, time::Duration};

use deadpool_postgres::{Client, Pool, Runtime, Timeouts, Transaction};
use domain::{StoreError, StoreResult, TRACED};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tracing::instrument;

use self::{committers::Committers, fault::Fault, line::Line};
use crate::CommitSizes;

pub use self::{
    address::{Address, InvalidAddress},
    migrations::migrate,
    open_error::OpenError,
    options::{GroupCommit, PostgresOptions},
    tls::{RootsError, TlsMode},
};

/// One database, and all the storage ports in front of it.
///
/// [`Postgres::close`] answers what is queued; when it is dropped without, the committers do so too, and nobody waits
/// for them.
pub struct Postgres {
    line: Line,
    /// A connection of its own: a probe that waited behind slow calls would have the node taken for dead.
    probe: Line,
    /// Searches may be slow, and must leave connections to the other calls.
    searches: Semaphore,
    /// Changes may wait for a room that many want to change at once, and must leave connections to the other calls.
    changes: Semaphore,
    committers: Option<Committers>,
    commits: Arc<CommitSizes>,
}

/// How much longer than the server one's own side waits for a statement, so that the server is the one to say what it was.
const GRACE: Duration = Duration::from_millis(500);

impl Postgres {
    /// Waits until the database can be reached, brings its schema up to date, and opens it.
    ///
    /// # Errors
    /// [`OpenError`] says what stands against it.
    pub async fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        migrate(options).await?;
        let line = |connections: usize| {
            Ok::<_, OpenError>(Line {
                pool: pool(options, connections)?,
                wait: options.pool_wait,
                deadline: options.statement_timeout + GRACE,
            })
        };
        let commits = Arc::new(CommitSizes::default());
        let committers = match &options.group_commit {
            // Connections of their own: reads must not keep appends waiting.
            Some(group) => {
                let line = line(group.committers.max(1))?;
                let lock_timeout = options.lock_timeout;
                Some(Committers::start(&line, group, lock_timeout, &commits))
            }
            None => None,
        };
        Ok(Self {
            line: line(options.pool_size.max(1))?,
            probe: line(1)?,
            searches: Semaphore::new((options.pool_size / 4).max(1)),
            changes: Semaphore::new((options.pool_size / 2).max(1)),
            committers,
            commits,
        })
    }

    /// Asks the database for an answer, and finds the committers alive.
    ///
    /// # Errors
    /// `Unavailable` when one of the two is not so.
    pub async fn ping(&self) -> StoreResult<()> {
        if let Some(committers) = &self.committers {
            committers.alive()?;
        }
        self.probe
            .run(async |client: &mut Client| {
                statement::row(client, "SELECT 1", &[]).await?;
                Ok(())
            })
            .await
    }

    /// How many appends its committers have committed together so far.
    #[must_use]
    pub fn commits(&self) -> Arc<CommitSizes> {
        self.commits.clone()
    }

    /// Takes no more, answers what is queued, ends the committers and closes the connections.
    pub async fn close(&self) {
        if let Some(committers) = &self.committers {
            committers.close().await;
        }
        self.line.pool.close();
        self.probe.pool.close();
    }

    /// A place among those who search at once.
    async fn turn_to_search(&self) -> StoreResult<SemaphorePermit<'_>> {
        self.turn(&self.searches, "searches").await
    }

    async fn turn<'a>(
        &self,
        places: &'a Semaphore,
        what: &str,
    ) -> StoreResult<SemaphorePermit<'a>> {
        match timeout(self.line.wait, places.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => {
                let reason = format!("too many {what} are under way");
                Err(StoreError::Unavailable(reason))
            }
        }
    }

    /// Runs statements on one connection; each is a transaction of its own.
    async fn run<T, F>(&self, work: F) -> StoreResult<T>
    where
        F: AsyncFnOnce(&mut Client) -> Result<T, Fault>,
    {
        self.line.run(work).await
    }

    /// Runs one atomic change: all of it is committed when this answers, or nothing is.
    #[instrument(target = TRACED, name = "commit", skip_all)]
    async fn change<T, F>(&self, work: F) -> StoreResult<T>
    where
        F: AsyncFnOnce(&Transaction<'_>) -> Result<T, Fault>,
    {
        let _turn = self.turn(&self.changes, "changes").await?;
        self.line.change(work).await
    }
}

fn pool(options: &PostgresOptions, connections: usize) -> Result<Pool, OpenError> {
    Pool::builder(connect::manager(options)?)
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts {
            wait: Some(options.pool_wait),
            create: Some(connect::time_to_connect(options)),
            recycle: Some(options.connect_timeout),
        })
        .build()
        .map_err(|error| OpenError::Pool(error.to_string()))
}

#[async_trait::async_trait]
impl domain::ports::Probe for Postgres {
    async fn check(&self) -> StoreResult<()> {
        self.ping().await
    }
}

#[cfg(test)]
mod tests;
