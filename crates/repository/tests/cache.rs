//! The storage contract, passed with the cache around SQLite in memory; and what is remembered, and for how long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::{
    BusEvent, PasswordHash, RemovalReason, Role, RoomId, Seq, User, UserStatus,
    ports::{
        BusDelivery, BusHealth, BusSubscription, EventBus, Following, MemberStore, RoomStore,
        UserStore,
    },
};
use repository::{
    cache::{Cache, CacheOptions, CachedMembers, CachedRooms, CachedUsers},
    local::LocalBus,
    sqlite::{Sqlite, SqliteOptions},
};
use testkit::{contract::Stores, sample};
use tokio::{sync::broadcast, task::JoinHandle};

/// So long that only what is told is forgotten.
const FOR_EVER: CacheOptions = CacheOptions {
    entries: 10_000,
    ttl: Duration::from_secs(3_600),
};

fn sqlite() -> Arc<Sqlite> {
    Arc::new(Sqlite::open(&SqliteOptions::memory()).unwrap())
}

testkit::storage_contract!(async {
    let store = sqlite();
    let (cache, invalidator) = Cache::new(Arc::new(LocalBus::new(64)), FOR_EVER);
    let stores = Stores {
        users: Arc::new(cache.users(store.clone())),
        rooms: Arc::new(cache.rooms(store.clone())),
        members: Arc::new(cache.members(store.clone())),
        ..Stores::of(store)
    };
    (stores, tokio::spawn(invalidator.run()))
});

/// A bus that can be degraded, and lose.
struct Bus {
    inner: LocalBus,
    degraded: AtomicBool,
    lost: broadcast::Sender<()>,
}

struct Subscription {
    inner: Box<dyn BusSubscription>,
    lost: broadcast::Receiver<()>,
}

#[async_trait]
impl EventBus for Bus {
    async fn publish(&self, event: BusEvent) {
        self.inner.publish(event).await;
    }

    fn subscribe(&self) -> Box<dyn BusSubscription> {
        Box::new(Subscription {
            inner: self.inner.subscribe(),
            lost: self.lost.subscribe(),
        })
    }

    fn health(&self) -> BusHealth {
        if self.degraded.load(Ordering::SeqCst) {
            BusHealth::Degraded
        } else {
            BusHealth::Connected
        }
    }
}

#[async_trait]
impl BusSubscription for Subscription {
    async fn next(&mut self) -> Option<BusDelivery> {
        tokio::select! {
            delivery = self.inner.next() => delivery,
            Ok(()) = self.lost.recv() => Some(BusDelivery::Lost),
        }
    }

    fn follow(&mut self, room: RoomId) -> Following {
        self.inner.follow(room)
    }

    fn unfollow(&mut self, room: RoomId) {
        self.inner.unfollow(room);
    }
}

/// A node with a cache, on a database that another node changes behind its back. Ann owns the room, and Bob is in it.
struct Node {
    store: Arc<Sqlite>,
    bus: Arc<Bus>,
    users: CachedUsers,
    rooms: CachedRooms,
    members: CachedMembers,
    invalidator: JoinHandle<()>,
    ann: User,
    bob: User,
    room: RoomId,
}

impl Node {
    async fn new() -> Self {
        let (store, ann, bob) = (sqlite(), sample::user("ann"), sample::user("bob"));
        for user in [&ann, &bob] {
            let password = PasswordHash("$argon2id$".into());
            UserStore::create(&*store, user, &password).await.unwrap();
        }
        let mut new = sample::new_room(ann.id);
        new.members = vec![(bob.id, Role::Member)];
        let room = RoomStore::create(&*store, &new).await.unwrap().room.id;
        let bus = Arc::new(Bus {
            inner: LocalBus::new(64),
            degraded: AtomicBool::new(false),
            lost: broadcast::Sender::new(8),
        });
        let (cache, invalidator) = Cache::new(bus.clone(), FOR_EVER);
        Self {
            users: cache.users(store.clone()),
            rooms: cache.rooms(store.clone()),
            members: cache.members(store.clone()),
            invalidator: tokio::spawn(invalidator.run()),
            store,
            bus,
            ann,
            bob,
            room,
        }
    }

