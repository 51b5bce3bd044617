//! One thread owns the connection that writes. It commits in groups: what waits when it looks goes into one
//! transaction, so that a flush to the disk is shared by all who wait for it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use domain::{StoreError, StoreResult};
use rusqlite::Connection;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    SqliteOptions,
    fault::{Fault, store_error},
};
use crate::CommitSizes;

pub(super) struct Writer {
    queue: mpsc::Sender<Order>,
    queue_wait: Duration,
    commits: Arc<CommitSizes>,
    // A std Mutex and not a Tokio one, because it is never held across an await.
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Order {
    Run(Box<dyn Job>),
    Close,
}

impl Writer {
    pub(super) fn start(connection: Connection, options: &SqliteOptions) -> std::io::Result<Self> {
        let (queue, orders) = mpsc::channel(options.queue.max(1));
        let batch = options.batch.max(1);
        let commits = Arc::new(CommitSizes::default());
        let counted = commits.clone();
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || serve(&connection, orders, batch, &counted))?;
        Ok(Self {
            queue,
            queue_wait: options.queue_wait,
            commits,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Runs `work` in the next transaction, in a savepoint of its own, and answers once that is committed. When the
    /// caller has gone away before its turn, the work is left out.
    pub(super) async fn run<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Work {
            work: Some(work),
            outcome: Err(StoreError::Other("the work was not run".to_owned())),
            caller,
        });
        match timeout(self.queue_wait, self.queue.send(Order::Run(job))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(closed()),
            Err(_) => {
                return Err(StoreError::Unavailable(
                    "the writer's queue is full".to_owned(),
                ));
            }
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// How many changes its commits had.
    pub(super) fn commits(&self) -> &Arc<CommitSizes> {
        &self.commits
    }

    pub(super) fn alive(&self) -> StoreResult<()> {
        if self.queue.is_closed() {
            Err(closed())
        } else {
            Ok(())
        }
    }

    pub(super) async fn close(&self) {
        // An error says that the thread has ended already.
        let _ = self.queue.send(Order::Close).await;
        self.queue.closed().await;
        if let Some(thread) = self.take_thread() {
            // Blocking, because it also waits for the last checkpoint. A panic in there has been told on stderr.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn take_thread(&self) -> Option<JoinHandle<()>> {
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread ends when the last sender is gone: put a dead one in the place of ours.
        self.queue = mpsc::channel(1).0;
        if let Some(thread) = self.take_thread() {
            let _ = thread.join();
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

/// Something to do in a transaction that others share.
trait Job: Send {
    /// True when what it did shall stand.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Tells the caller, once it is known whether the transaction stands.
    fn answer(self: Box<Self>, commit: &StoreResult<()>);
}

struct Work<T, F> {
    work: Option<F>,
    outcome: StoreResult<T>,
    caller: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take().filter(|_| !self.caller.is_closed()) else {
            return false;
        };
        // Safe to go on after a panic: the savepoint takes back what was half done.
        self.outcome = match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(outcome) => outcome.map_err(StoreError::from),
            Err(panic) => Err(StoreError::Other(format!(
                "the work panicked: {}",
                told(&*panic)
            ))),
        };
        self.outcome.is_ok()
    }

    fn answer(self: Box<Self>, commit: &StoreResult<()>) {
        // An error says that the caller has gone away.
        let _ = self.caller.send(commit.clone().and(self.outcome));
    }
}

fn told(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn serve(
    connection: &Connection,
    mut orders: mpsc::Receiver<Order>,
    batch: usize,
    commits: &CommitSizes,
) {
    let mut jobs = Vec::with_capacity(batch);
    while let Some(first) = orders.blocking_recv() {
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Run(job) => jobs.push(job),
                // Nothing new comes in, and what is queued still comes out.
                Order::Close => orders.close(),
            }
            next = (jobs.len() < batch)
                .then(|| orders.try_recv().ok())
                .flatten();
        }
        let committed = commit_together(connection, &mut jobs);
        let committed = committed.map(|changes| commits.record(changes));
        for job in jobs.drain(..) {
            job.answer(&committed);
        }
    }
    let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
    match connection.query_row(fold, [], |row| row.get::<_, bool>("busy")) {
        Ok(false) => {}
        // Harmless: the next start finds the log and reads it.
        Ok(true) => tracing::warn!("the write-ahead log is still read, and was not folded"),
        Err(error) => tracing::warn!(%error, "the write-ahead log was not folded"),
    }
}

/// Answers how many of the jobs stand.
fn commit_together(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> StoreResult<usize> {
    if jobs.is_empty() {
        return Ok(0);
    }
    let committed = try_commit(connection, jobs);
    if let Err(error) = &committed {
        tracing::warn!(%error, jobs = jobs.len(), "a transaction was not committed");
        if !connection.is_autocommit() {
            // When this fails too, SQLite has ended the transaction by itself.
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
    committed.map_err(|error| store_error(&error))
}

fn try_commit(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<usize> {
    let run = |sql| connection.prepare_cached(sql)?.execute([]);
    run("BEGIN IMMEDIATE")?;
    let mut standing = 0;
    for job in jobs {
        run("SAVEPOINT job")?;
        if job.run(connection) {
            standing += 1;
        } else {
            // Fails when a full disk, say, has ended the whole transaction: then all of the jobs hear of it.
            run("ROLLBACK TO job")?;
        }
        run("RELEASE job")?;
    }
    run("COMMIT")?;
    Ok(standing)
}

#[cfg(test)]
mod tests;
