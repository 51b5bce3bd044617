use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use deadpool_postgres::Client;
use domain::{RoomId, StoreError, ports::NewMessage};
use futures_util::FutureExt as _;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    GroupCommit, appends,
    committers::{Waiting, too_many},
    fault::{Fault, Reach},
    line::Line,
};
use crate::CommitSizes;

/// Takes what waits into one transaction, again and again.
pub(super) struct Committer {
    line: Line,
    waiting: mpsc::Receiver<Waiting>,
    closing: CancellationToken,
    commits: Arc<CommitSizes>,
    batch: usize,
    /// How many may wait for a room that was set aside.
    limit: usize,
    lock_timeout: Duration,
    /// Rooms that somebody else holds, each with what waits for it. A batch of one of them is tried in each round, so
    /// that they hold up nobody else for long.
    aside: VecDeque<(RoomId, Vec<Waiting>)>,
    /// Begins a transaction that may wait for a lock for a while.
    patient: String,
    /// Begins one that others should not have to wait for.
    hasty: String,
}

/// What became of an attempt to commit some appends together.
enum Attempt {
    /// All are answered.
    Done,
    /// Nothing was committed, and these may fare better in smaller groups, or later.
    Again(Vec<Waiting>, Fault),
    /// The database, or the connection to it, is away. All are answered.
    Away(StoreError, Reach),
}

impl Committer {
    pub(super) fn new(
        line: Line,
        waiting: mpsc::Receiver<Waiting>,
        closing: CancellationToken,
        commits: Arc<CommitSizes>,
        options: &GroupCommit,
        lock_timeout: Duration,
    ) -> Self {
        let begin = |part: u32| {
            let patience = (lock_timeout / part).as_millis().max(1);
            format!("{}; SET LOCAL lock_timeout = {patience}", appends::BEGIN)
        };
        Self {
            line,
            waiting,
            closing,
            commits,
            batch: options.batch.max(1),
            limit: options.queue.max(1),
            lock_timeout,
            aside: VecDeque::new(),
            patient: begin(4),
            hasty: begin(40),
        }
    }

    /// Ends when nobody can ask any more, or at the closing, and all are answered.
    pub(super) async fn serve(mut self) {
        while let Some(batch) = self.next().await {
            // Who was in the round hears that their append was given up, since nobody holds the other end any more.
            if AssertUnwindSafe(self.round(batch))
                .catch_unwind()
                .await
                .is_err()
            {
                tracing::error!("a committer panicked, and goes on");
            }
        }
    }