    /// Bob's status, his role twice over.
    async fn seen(&self) -> (UserStatus, Option<Role>, Option<Role>) {
        let user = self.users.by_id(self.bob.id).await.unwrap().unwrap();
        let room = self.rooms.with_role(self.room, self.bob.id).await.unwrap();
        let member = self.members.get(self.room, self.bob.id).await.unwrap();
        (
            user.status,
            room.and_then(|(_, role)| role),
            member.map(|member| member.role),
        )
    }

    async fn bob_declares(&self, status: UserStatus) {
        let now = sample::later(1);
        let set = UserStore::set_status(&*self.store, self.bob.id, status, now);
        set.await.unwrap();
    }

    async fn bob_is_removed(&self) -> Seq {
        let (room, now) = (self.room, sample::later(1));
        let removed = MemberStore::remove(&*self.store, room, self.bob.id, self.ann.id, now);
        removed.await.unwrap().seq
    }

    /// Asks again until it is seen so.
    async fn sees(&self, expected: (UserStatus, Option<Role>, Option<Role>)) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let seen = self.seen().await;
            if seen == expected {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{seen:?} instead of {expected:?}"
            );
            tokio::task::yield_now().await;
        }
    }
}

const BEFORE: (UserStatus, Option<Role>, Option<Role>) =
    (UserStatus::Offline, Some(Role::Member), Some(Role::Member));
const AFTER: (UserStatus, Option<Role>, Option<Role>) = (UserStatus::Online, None, None);

/// Nobody tells it in time to whoever begins a draft at that moment.
#[tokio::test]
async fn whether_drafts_are_shared_is_not_remembered() {
    let (node, now) = (Node::new().await, sample::later(1));
    let is_remembered = async || {
        let bob = node.users.by_id(node.bob.id).await.unwrap().unwrap();
        assert!(bob.shares_drafts);
    };
    is_remembered().await;
    let set = UserStore::share_drafts(&*node.store, node.bob.id, false, now);
    set.await.unwrap();
    is_remembered().await;
    let shares = node.users.shares_drafts(node.bob.id).await;
    assert_eq!(shares, Ok(Some(false)));
}

#[tokio::test]
async fn what_changes_elsewhere_is_forgotten_when_the_bus_tells_it() {
    let node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    node.bob_declares(UserStatus::Online).await;
    let seq = node.bob_is_removed().await;
    assert_eq!(node.seen().await, BEFORE, "it is remembered");
    let user_id = node.bob.id;
    node.bus.publish(BusEvent::UserChanged { user_id }).await;
    node.bus
        .publish(BusEvent::RoomRemoved {
            user_id,
            room_id: node.room,
            seq,
            reason: RemovalReason::Removed,
        })
        .await;
    node.sees(AFTER).await;
}

#[tokio::test]
async fn a_role_that_changed_elsewhere_is_forgotten_when_the_bus_tells_it() {
    let node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    node.bob_is_removed().await;
    let mut back = sample::new_member(node.room, node.bob.id, node.ann.id);
    back.role = Role::Admin;
    MemberStore::add(&*node.store, &back).await.unwrap();
    assert_eq!(node.seen().await, BEFORE, "it is remembered");
    let room = RoomStore::by_id(&*node.store, node.room).await.unwrap();
    node.bus
        .publish(BusEvent::RoomAdded {
            user_id: node.bob.id,
            room: room.unwrap(),
        })
        .await;
    let admin = Some(Role::Admin);
    node.sees((UserStatus::Offline, admin, admin)).await;
}

#[tokio::test]
async fn when_the_bus_has_lost_something_all_is_forgotten() {
    let node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    node.bob_declares(UserStatus::Online).await;
    node.bob_is_removed().await;
    node.bus.lost.send(()).unwrap();
    node.sees(AFTER).await;
}

