use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    ConnectionId, RoomId, StoreError, StoreResult, UserId,
    ports::{Presence, PresenceChange, Present},
};
use futures_util::{StreamExt, future, stream};
use tokio::{sync::RwLock, task::JoinHandle};

use self::{
    seats::{Left, Seats},
    store::Store,
};
use super::RedisLink;

mod seats;
mod store;
mod tending;

/// How presence over nodes works.
#[derive(Debug, Clone)]
pub struct PresenceOptions {
    /// For how long a socket counts that its node does not tend to; 30 s. At least one millisecond, the same on every
    /// node. [`tend`](Presence::tend) is to be called about three times in it.
    pub lease: Duration,
    /// About how many rooms Redis is asked at once; 32.
    pub rooms_at_once: usize,
    /// How many sockets are renewed, and how many leases that are over are taken out, in one call; 500.
    pub sockets_per_call: usize,
    /// How many sockets that left a room while Redis was away are remembered, to be taken out of it afterwards;
    /// 100,000. The leases of others run out by themselves.
    pub departed: usize,
}

impl Default for PresenceOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            rooms_at_once: 32,
            sockets_per_call: 500,
            departed: 100_000,
        }
    }
}

/// Presence over all nodes, as leases in Redis.
///
/// This node's sockets stand in memory as well: while Redis is away they alone answer, and when it is back, empty or
/// not, they are put into it at once.
///
/// What Redis forgot of a node that died, nobody tells: when a node dies while Redis is away or empty, and no other one
/// finds its leases within two lease times, clients of other nodes hear that its users are gone late, at the next change
/// of each. The list is right all the while.
pub struct RedisPresence {
    shared: Arc<Shared>,
    healing: JoinHandle<()>,
}

struct Shared {
    store: Store,
    options: PresenceOptions,
    // A std Mutex and not a Tokio one, because it is never held across an await.
    seats: Mutex<Seats>,
    /// Read by those who enter and leave, written by who renews: a socket that leaves must not be put back.
    gate: RwLock<()>,
    /// Held by who tends; what it found and nobody was told yet, of which each socket of this node causes at most
    /// one, and each sweep a bounded number.
    found: tokio::sync::Mutex<Vec<PresenceChange>>,
    steadiness: Mutex<Steadiness>,
}

/// Whether every node has had the time to renew its leases since something last went wrong. Until then no lease is
/// swept, because its socket may well be alive.
#[derive(Debug)]
struct Steadiness {
    from: Instant,
    tended: Instant,
}

impl RedisPresence {
    /// Presence through this link. To be called in a Tokio runtime.
    #[must_use]
    pub fn new(link: Arc<RedisLink>, options: PresenceOptions) -> Self {
        let now = Instant::now();
        let shared = Arc::new(Shared {
            store: Store::new(link, options.lease),
            seats: Mutex::default(),
            gate: RwLock::default(),
            found: tokio::sync::Mutex::default(),
            steadiness: Mutex::new(Steadiness {
                from: now + options.lease,
                tended: now,
            }),
            options,
        });
        let healing = tokio::spawn(tending::heal(shared.clone()));
        Self { shared, healing }
    }
}

impl Drop for RedisPresence {
    fn drop(&mut self) {
        // It holds nothing but what is dropped here; what it has sent to Redis is complete in itself.
        self.healing.abort();
    }
}

