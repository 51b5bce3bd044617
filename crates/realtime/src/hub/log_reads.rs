use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{RoomEvent, RoomId, Seq, StoreError, ports::RoomLog};
use tokio::{
    sync::Semaphore,
    task::{self, AbortHandle, JoinSet},
};

/// What the hub has under way beside its loop: reads of the log, and waits before one. All end with the hub.
pub(super) struct LogReads {
    log: Arc<dyn RoomLog>,
    /// After a loss every room wants to be read: they take turns, and leave the database to others too.
    turns: Arc<Semaphore>,
    under_way: JoinSet<Outcome>,
    asked_by: HashMap<task::Id, (RoomId, u64)>,
}

/// Something that was under way is done. `epoch` tells the feed that asked from a later one of the same room.
pub(super) struct Done {
    pub room_id: RoomId,
    pub epoch: u64,
    pub what: Outcome,
}

pub(super) enum Outcome {
    /// The log answered: the events, and whether they were all.
    Read(Result<(Vec<RoomEvent>, bool), StoreError>),
    /// The wait for a missing number is over.
    GapDue,
    /// The wait after a read that failed is over.
    RetryDue,
}

/// Somebody still wants what is under way. A room that nobody follows any more must not stand in the line of the others.
#[must_use]
pub(super) struct Wanted(AbortHandle);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl LogReads {
    pub(super) fn new(log: Arc<dyn RoomLog>, at_once: usize) -> Self {
        Self {
            log,
            turns: Arc::new(Semaphore::new(at_once.max(1))),
            under_way: JoinSet::new(),
            asked_by: HashMap::new(),
        }
    }

    /// Reads a page, when its turn has come, unless what this answers is dropped before.
    pub(super) fn read(&mut self, room_id: RoomId, epoch: u64, after: Seq, page: u32) -> Wanted {
        let (log, turns) = (self.log.clone(), self.turns.clone());
        self.spawn(room_id, epoch, async move {
            // Never closed, so that this never fails.
            let _turn = turns.acquire().await;
            let events = log.read(room_id, after, page).await;
            Outcome::Read(events.map(|events| {
                let is_all = events.len() < page as usize;
                (events, is_all)
            }))
        })
    }

    /// Says `what` after `time`.
    pub(super) fn wait(
        &mut self,
        room_id: RoomId,
        epoch: u64,
        time: Duration,
        what: Outcome,
    ) -> Wanted {
        self.spawn(room_id, epoch, async move {
            tokio::time::sleep(time).await;
            what
        })
    }

    fn spawn<F>(&mut self, room_id: RoomId, epoch: u64, work: F) -> Wanted
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let task = self.under_way.spawn(work);
        self.asked_by.insert(task.id(), (room_id, epoch));
        Wanted(task)
    }

    /// The next that is done; never while nothing is under way. Cancel-safe.
    pub(super) async fn next(&mut self) -> Done {
        loop {
            let (id, what) = match self.under_way.join_next_with_id().await {
                Some(Ok(done)) => done,
                // It panicked, or was given up with the feed that asked.
                Some(Err(error)) => {
                    let id = error.id();
                    (id, Outcome::Read(Err(StoreError::Other(error.to_string()))))
                }
                None => std::future::pending().await,
            };
            if let Some((room_id, epoch)) = self.asked_by.remove(&id) {
                return Done {
                    room_id,
                    epoch,
                    what,
                };
            }
        }
    }
}
