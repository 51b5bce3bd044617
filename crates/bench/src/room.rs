use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use futures_util::{StreamExt, stream};
use hdrhistogram::Histogram;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    account::Account,
    connection::Address,
    door::Door,
    listener::Listener,
    order::Told,
    participant::Took,
    speaker::Speaker,
    summary::{Summary, micros, times},
};

/// A room in which one speaks and others listen.
#[derive(Clone)]
pub(crate) struct Room(Arc<Inner>);

struct Inner {
    id: String,
    /// What tells its messages from those of other rooms and runs.
    tag: String,
    owner: Account,
    /// Of the account of each listener.
    listeners: Vec<Address>,
    /// How many are said, but for the last one, which is sent when these are acknowledged.
    messages: u64,
    pause: Duration,
    start: OnceLock<Instant>,
    sent: AtomicU64,
    told: AtomicU64,
    acknowledged: watch::Sender<u64>,
    /// From the moment at which a message was due to its acknowledgement, in microseconds.
    to_acknowledge: Mutex<Histogram<u64>>,
    /// And until it was told, live.
    to_tell: Mutex<Histogram<u64>>,
}

/// A server lets a user have 50 sockets unless it was told otherwise, and those that come back may meet their old ones.
const SOCKETS_PER_ACCOUNT: usize = 25;
/// Sockets of a room that are being opened at a time.
const OPENING: usize = 16;

impl Room {
    /// Makes it, with accounts for so many listeners; so many messages will be said in it.
    pub(crate) async fn make(
        door: &Door,
        listeners: usize,
        messages: u64,
        pause: Duration,
    ) -> Result<Self> {
        let name = door.name();
        let owner = door.account(&name).await?;
        let mut accounts = Vec::new();
        for _ in 0..listeners.div_ceil(SOCKETS_PER_ACCOUNT) {
            accounts.push(door.account(&door.name()).await?);
        }
        let members: Vec<_> = accounts.iter().map(|it| it.id.as_str()).collect();
        let id = owner.make_room(&members).await?;
        let listeners = (0..listeners).map(|place| {
            let account = &accounts[place / SOCKETS_PER_ACCOUNT];
            door.address(account, &id)
        });
        Ok(Self(Arc::new(Inner {
            listeners: listeners.collect(),
            id,
            tag: name,
            owner,
            messages,
            pause,
            start: OnceLock::new(),
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
            acknowledged: watch::Sender::new(0),
            to_acknowledge: Mutex::new(times()?),
            to_tell: Mutex::new(times()?),
        })))
    }

    /// Opens all its sockets. Those that listen do so from here on.
    pub(crate) async fn open(
        &self,
        door: &Door,
        listening: &mut JoinSet<Result<Took>>,
    ) -> Result<Speaker> {
        let opening = self.0.listeners.iter().enumerate().map(|(place, address)| {
            // Every other one goes away and comes back.
            Listener::open(address.clone(), self, place % 2 == 0)
        });
        let mut opening = stream::iter(opening).buffered(OPENING);
        while let Some(listener) = opening.next().await {
            listening.spawn(listener?.listen(self.clone()));
        }
        let address = door.address(&self.0.owner, &self.0.id);
        Speaker::open(address, self.tag()).await
    }

    /// Deletes it. The accounts stay.
    pub(crate) async fn clear_away(&self) -> Result<()> {
        self.0.owner.delete_room(&self.0.id).await
    }

    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }

    pub(crate) fn tag(&self) -> &str {
        &self.0.tag
    }

    /// How many messages are said in it, but for the last one.
    pub(crate) fn messages(&self) -> u64 {
        self.0.messages
    }

    /// From here on messages are due.
    pub(crate) fn start(&self, at: Instant) {
        // Once.
        let _ = self.0.start.set(at);
    }

    /// When the message of this number is due.
    pub(crate) fn due(&self, number: u64) -> Instant {
        let start = self.0.start.get().copied().unwrap_or_else(Instant::now);
        start + self.0.pause * u32::try_from(number).unwrap_or(u32::MAX)
    }

    pub(crate) fn note_sent(&self) {
        self.0.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_acknowledged(&self, number: u64) -> Result<()> {
        self.0.acknowledged.send_modify(|count| *count += 1);
        if number < self.0.messages {
            let took = self.due(number).elapsed();
            lock(&self.0.to_acknowledge).record(micros(took))?;
        }
        Ok(())
    }

    pub(crate) fn note_told(&self, told: &Told) {
        let Told::Message { number, is_live } = *told else {
            return;
        };
        self.0.told.fetch_add(1, Ordering::Relaxed);
        if is_live && number < self.0.messages {
            let took = self.due(number).elapsed();
            // Within the bounds, as all of them.
            lock(&self.0.to_tell).saturating_record(micros(took));
        }
    }

    /// Waits until more messages than so many are acknowledged.
    pub(crate) async fn says_more_than(&self, count: u64) {
        let mut acknowledged = self.0.acknowledged.subscribe();
        // It is closed with the room, which is held here.
        let _ = acknowledged.wait_for(|it| *it > count).await;
    }

    /// How many were sent, how many are acknowledged, and how often one was told, so far.
    pub(crate) fn so_far(&self) -> [u64; 3] {
        let [sent, told] = [&self.0.sent, &self.0.told].map(|it| it.load(Ordering::Relaxed));
        [sent, *self.0.acknowledged.borrow(), told]
    }

    /// Adds what it has measured.
    pub(crate) fn add_times(&self, summary: &mut Summary) {
        summary.add_times(&lock(&self.0.to_acknowledge), &lock(&self.0.to_tell));
    }
}

fn lock(times: &Mutex<Histogram<u64>>) -> MutexGuard<'_, Histogram<u64>> {
    // Whoever panicked while they held it is told as that.
    times.lock().unwrap_or_else(PoisonError::into_inner)
}
