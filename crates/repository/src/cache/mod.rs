//! What a node remembers of the database for a few seconds, so that most requests need not ask who somebody is and
//! what they are in a room.
//!
//! A decorator goes around each port. Only what is there is remembered, never that something is not; writes go to the
//! database, which decides. What changes through a decorator is forgotten before the caller is answered, so a node
//! reads its own writes; what changes elsewhere is forgotten when the bus tells it, and at the latest after the time to
//! live. While the bus is not heard, nothing is remembered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    BusEvent, Member, Role, Room, RoomId, User, UserId,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, MemberStore, RoomStore, UserStore},
};

use self::remembered::Remembered;

mod members;
mod remembered;
mod rooms;
mod users;

pub use members::CachedMembers;
pub use rooms::CachedRooms;
pub use users::CachedUsers;

/// How much is remembered, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct CacheOptions {
    /// How many users, how many memberships, and how many roles in rooms at most; 100,000 of each. The least used go
    /// first.
    pub entries: u64,
    /// How long anything is remembered at most; 5 s. It bounds how long a change is not seen that the bus has lost.
    pub ttl: Duration,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            entries: 100_000,
            ttl: Duration::from_secs(5),
        }
    }
}

/// What this node remembers, shared by the decorators.
pub struct Cache {
    users: Remembered<UserId, User>,
    roles: Remembered<(RoomId, UserId), (Room, Role)>,
    members: Remembered<(RoomId, UserId), Member>,
    bus: Arc<dyn EventBus>,
    is_heard: AtomicBool,
}

/// Forgets what the bus says has changed. When it is dropped, nothing is remembered any more.
pub struct CacheInvalidator {
    cache: Arc<Cache>,
    subscription: Box<dyn BusSubscription>,
}

impl Cache {
    /// A cache that follows this bus, and what does the following: it has to [`run`](CacheInvalidator::run).
    #[must_use]
    pub fn new(bus: Arc<dyn EventBus>, options: CacheOptions) -> (Arc<Self>, CacheInvalidator) {
        // Subscribed before anything is remembered.
        let subscription = bus.subscribe();
        let cache = Arc::new(Self {
            users: Remembered::new(options),
            roles: Remembered::new(options),
            members: Remembered::new(options),
            bus,
            is_heard: AtomicBool::new(true),
        });
        let invalidator = CacheInvalidator {
            cache: cache.clone(),
            subscription,
        };
        (cache, invalidator)
    }

    /// Users, remembered.
    #[must_use]
    pub fn users(self: &Arc<Self>, store: Arc<dyn UserStore>) -> CachedUsers {
        CachedUsers {
            store,
            cache: self.clone(),
        }
    }

    /// Roles in rooms, remembered.
    #[must_use]
    pub fn rooms(self: &Arc<Self>, store: Arc<dyn RoomStore>) -> CachedRooms {
        CachedRooms {
            store,
            cache: self.clone(),
        }
    }

    /// Memberships, remembered.
    #[must_use]
    pub fn members(self: &Arc<Self>, store: Arc<dyn MemberStore>) -> CachedMembers {
        CachedMembers {
            store,
            cache: self.clone(),
        }
    }

    /// Whether what is remembered may be told. If not, it is forgotten: what changes now, nobody says.
    fn is_good(&self) -> bool {
        let good =
            self.is_heard.load(Ordering::Acquire) && self.bus.health() == BusHealth::Connected;
        if !good {
            self.forget_all();
        }
        good
    }

    fn forget_all(&self) {
        self.users.forget_all();
        self.roles.forget_all();
        self.members.forget_all();
    }

    fn forget_user(&self, user: UserId) {
        self.users.forget(user);
    }

    /// Forgets what the user is, in this room or in any: a number of each user stands for all of theirs.
    fn forget_rooms_of(&self, user: UserId) {
        self.roles.forget(user);
        self.members.forget(user);
    }
}

impl CacheInvalidator {
    /// Follows the bus until it ends, or until this is dropped.
    pub async fn run(mut self) {
        while let Some(delivery) = self.subscription.next().await {
            match delivery {
                BusDelivery::Event(event, _) => self.hear(&event),
                BusDelivery::Lost => self.cache.forget_all(),
                // Hints to the listeners of a room: nothing that is remembered.
                BusDelivery::LostRoom(_) => {}
            }
        }
    }

    fn hear(&self, event: &BusEvent) {
        match event {
            // A member is told with the user's name.
            BusEvent::UserChanged { user_id } => {
                self.cache.forget_user(*user_id);
                self.cache.forget_rooms_of(*user_id);
            }
            BusEvent::RoomAdded { user_id, .. } | BusEvent::RoomRemoved { user_id, .. } => {
                self.cache.forget_rooms_of(*user_id);
            }
            _ => {}
        }
    }
}

impl Drop for CacheInvalidator {
    fn drop(&mut self) {
        self.cache.is_heard.store(false, Ordering::Release);
        self.cache.forget_all();
    }
}

/// Runs when it goes out of scope, also when the caller has given up.
struct Afterwards<F: Fn()>(F);

impl<F: Fn()> Drop for Afterwards<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