    /// What waits, at most a batch of it; it may be nothing while rooms are set aside. Waits for the first one alone: a
    /// lone sender is not held up.
    async fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut batch = Vec::new();
        if self.aside.is_empty() {
            batch.push(self.first().await?);
        } else if self.closing.is_cancelled() {
            self.waiting.close();
        }
        while batch.len() < self.batch
            && let Ok(next) = self.waiting.try_recv()
        {
            batch.push(next);
        }
        Some(batch)
    }

    async fn first(&mut self) -> Option<Waiting> {
        tokio::select! {
            first = self.waiting.recv() => return first,
            () = self.closing.cancelled() => {}
        }
        // Nothing new comes in, and what is queued still comes out.
        self.waiting.close();
        self.waiting.recv().await
    }

    async fn round(&mut self, batch: Vec<Waiting>) {
        let mut together = Vec::with_capacity(batch.len());
        for waiting in batch {
            let room = waiting.new.room_id;
            match self.aside.iter_mut().find(|(held, _)| *held == room) {
                Some((_, behind)) if behind.len() < self.limit => {
                    behind.push(within(waiting, self.lock_timeout));
                }
                Some(_) => waiting.answer(Err(too_many())),
                None => together.push(waiting),
            }
        }
        let quiet = together.is_empty();
        // Taken before, so that a room is not tried twice in one round.
        let held = self.aside.pop_front();
        self.together(together).await;
        if let Some((room, waiting)) = held {
            let mut waiting = still(waiting);
            let behind = waiting.split_off(waiting.len().min(self.batch));
            let begin = if quiet { &self.patient } else { &self.hasty };
            let mut left = match self.attempt(waiting, begin).await {
                Attempt::Done | Attempt::Away(..) => Vec::new(),
                Attempt::Again(waiting, fault) if fault.reach() == Reach::Lock => waiting,
                Attempt::Again(waiting, _) => self.one_by_one(waiting).await,
            };
            left.extend(behind);
            self.set_aside(room, left);
        }
    }

    /// One transaction for all. When it fails for a reason that may lie in one of them, each room has its own.
    async fn together(&mut self, waiting: Vec<Waiting>) {
        let (waiting, fault) = match self.attempt(waiting, &self.patient).await {
            Attempt::Done | Attempt::Away(..) => return,
            Attempt::Again(waiting, fault) => (waiting, fault),
        };
        let mut rooms = by_room(waiting).into_iter();
        if rooms.len() == 1 {
            for (room, waiting) in rooms {
                self.apart(room, waiting, &fault).await;
            }
            return;
        }
        tracing::debug!(?fault, "appends are committed room by room");
        let mut reconnected = false;
        while let Some((room, waiting)) = rooms.next() {
            match self.attempt(waiting, &self.hasty).await {
                Attempt::Done => {}
                Attempt::Again(waiting, fault) => self.apart(room, waiting, &fault).await,
                // It may be this connection alone: the next room has another, once.
                Attempt::Away(_, Reach::Connection) if !reconnected => reconnected = true,
                Attempt::Away(error, _) => {
                    return rooms
                        .flat_map(|(_, waiting)| waiting)
                        .for_each(|waiting| waiting.answer(Err(error.clone())));
                }
            }
        }
    }

    /// A room that could not be committed by itself: somebody holds it, or one of its appends is at fault.
    async fn apart(&mut self, room: RoomId, waiting: Vec<Waiting>, fault: &Fault) {
        let left = if fault.reach() == Reach::Lock {
            waiting
        } else {
            self.one_by_one(waiting).await
        };
        self.set_aside(room, left);
    }

    fn set_aside(&mut self, room: RoomId, waiting: Vec<Waiting>) {
        if !waiting.is_empty() {
            let patience = self.lock_timeout;
            let waiting = waiting.into_iter().map(|waiting| within(waiting, patience));
            self.aside.push_back((room, waiting.collect()));
        }
    }

    /// Answers those of a room that are left when somebody else holds it.
    async fn one_by_one(&self, waiting: Vec<Waiting>) -> Vec<Waiting> {
        let mut rest = waiting.into_iter();
        while let Some(waiting) = rest.next() {
            match self.attempt(vec![waiting], &self.patient).await {
                Attempt::Done => {}
                Attempt::Again(mut alone, fault) if fault.reach() == Reach::Lock => {
                    alone.extend(rest);
                    return alone;
                }
                Attempt::Again(alone, fault) => {
                    let error = StoreError::from(fault);
                    alone
                        .into_iter()
                        .for_each(|waiting| waiting.answer(Err(error.clone())));
                }
                Attempt::Away(error, _) => {
                    rest.for_each(|waiting| waiting.answer(Err(error.clone())));
                    break;
                }
            }
        }
        Vec::new()
    }

    /// Commits together those that still wait, and answers them.
    async fn attempt(&self, waiting: Vec<Waiting>, begin: &str) -> Attempt {
        let waiting = still(waiting);
        if waiting.is_empty() {
            return Attempt::Done;
        }
        let batch: Vec<&NewMessage> = waiting.iter().map(|waiting| &waiting.new).collect();
        #[cfg(test)]
        assert!(
            batch.iter().all(|new| new.content.as_str() != PANIC),
            "a test has asked for it"
        );
        let outcome = self
            .line
            .attempt(async |client: &mut Client| {
                let fates = appends::commit(client, begin, &batch).await?;
                Ok(appends::answers(client, &batch, fates).await)
            })
            .await;
        match outcome {
            Ok(answers) => {
                let changes = answers.iter().filter(|answer| answer.is_ok());
                self.commits.record(changes.count());
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    waiting.answer(answer);
                }
                Attempt::Done
            }
            Err(fault) if matches!(fault.reach(), Reach::Work | Reach::Lock) => {
                Attempt::Again(waiting, fault)
            }
            Err(fault) => {
                let reach = fault.reach();
                let error = StoreError::from(fault);
                let appends = waiting.len();
                // Who cannot hear the answer to `COMMIT` does not know it.
                if reach == Reach::Connection {
                    tracing::warn!(%error, appends, "appends may not have been committed");
                } else {
                    tracing::warn!(%error, appends, "appends were not committed");
                }
                for waiting in waiting {
                    waiting.answer(Err(error.clone()));
                }
                Attempt::Away(error, reach)
            }
        }
    }
}

/// A message that brings a committer to a panic.
#[cfg(test)]
pub(super) const PANIC: &str = "a panic of the committer";

/// Without those whose callers have gone away, and those who have waited for too long, who hear it.
fn still(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let now = Instant::now();
    let (still, late): (Vec<_>, Vec<_>) = waiting
        .into_iter()
        .filter(|waiting| !waiting.caller.is_closed())
        .partition(|waiting| waiting.deadline > now);
    for waiting in late {
        let late = "the append has waited for too long, and was not carried out";
        waiting.answer(Err(StoreError::Unavailable(late.to_owned())));
    }
    still
}

/// It waits for a lock now, and no longer than is allowed.
fn within(mut waiting: Waiting, patience: Duration) -> Waiting {
    waiting.deadline = waiting.deadline.min(Instant::now() + patience);
    waiting
}

/// The rooms in the order of their first append, each with its own in their order.
fn by_room(waiting: Vec<Waiting>) -> Vec<(RoomId, Vec<Waiting>)> {
    let mut places: HashMap<RoomId, usize> = HashMap::new();
    let mut rooms: Vec<(RoomId, Vec<Waiting>)> = Vec::new();
    for waiting in waiting {
        let room = waiting.new.room_id;
        let place = *places.entry(room).or_insert_with(|| {
            rooms.push((room, Vec::new()));
            rooms.len() - 1
        });
        rooms[place].1.push(waiting);
    }
    rooms
}
