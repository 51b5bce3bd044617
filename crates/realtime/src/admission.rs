use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::{IdMap, UserCount, UserId};
use tokio::time::Instant;

use crate::{CloseReason, Outbox};

/// How many sockets a node takes; `None`: as many as come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// In all, with those whose handshake is under way.
    pub node: Option<usize>,
    /// Of one user.
    pub user: Option<usize>,
    /// From one address.
    pub address: Option<usize>,
    /// A socket that was not heard for longer gives its user's place to a new one when the user has no other left.
    pub silence: Duration,
}

/// Which cap is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// That of the node.
    #[error("this node has as many sockets as it takes")]
    Node,
    /// That of the user.
    #[error("the user has as many sockets as one may have on a node")]
    User,
    /// That of the address.
    #[error("there are as many sockets from this address as may be on a node")]
    Address,
}

/// Counts the sockets of this node. The caps hold exactly, however many come at once.
#[derive(Debug)]
pub struct Admission {
    settings: AdmissionSettings,
    ledger: Arc<Mutex<Ledger>>,
}

// A std Mutex and not a Tokio one: it is held for a look-up and a count, never across an await.
#[derive(Debug, Default)]
struct Ledger {
    taken: usize,
    /// The most that were taken at once.
    peak: usize,
    by_user: IdMap<UserId, Vec<Arc<Place>>>,
    by_network: HashMap<Arc<str>, usize>,
}

#[derive(Debug)]
struct Place {
    user_id: UserId,
    network: Arc<str>,
    outbox: Arc<Outbox>,
    taken_at: Instant,
    /// When it was heard last, in milliseconds after `taken_at`.
    heard: AtomicU64,
}

/// Who holds the seats of a node, and what waits for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Census {
    pub taken: usize,
    /// The most that were taken at once.
    pub peak: usize,
    pub users: UserCount,
    /// What waits to be written, in bytes.
    pub queue_bytes: usize,
    /// The part of it that is the largest for one socket.
    pub largest_queue: usize,
}

/// The place of one socket, given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    ledger: Arc<Mutex<Ledger>>,
    place: Arc<Place>,
}

impl Admission {
    /// With every place free.
    #[must_use]
    pub fn new(settings: AdmissionSettings) -> Self {
        Self {
            settings,
            ledger: Arc::default(),
        }
    }

    /// Takes a place for a socket that was heard at `now`, of a user and from a network.
    ///
    /// If nothing but the user's own cap is in the way, and one of the user's sockets has been silent for too long, that
    /// one is closed as [`CloseReason::TooManySockets`] and its place goes to the new one. On the node and for its
    /// address it counts until its own seat is dropped, because so long it has a file descriptor.
    ///
    /// # Errors
    /// The cap that is reached.
    pub fn admit(
        &self,
        user_id: UserId,
        network: &str,
        outbox: Arc<Outbox>,
        now: Instant,
    ) -> Result<Seat, Full> {
        let settings = &self.settings;
        let mut ledger = lock(&self.ledger);
        if is_full(settings.node, ledger.taken) {
            return Err(Full::Node);
        }
        let of_network = ledger.by_network.get(network);
        if is_full(settings.address, of_network.copied().unwrap_or(0)) {
            return Err(Full::Address);
        }
        let of_user = ledger.by_user.get(&user_id).map_or(0, Vec::len);
        let silent = match is_full(settings.user, of_user) {
            true => Some(
                ledger
                    .take_silent(user_id, settings.silence, now)
                    .ok_or(Full::User)?,
            ),
            false => None,
        };
        let place = ledger.take(user_id, network, outbox, now);
        drop(ledger);
        if let Some(silent) = silent {
            silent.outbox.close(CloseReason::TooManySockets);
        }
        Ok(Seat {
            ledger: self.ledger.clone(),
            place,
        })
    }

    /// How many seats are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        lock(&self.ledger).taken
    }

    /// Looks at every seat. Who comes or goes waits meanwhile: less than a millisecond for ten thousand seats.
    pub(crate) fn census(&self) -> Census {
        let ledger = lock(&self.ledger);
        let places = ledger.by_user.values().flatten();
        let queues = places.map(|place| place.outbox.queued_bytes());
        let (queue_bytes, largest_queue) = queues.fold((0, 0), |(sum, largest), bytes| {
            (sum + bytes, bytes.max(largest))
        });
        Census {
            taken: ledger.taken,
            peak: ledger.peak,
            users: UserCount::of(ledger.by_user.keys().copied()),
            queue_bytes,
            largest_queue,
        }
    }
}

impl Seat {
    /// Notes that the peer has given a sign of life. Cheap: no lock is taken.
    pub fn heard(&self, now: Instant) {
        let after = now.saturating_duration_since(self.place.taken_at);
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.place.heard.store(after, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.ledger).give_back(&self.place);
    }
}

impl Ledger {
    fn take(
        &mut self,
        user_id: UserId,
        network: &str,
        outbox: Arc<Outbox>,
        now: Instant,
    ) -> Arc<Place> {
        let network = match self.by_network.get_key_value(network) {
            Some((known, _)) => known.clone(),
            None => Arc::from(network),
        };
        let place = Arc::new(Place {
            user_id,
            network: network.clone(),
            outbox,
            taken_at: now,
            heard: AtomicU64::new(0),
        });
        self.taken += 1;
        self.peak = self.peak.max(self.taken);
        *self.by_network.entry(network).or_default() += 1;
        self.by_user.entry(user_id).or_default().push(place.clone());
        place
    }

    /// Takes the user's place from that of the user's sockets which has been silent longest, if that is too long.
    fn take_silent(
        &mut self,
        user_id: UserId,
        silence: Duration,
        now: Instant,
    ) -> Option<Arc<Place>> {
        let places = self.by_user.get_mut(&user_id)?;
        let heard_at = places.iter().map(|place| place.heard_at()).enumerate();
        let (at, heard_at) = heard_at.min_by_key(|(_, heard_at)| *heard_at)?;
        (now.saturating_duration_since(heard_at) > silence).then(|| places.swap_remove(at))
    }

    fn give_back(&mut self, place: &Arc<Place>) {
        self.taken -= 1;
        if let Entry::Occupied(mut of_network) = self.by_network.entry(place.network.clone()) {
            *of_network.get_mut() -= 1;
            if *of_network.get() == 0 {
                of_network.remove();
            }
        }
        if let Entry::Occupied(mut of_user) = self.by_user.entry(place.user_id) {
            let places = of_user.get_mut();
            // It is not there any more if it was silent, and another socket has its place.
            if let Some(at) = places.iter().position(|other| Arc::ptr_eq(other, place)) {
                places.swap_remove(at);
            }
            if places.is_empty() {
                of_user.remove();
            }
        }
    }
}

impl Place {
    fn heard_at(&self) -> Instant {
        self.taken_at + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }
}

fn is_full(cap: Option<usize>, taken: usize) -> bool {
    cap.is_some_and(|cap| taken >= cap)
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    // Nothing in here panics half-way through a change, so a poisoned ledger is still whole.
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