#[tokio::test]
async fn while_the_bus_is_degraded_the_database_is_asked_and_nothing_is_remembered() {
    let node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    node.bus.degraded.store(true, Ordering::SeqCst);
    node.bob_declares(UserStatus::Online).await;
    assert_eq!(node.seen().await.0, UserStatus::Online);
    node.bob_declares(UserStatus::Offline).await;
    node.bob_is_removed().await;
    node.bus.degraded.store(false, Ordering::SeqCst);
    assert_eq!(node.seen().await, (UserStatus::Offline, None, None));
}

#[tokio::test]
async fn when_nobody_listens_to_the_bus_any_more_nothing_is_remembered() {
    let mut node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    node.invalidator.abort();
    assert!((&mut node.invalidator).await.unwrap_err().is_cancelled());
    node.bob_declares(UserStatus::Online).await;
    node.bob_is_removed().await;
    assert_eq!(node.seen().await, AFTER);
}

#[tokio::test]
async fn a_node_reads_its_own_writes_before_the_bus_says_anything() {
    let node = Node::new().await;
    let (ann, bob, room) = (node.ann.id, node.bob.id, node.room);
    let now = sample::later(1);
    assert_eq!(node.seen().await, BEFORE);
    let set = node.users.set_status(bob, UserStatus::Online, now);
    set.await.unwrap();
    node.members.remove(room, bob, ann, now).await.unwrap();
    assert_eq!(node.seen().await, AFTER);
    let back = sample::new_member(room, bob, ann);
    node.members.add(&back).await.unwrap();
    let member = Some(Role::Member);
    assert_eq!(node.seen().await, (UserStatus::Online, member, member));
    node.rooms.delete(room, ann, now).await.unwrap();
    assert_eq!(node.seen().await, AFTER);
    assert_eq!(node.rooms.with_role(room, ann).await, Ok(None));
}

#[tokio::test]
async fn what_is_not_there_is_never_remembered() {
    let node = Node::new().await;
    let cat = sample::user("cat");
    let stranger = async || {
        let (room, role) = node.rooms.with_role(node.room, cat.id).await.unwrap()?;
        Some((room.id, role))
    };
    assert_eq!(node.users.by_id(cat.id).await, Ok(None));
    assert_eq!(stranger().await, Some((node.room, None)));
    assert_eq!(node.members.get(node.room, cat.id).await, Ok(None));
    let password = PasswordHash("$argon2id$".into());
    UserStore::create(&*node.store, &cat, &password)
        .await
        .unwrap();
    let joins = sample::new_member(node.room, cat.id, node.ann.id);
    MemberStore::add(&*node.store, &joins).await.unwrap();
    assert_eq!(node.users.by_id(cat.id).await, Ok(Some(cat.clone())));
    assert_eq!(stranger().await, Some((node.room, Some(Role::Member))));
    assert!(node.members.get(node.room, cat.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_room_by_its_id_is_always_read_anew() {
    let node = Node::new().await;
    assert_eq!(node.seen().await, BEFORE);
    let before = node.rooms.by_id(node.room).await.unwrap().unwrap();
    node.bob_is_removed().await;
    let after = node.rooms.by_id(node.room).await.unwrap().unwrap();
    assert_eq!(after.last_seq, before.last_seq.next());
}

#[tokio::test]
async fn what_nobody_tells_is_forgotten_in_time() {
    let store = sqlite();
    let ann = sample::user("ann");
    let password = PasswordHash("$argon2id$".into());
    UserStore::create(&*store, &ann, &password).await.unwrap();
    let options = CacheOptions {
        ttl: Duration::from_millis(50),
        ..FOR_EVER
    };
    let (cache, _invalidator) = Cache::new(Arc::new(LocalBus::new(64)), options);
    let users = cache.users(store.clone());
    users.by_id(ann.id).await.unwrap();
    let set = UserStore::set_status(&*store, ann.id, UserStatus::Online, sample::later(1));
    set.await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while users.by_id(ann.id).await.unwrap().unwrap().status != UserStatus::Online {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
