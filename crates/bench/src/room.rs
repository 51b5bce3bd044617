use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    account::Account,
    connection::{Address, Door},
    listener::Listener,
    speaker::Speaker,
};

/// A room in which one speaks and others listen.
#[derive(Clone)]
pub(crate) struct Room(Arc<Inner>);

struct Inner {
    id: String,
    owner: Account,
    /// Of the account of each listener.
    listeners: Vec<Address>,
    messages: u64,
    sent: AtomicU64,
    told: AtomicU64,
}

/// A server lets a user have 50 sockets unless it was told otherwise; some room for those that come back.
const SOCKETS_PER_ACCOUNT: usize = 40;
/// Sockets of a room that are being opened at a time.
const OPENING: usize = 16;

impl Room {
    /// Makes it, with accounts for so many listeners; so many messages will be said in it.
    pub(crate) async fn make(door: &Door, listeners: usize, messages: u64) -> Result<Self> {
        let owner = Account::new(door, &door.name()).await?;
        let mut accounts = Vec::new();
        for _ in 0..listeners.div_ceil(SOCKETS_PER_ACCOUNT) {
            accounts.push(Account::new(door, &door.name()).await?);
        }
        let members: Vec<_> = accounts.iter().map(|it| it.id.as_str()).collect();
        let id = owner.make_room(&members).await?;
        let listeners = (0..listeners).map(|place| {
            let account = &accounts[place / SOCKETS_PER_ACCOUNT];
            door.address(&account.token, &id)
        });
        Ok(Self(Arc::new(Inner {
            listeners: listeners.collect(),
            id,
            owner,
            messages,
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
        })))
    }

    /// Opens all its sockets.
    pub(crate) async fn open(&self, door: &Door) -> Result<(Speaker, Vec<Listener>)> {
        let address = door.address(&self.0.owner.token, &self.0.id);
        let speaker = Speaker::open(address).await?;
        let opening = self.0.listeners.iter().enumerate().map(|(place, address)| {
            // Every other one goes away and comes back.
            Listener::open(address.clone(), self.0.messages, place % 2 == 0)
        });
        let listeners = stream::iter(opening).buffered(OPENING).try_collect();
        Ok((speaker, listeners.await?))
    }

    /// Deletes it. The accounts stay.
    pub(crate) async fn clear_away(&self) -> Result<()> {
        self.0.owner.delete_room(&self.0.id).await
    }

    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }

    /// How many messages are said in it.
    pub(crate) fn messages(&self) -> u64 {
        self.0.messages
    }

    pub(crate) fn note_sent(&self) {
        self.0.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_told(&self) {
        self.0.told.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were sent, and how often one was told, so far.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        let [sent, told] = [&self.0.sent, &self.0.told].map(|it| it.load(Ordering::Relaxed));
        (sent, told)
    }
}
