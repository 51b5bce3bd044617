use std::{
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    BusEvent, ConnectionId, IdMap, RoomId, UserId,
    ports::{EventBus, Presence, PresenceChange, Present},
};
use futures_util::{StreamExt, stream};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

/// Tells the presence port which sockets follow which rooms, and the rooms whose presence changed by it.
///
/// The hub must not wait, so it only notes what should be true; a task makes it so. Only the latest wish for a socket
/// and a room is kept, so the notes are bounded by what the sockets follow. That somebody has left is told after a
/// while only: who comes back within it was never away.
pub(crate) struct PresenceKeeper {
    presence: Arc<dyn Presence>,
    bus: Arc<dyn EventBus>,
    settings: PresenceSettings,
    wishes: Mutex<IdMap<ConnectionId, Wishes>>,
    /// Two changes of one user must not cross: each user has one of these.
    turns: Vec<tokio::sync::Mutex<()>>,
    hasher: RandomState,
    /// Held by who fulfils wishes, so that the last to do so also waits for those that are being fulfilled.
    settling: tokio::sync::Mutex<()>,
    changed: Notify,
    tend_now: Notify,
    /// Guests who are gone from a room.
    departed: mpsc::UnboundedSender<(RoomId, UserId)>,
}

/// The guests who have left a room with their last socket, on whatever node it was, in the order in which that was found.
pub struct Departures(mpsc::UnboundedReceiver<(RoomId, UserId)>);

impl Departures {
    /// The next one; none once the hub is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<(RoomId, UserId)> {
        self.0.recv().await
    }
}

/// What an operator sets.
#[derive(Debug, Clone, Copy)]
pub struct PresenceSettings {
    /// How long after a user's last socket it is told that they have gone.
    pub linger: Duration,
    /// How often the leases of this node's sockets are renewed.
    pub tend_interval: Duration,
}

/// What should be true of one socket.
struct Wishes {
    user: Present,
    rooms: IdMap<RoomId, Wish>,
}

#[derive(Clone, Copy)]
struct Wish {
    present: bool,
    due: Instant,
}

/// Wishes of one socket that are due.
struct Batch {
    socket: ConnectionId,
    user: Present,
    present: bool,
    rooms: Vec<RoomId>,
}

/// How many users' changes are made at a time.
const AT_ONCE: usize = 16;
/// Enough that two users rarely wait for each other.
const TURNS: usize = 256;

impl PresenceKeeper {
    pub(crate) fn new(
        presence: Arc<dyn Presence>,
        bus: Arc<dyn EventBus>,
        settings: PresenceSettings,
    ) -> (Self, Departures) {
        // Unbounded in form: no more wait in it than guests had sockets here.
        let (departed, departures) = mpsc::unbounded_channel();
        let keeper = Self {
            presence,
            bus,
            settings,
            wishes: Mutex::default(),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
            hasher: RandomState::new(),
            settling: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            tend_now: Notify::new(),
            departed,
        };
        (keeper, Departures(departures))
    }

    /// Notes that the socket follows these rooms now, or no longer does.
    pub(crate) fn wish(
        &self,
        socket: ConnectionId,
        user: &Present,
        rooms: &[RoomId],
        present: bool,
    ) {
        // A guest is somebody while they are there.
        let linger = if present || user.user_id.is_guest() {
            Duration::ZERO
        } else {
            self.settings.linger
        };
        let due = Instant::now() + linger;
        let mut wishes = self.wishes();
        let of_socket = wishes.entry(socket).or_insert_with(|| Wishes {
            user: user.clone(),
            rooms: IdMap::default(),
        });
        let wish = Wish { present, due };
        of_socket
            .rooms
            .extend(rooms.iter().map(|room| (*room, wish)));
        drop(wishes);
        self.changed.notify_one();
    }

    /// The user is present in these rooms when this answers.
    pub(crate) async fn enter(&self, socket: ConnectionId, user: &Present, rooms: Vec<RoomId>) {
        let batch = Batch {
            socket,
            user: user.clone(),
            present: true,
            rooms,
        };
        self.apply(batch).await;
    }

    /// The leases are renewed soon, rather than at their time: the store may have forgotten them.
    pub(crate) fn tend_soon(&self) {
        self.tend_now.notify_one();
    }