impl Shared {
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn steadiness(&self) -> MutexGuard<'_, Steadiness> {
        let steadiness = self.steadiness.lock();
        steadiness.unwrap_or_else(PoisonError::into_inner)
    }

    fn is_steady(&self) -> bool {
        self.steadiness().from <= Instant::now()
    }

    /// Leases may be over, or missing, whose sockets are alive.
    fn is_unsteady_now(&self) {
        self.steadiness().from = Instant::now() + self.options.lease;
    }

    /// True when it is the user's first socket in the room.
    async fn enter(
        &self,
        room: RoomId,
        user: &Present,
        socket: ConnectionId,
        first_here: bool,
    ) -> bool {
        if !self.store.link().is_up() {
            return first_here;
        }
        match self.store.enter(room, user, socket).await {
            Ok(first) => {
                self.seats().told(room, user.user_id, socket);
                first
            }
            Err(error) => {
                self.is_unsteady_now();
                tracing::debug!(%error, "presence is answered from this node alone");
                first_here
            }
        }
    }

    /// True when it was the user's last socket in the room.
    async fn leave(&self, room: RoomId, user_id: UserId, socket: ConnectionId, left: Left) -> bool {
        if !self.store.link().is_up() {
            return left.last_here;
        }
        let user = Present {
            user_id,
            username: left.username,
        };
        let unsure = !self.is_steady();
        let known = self.seats().known(room, user_id);
        match self.store.leave(room, &user, &[socket], unsure).await {
            Ok(last) => {
                let mut seats = self.seats();
                seats.settled(room, user_id, &[socket]);
                // Others of this node that it knew of, and that have not left, it has forgotten, until they are renewed.
                // One that is just coming in is the first again, and tells so.
                last && !seats.last_any(room, user_id, &known)
            }
            Err(error) => {
                self.is_unsteady_now();
                tracing::debug!(%error, "presence is answered from this node alone");
                left.last_here
            }
        }
    }

    /// What is not none of all these, a bounded number of which run at once.
    async fn all(
        &self,
        calls: impl Iterator<Item = impl Future<Output = Option<RoomId>>>,
    ) -> Vec<RoomId> {
        stream::iter(calls)
            .buffer_unordered(self.options.rooms_at_once.max(1))
            .filter_map(future::ready)
            .collect()
            .await
    }
}

#[async_trait]
impl Presence for RedisPresence {
    async fn enter(
        &self,
        user: &Present,
        socket: ConnectionId,
        rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        let shared = &self.shared;
        let _no_renewal = shared.gate.read().await;
        let mut entered = Vec::new();
        {
            let mut seats = shared.seats();
            for room in rooms {
                let first_here = seats.enter(room, user, socket);
                entered.extend(first_here.map(|first_here| (room, first_here)));
            }
        }
        let firsts = entered.into_iter().map(|(room, first_here)| async move {
            let first = shared.enter(room, user, socket, first_here).await;
            first.then_some(room)
        });
        Ok(shared.all(firsts).await)
    }

    async fn leave(
        &self,
        user: &Present,
        socket: ConnectionId,
        rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        let shared = &self.shared;
        let _no_renewal = shared.gate.read().await;
        let mut left = Vec::new();
        {
            let mut seats = shared.seats();
            for room in rooms {
                let how = seats.leave(room, user.user_id, socket, shared.options.departed);
                left.extend(how.map(|how| (room, how)));
            }
        }
        let lasts = left.into_iter().map(|(room, how)| async move {
            let last = shared.leave(room, user.user_id, socket, how).await;
            last.then_some(room)
        });
        Ok(shared.all(lasts).await)
    }

    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let shared = &self.shared;
        let mut users = BTreeSet::new();
        if shared.store.link().is_up() {
            match shared.store.online(room).await {
                Ok(online) => users.extend(online),
                Err(error) => tracing::debug!(%error, "presence is answered from this node alone"),
            }
        }
        users.extend(shared.seats().users(room));
        Ok(users.into_iter().collect())
    }

    async fn online_everywhere(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let shared = &self.shared;
        if !shared.store.link().is_up() {
            let away = "the other nodes cannot be asked who is there";
            return Err(StoreError::Unavailable(away.to_owned()));
        }
        let mut users: BTreeSet<_> = shared.store.online(room).await?.into_iter().collect();
        users.extend(shared.seats().users(room));
        Ok(users.into_iter().collect())
    }

    fn is_settled(&self) -> bool {
        self.shared.store.link().is_up() && self.shared.is_steady()
    }

    async fn tend(&self) -> StoreResult<Vec<PresenceChange>> {
        let mut found = self.shared.found.lock().await;
        self.shared.tend(&mut found).await;
        Ok(std::mem::take(&mut found))
    }
}

#[cfg(test)]
mod tests;
