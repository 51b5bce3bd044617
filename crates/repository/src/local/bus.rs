use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{
    BusEvent, IdSet, RoomId, TRACED, TraceParent,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, Following, Traces, Untraced},
};
use tokio::sync::{Notify, mpsc};
use tracing::instrument;

/// A bus of one node. It loses nothing: who publishes waits while a subscriber is further behind than the capacity, so
/// that a node under too much load gets slower and not wrong.
#[derive(Debug)]
pub struct LocalBus {
    // A std Mutex and not a Tokio one: it is held to copy or to change the list, never across an await.
    listeners: Mutex<Vec<Listener>>,
    capacity: usize,
    traces: Arc<dyn Traces>,
}

/// What was published, and the work that did it.
pub(crate) type Published = (Arc<BusEvent>, Option<TraceParent>);

#[derive(Debug, Clone)]
struct Listener {
    events: mpsc::Sender<Published>,
    ear: Arc<Ear>,
}

/// What a listener wants to hear, and what it missed. The latter waits outside the queue of events, so that telling it
/// waits for nobody.
#[derive(Debug, Default)]
struct Ear {
    rooms: Mutex<IdSet<RoomId>>,
    missed: Mutex<Missed>,
    told: Notify,
}

#[derive(Debug, Default)]
struct Missed {
    all: bool,
    // At most the rooms that are followed.
    rooms: BTreeSet<RoomId>,
}

impl LocalBus {
    /// A bus that holds at most `capacity` events for each subscriber; 0 counts as 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            listeners: Mutex::default(),
            capacity: capacity.max(1),
            traces: Arc::new(Untraced),
        }
    }

    /// The same bus, which hands on what of its publishers is recorded there.
    #[must_use]
    pub fn traced_by(mut self, traces: Arc<dyn Traces>) -> Self {
        self.traces = traces;
        self
    }

    /// Tells all that listen for it.
    pub(crate) async fn tell(&self, (event, trace): Published) {
        let listeners = self.listeners().clone();
        let room = event.heard_in();
        let mut gone = false;
        for Listener { events, ear } in listeners {
            if room.is_none_or(|room| ear.follows(room)) {
                gone |= events.send((event.clone(), trace)).await.is_err();
            }
        }
        if gone {
            self.listeners()
                .retain(|listener| !listener.events.is_closed());
        }
    }

    /// Says [`BusDelivery::Lost`] to all subscribers, and does not wait for them; who has not heard the last one hears
    /// one. For a node whose events reach it by no other way: other nodes on the same database, and no Redis.
    pub fn lost(&self) {
        for listener in &*self.listeners() {
            lock(&listener.ear.missed).all = true;
            listener.ear.told.notify_one();
        }
    }

    /// Says [`BusDelivery::LostRoom`] to all who follow the room, and does not wait for them.
    pub(crate) fn lost_room(&self, room: RoomId) {
        for listener in &*self.listeners() {
            if listener.ear.follows(room) {
                lock(&listener.ear.missed).rooms.insert(room);
                listener.ear.told.notify_one();
            }
        }
    }

    pub(crate) fn listen(&self) -> LocalSubscription {
        let (sender, events) = mpsc::channel(self.capacity);
        let ear = Arc::<Ear>::default();
        let mut listeners = self.listeners();
        listeners.retain(|listener| !listener.events.is_closed());
        listeners.push(Listener {
            events: sender,
            ear: ear.clone(),
        });
        LocalSubscription { events, ear }
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        lock(&self.listeners)
    }
}

/// No code between lock and unlock leaves what is locked half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ear {
    fn follows(&self, room: RoomId) -> bool {
        lock(&self.rooms).contains(&room)
    }

    fn missed(&self) -> Option<BusDelivery> {
        let mut missed = lock(&self.missed);
        if std::mem::take(&mut missed.all) {
            return Some(BusDelivery::Lost);
        }
        missed.rooms.pop_first().map(BusDelivery::LostRoom)
    }
}

#[async_trait]
impl EventBus for LocalBus {
    #[instrument(target = TRACED, name = "publish", skip_all, fields(otel.kind = "producer"))]
    async fn publish(&self, event: BusEvent) {
        let trace = self.traces.current();
        self.tell((Arc::new(event), trace)).await;
    }

    fn subscribe(&self) -> Box<dyn BusSubscription> {
        Box::new(self.listen())
    }

    fn health(&self) -> BusHealth {
        BusHealth::Connected
    }
}

#[derive(Debug)]
pub(crate) struct LocalSubscription {
    events: mpsc::Receiver<Published>,
    ear: Arc<Ear>,
}

impl LocalSubscription {
    /// True unless it was followed already.
    pub(crate) fn begin(&self, room: RoomId) -> bool {
        lock(&self.ear.rooms).insert(room)
    }

    /// True if it was followed.
    pub(crate) fn end(&self, room: RoomId) -> bool {
        lock(&self.ear.rooms).remove(&room)
    }

    /// All that are followed; none is from now on.
    pub(crate) fn end_all(&self) -> IdSet<RoomId> {
        std::mem::take(&mut *lock(&self.ear.rooms))
    }
}

#[async_trait]
impl BusSubscription for LocalSubscription {
    async fn next(&mut self) -> Option<BusDelivery> {
        loop {
            if let Some(missed) = self.ear.missed() {
                return Some(missed);
            }
            tokio::select! {
                biased;
                () = self.ear.told.notified() => {}
                event = self.events.recv() => {
                    return event.map(|(event, trace)| BusDelivery::Event(event, trace));
                }
            }
        }
    }

    fn follow(&mut self, room: RoomId) -> Following {
        self.begin(room);
        Following::Now
    }

    fn unfollow(&mut self, room: RoomId) {
        self.end(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::UserId;
    use uuid::Uuid;

    const ROOM: RoomId = RoomId(Uuid::from_u128(1));

    fn event() -> BusEvent {
        BusEvent::UserChanged {
            user_id: UserId(Uuid::from_u128(2)),
        }
    }

    #[tokio::test]
    async fn what_was_missed_waits_for_nobody_and_is_said_once() {
        let bus = LocalBus::new(1);
        let (mut follower, mut other) = (bus.subscribe(), bus.subscribe());
        follower.follow(ROOM);
        bus.publish(event()).await;
        for _ in 0..10 {
            bus.lost();
            bus.lost_room(ROOM);
        }
        assert!(matches!(follower.next().await, Some(BusDelivery::Lost)));
        assert!(matches!(
            follower.next().await,
            Some(BusDelivery::LostRoom(ROOM))
        ));
        assert!(matches!(
            follower.next().await,
            Some(BusDelivery::Event(..))
        ));
        assert!(matches!(other.next().await, Some(BusDelivery::Lost)));
        assert!(matches!(other.next().await, Some(BusDelivery::Event(..))));
        drop(bus);
        assert!(follower.next().await.is_none());
        assert!(other.next().await.is_none());
    }

    #[tokio::test]
    async fn a_subscriber_that_is_gone_is_forgotten() {
        let bus = LocalBus::new(1);
        drop(bus.subscribe());
        bus.publish(event()).await;
        assert!(bus.listeners().is_empty());
    }
}
