//! Appends share commits: they wait in bounded queues, and a committer takes what waits into one transaction.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    RoomId, StoreError, StoreResult, TRACED,
    ports::{Appended, NewMessage},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;
use tracing::instrument;

use super::{GroupCommit, committer::Committer, line::Line};
use crate::CommitSizes;

/// An append that waits.
pub(super) struct Waiting {
    pub(super) new: NewMessage,
    /// Who waits for the answer.
    pub(super) caller: oneshot::Sender<StoreResult<Appended>>,
    /// It must have begun by then, or it is not carried out.
    pub(super) deadline: Instant,
}

impl Waiting {
    pub(super) fn answer(self, answer: StoreResult<Appended>) {
        // An error says that the caller has gone away.
        let _ = self.caller.send(answer);
    }
}

pub(super) struct Committers {
    queues: Vec<mpsc::Sender<Waiting>>,
    /// How long an append may wait for its turn.
    wait: Duration,
    /// How long it may take from there on.
    deadline: Duration,
    closing: CancellationToken,
    // A std Mutex and not a Tokio one, because it is never held across an await.
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Committers {
    /// Starts them; each uses one connection of the line at a time. A lock is waited for during `lock_timeout`.
    pub(super) fn start(
        line: &Line,
        options: &GroupCommit,
        lock_timeout: Duration,
        commits: &Arc<CommitSizes>,
    ) -> Self {
        let closing = CancellationToken::new();
        let (queues, tasks) = (0..options.committers.max(1))
            .map(|_| {
                let (queue, waiting) = mpsc::channel(options.queue.max(1));
                let committer = Committer::new(
                    line.clone(),
                    waiting,
                    closing.clone(),
                    commits.clone(),
                    options,
                    lock_timeout,
                );
                (queue, tokio::spawn(committer.serve()))
            })
            .unzip();
        Self {
            queues,
            wait: line.wait,
            deadline: line.deadline,
            closing,
            tasks: Mutex::new(tasks),
        }
    }

    /// Appends in one of the next transactions, and answers once that is committed. When the caller has gone away before
    /// its turn, nothing is appended.
    #[instrument(target = TRACED, name = "commit", skip_all)]
    pub(super) async fn append(&self, new: NewMessage) -> StoreResult<Appended> {
        let queue = self.queue_of(new.room_id);
        let deadline = Instant::now() + self.wait;
        let (caller, answer) = oneshot::channel();
        let waiting = Waiting {
            new,
            caller,
            deadline,
        };
        match timeout_at(deadline, queue.send(waiting)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(closed()),
            Err(_) => {
                return Err(too_many());
            }
        }
        match timeout_at(deadline + self.deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unavailable(
                "the append was given up".to_owned(),
            )),
            Err(_) => Err(StoreError::Unavailable(
                "the append has not come to its end in time".to_owned(),
            )),
        }
    }

    /// A room is always served by the same one, so that what is sent to it stays in order.
    fn queue_of(&self, room: RoomId) -> &mpsc::Sender<Waiting> {
        let count = self.queues.len() as u128;
        let index = room.0.as_u128() % count;
        &self.queues[usize::try_from(index).unwrap_or_default()]
    }

    pub(super) fn alive(&self) -> StoreResult<()> {
        if self.queues.iter().any(mpsc::Sender::is_closed) {
            return Err(closed());
        }
        Ok(())
    }

    /// Takes no more, and waits until all that wait are answered.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a committer has ended badly");
            }
        }
    }
}

pub(super) fn too_many() -> StoreError {
    StoreError::Unavailable("too many appends are waiting".to_owned())
}

fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".to_owned())
}

#[cfg(test)]
mod tests;