    /// Fulfils wishes and renews leases until it is dropped.
    pub(crate) async fn run(&self) {
        let fulfilling = async {
            loop {
                let due = self.settle().await;
                tokio::select! {
                    () = self.changed.notified() => {}
                    () = at(due) => {}
                }
            }
        };
        let tending = async {
            let mut times = interval(self.settings.tend_interval);
            times.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = times.tick() => {}
                    () = self.tend_now.notified() => {}
                }
                self.tend().await;
            }
        };
        tokio::join!(fulfilling, tending);
    }

    /// Fulfils every wish that is noted now, each at its time: who connects to another node meanwhile was never away.
    pub(crate) async fn settle_all(&self) {
        while let Some(next) = self.settle().await {
            sleep_until(next).await;
        }
    }

    /// Fulfils the wishes that are due, after those that are being fulfilled, and answers when the next one is.
    async fn settle(&self) -> Option<Instant> {
        let _in_turn = self.settling.lock().await;
        let (batches, next) = self.take_due(Instant::now());
        stream::iter(batches)
            .for_each_concurrent(AT_ONCE, |batch| self.apply(batch))
            .await;
        next
    }

    fn take_due(&self, now: Instant) -> (Vec<Batch>, Option<Instant>) {
        let (mut batches, mut next): (Vec<Batch>, Option<Instant>) = (Vec::new(), None);
        self.wishes().retain(|socket, wishes| {
            for present in [true, false] {
                let is_due =
                    |_: &RoomId, wish: &mut Wish| wish.present == present && wish.due <= now;
                let rooms: Vec<_> = wishes
                    .rooms
                    .extract_if(is_due)
                    .map(|(room, _)| room)
                    .collect();
                if !rooms.is_empty() {
                    batches.push(Batch {
                        socket: *socket,
                        user: wishes.user.clone(),
                        present,
                        rooms,
                    });
                }
            }
            let earliest = wishes.rooms.values().map(|wish| wish.due).min();
            next = [next, earliest].into_iter().flatten().min();
            !wishes.rooms.is_empty()
        });
        (batches, next)
    }

    /// Makes it true, and tells the rooms where that changed who is there.
    async fn apply(&self, batch: Batch) {
        let Batch {
            socket,
            user,
            present,
            rooms,
        } = batch;
        let _in_turn = self.turn(user.user_id).lock().await;
        let changed = if present {
            self.presence.enter(&user, socket, rooms).await
        } else {
            self.presence.leave(&user, socket, rooms).await
        };
        match changed {
            Ok(rooms) => {
                for room_id in rooms {
                    self.tell(room_id, &user, present).await;
                }
            }
            Err(error) => {
                tracing::warn!(user_id = %user.user_id, %error, "presence was not recorded");
            }
        }
    }

    async fn tend(&self) {
        match self.presence.tend().await {
            Ok(changes) => {
                for change in changes {
                    self.tell_late(change).await;
                }
            }
            Err(error) => tracing::debug!(%error, "presence was not renewed"),
        }
    }

    /// Tells what was found out a while ago, unless it is no longer so.
    async fn tell_late(&self, change: PresenceChange) {
        let PresenceChange {
            room_id,
            user,
            online,
        } = change;
        let _in_turn = self.turn(user.user_id).lock().await;
        match self.presence.online(room_id).await {
            Ok(there) if there.contains(&user.user_id) != online => {}
            Ok(_) | Err(_) => self.tell(room_id, &user, online).await,
        }
    }

    async fn tell(&self, room_id: RoomId, user: &Present, online: bool) {
        if !online && user.user_id.is_guest() {
            // Nobody listens any more when the process ends: a sweep finds them.
            let _ = self.departed.send((room_id, user.user_id));
        }
        self.bus
            .publish(BusEvent::Presence {
                room_id,
                user_id: user.user_id,
                username: user.username.clone(),
                online,
            })
            .await;
    }

    fn turn(&self, user: UserId) -> &tokio::sync::Mutex<()> {
        // The remainder is less than TURNS.
        &self.turns[(self.hasher.hash_one(user) % TURNS as u64) as usize]
    }

    fn wishes(&self) -> MutexGuard<'_, IdMap<ConnectionId, Wishes>> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
