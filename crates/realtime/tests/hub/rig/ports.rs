use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    BusEvent, ConnectionId, MessageId, RoomEvent, RoomEventKind, RoomId, Seq, StoreError,
    StoreResult, Timestamp, UserId,
    ports::{
        Appended, BusDelivery, BusHealth, BusSubscription, EventBus, Following, NewMessage,
        Presence, PresenceChange, Present, RoomLog,
    },
    values::{Emoji, MessageContent},
};
use testkit::sample;
use tokio::sync::{mpsc, watch};

/// Passes on what the hub publishes, and tells what the test says, be it true or not.
#[derive(Default)]
pub struct ScriptedBus {
    subscribers: Mutex<Vec<mpsc::UnboundedSender<BusDelivery>>>,
    follows: Arc<Mutex<Vec<String>>>,
}

impl ScriptedBus {
    pub fn tell(&self, event: BusEvent) {
        self.deliver(BusDelivery::Event(event.into(), None));
    }

    pub fn tell_all(&self, events: impl IntoIterator<Item = RoomEvent>) {
        for event in events {
            self.tell(BusEvent::Room(event));
        }
    }

    pub fn say_lost(&self) {
        self.deliver(BusDelivery::Lost);
    }

    pub fn say_lost_in(&self, room: RoomId) {
        self.deliver(BusDelivery::LostRoom(room));
    }

    /// What it was asked to follow, and no longer to follow, since it was last asked.
    pub fn follows(&self) -> Vec<String> {
        std::mem::take(&mut self.follows.lock().unwrap())
    }

    pub fn end(&self) {
        self.subscribers.lock().unwrap().clear();
    }

    fn deliver(&self, delivery: BusDelivery) {
        for subscriber in &*self.subscribers.lock().unwrap() {
            let _ = subscriber.send(delivery.clone());
        }
    }
}

#[async_trait]
impl EventBus for ScriptedBus {
    async fn publish(&self, event: BusEvent) {
        self.tell(event);
    }

    fn subscribe(&self) -> Box<dyn BusSubscription> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.subscribers.lock().unwrap().push(sender);
        Box::new(Subscription {
            deliveries: receiver,
            follows: self.follows.clone(),
        })
    }

    fn health(&self) -> BusHealth {
        BusHealth::Connected
    }
}

struct Subscription {
    deliveries: mpsc::UnboundedReceiver<BusDelivery>,
    follows: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl BusSubscription for Subscription {
    async fn next(&mut self) -> Option<BusDelivery> {
        self.deliveries.recv().await
    }

    fn follow(&mut self, room: RoomId) -> Following {
        self.follows.lock().unwrap().push(format!("+{room}"));
        Following::Now
    }

    fn unfollow(&mut self, room: RoomId) {
        self.follows.lock().unwrap().push(format!("-{room}"));
    }
}

/// A log that can be held, and that can fail.
pub struct ScriptedLog {
    rooms: Mutex<HashMap<RoomId, Vec<RoomEvent>>>,
    mood: watch::Sender<Mood>,
    fails_heads: Mutex<Option<Mood>>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Answers,
    /// It has looked up the answer, and does not give it yet.
    Holds,
    Fails,
    Panics,
    /// It has lost all it had.
    IsEmpty,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub reads: usize,
    /// Questions for the heads of logs.
    pub heads: usize,
    pub under_way: usize,
    pub most_at_once: usize,
}

impl Default for ScriptedLog {
    fn default() -> Self {
        Self {
            rooms: Mutex::default(),
            mood: watch::Sender::new(Mood::Answers),
            fails_heads: Mutex::default(),
            counts: Mutex::default(),
        }
    }
}

impl ScriptedLog {
    pub fn commit(&self, room: RoomId, kind: RoomEventKind) -> RoomEvent {
        let mut rooms = self.rooms.lock().unwrap();
        let log = rooms.entry(room).or_default();
        let event = RoomEvent {
            room_id: room,
            seq: Seq(log.len() as u64 + 1),
            actor_id: UserId(sample::id()),
            at: sample::now(),
            members: members_since(log, &kind),
            kind,
        };
        log.push(event.clone());
        event
    }

    pub fn last_seq(&self, room: RoomId) -> Seq {
        Seq(self.rooms.lock().unwrap()[&room].len() as u64)
    }

    pub fn events(&self, room: RoomId) -> Vec<RoomEvent> {
        self.rooms.lock().unwrap()[&room].clone()
    }

    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    pub fn reads(&self) -> usize {
        self.counts().reads
    }

    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap()
    }

    pub fn heads(&self) -> usize {
        self.counts().heads
    }

    /// From now on a question for the heads ends in this way; the mood is that of reads.
    pub fn fail_heads(&self, mood: Option<Mood>) {
        *self.fails_heads.lock().unwrap() = mood;
    }

    fn after(&self, room: RoomId, after: Seq, limit: u32) -> Vec<RoomEvent> {
        let rooms = self.rooms.lock().unwrap();
        let log = rooms[&room].iter();
        log.skip(after.0 as usize)
            .take(limit as usize)
            .cloned()
            .collect()
    }
}

/// How many are in the room with this event, if that is what it tells, as far as its log tells of those who came and went.
fn members_since(log: &[RoomEvent], kind: &RoomEventKind) -> Option<u64> {
    let before = log.iter().rev().find_map(|event| event.members);
    let before = before.unwrap_or_default();
    match kind {
        RoomEventKind::MemberJoined(_) => Some(before + 1),
        RoomEventKind::MemberLeft { .. } => Some(before.saturating_sub(1)),
        RoomEventKind::MemberRenamed { .. } => Some(before),
        _ => None,
    }
}

#[async_trait]
impl RoomLog for ScriptedLog {
    async fn read(&self, room: RoomId, after: Seq, limit: u32) -> StoreResult<Vec<RoomEvent>> {
        {
            let mut counts = self.counts();
            counts.reads += 1;
            counts.under_way += 1;
            counts.most_at_once = counts.most_at_once.max(counts.under_way);
        }
        let events = self.after(room, after, limit);
        let mut mood = self.mood.subscribe();
        let mood = *mood.wait_for(|mood| *mood != Mood::Holds).await.unwrap();
        self.counts().under_way -= 1;
        match mood {
            Mood::Fails => Err(StoreError::Unavailable("scripted".to_owned())),
            Mood::Panics => panic!("scripted"),
            Mood::IsEmpty => Ok(Vec::new()),
            Mood::Answers | Mood::Holds => Ok(events),
        }
    }

    async fn heads(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<(RoomId, Seq)>> {
        self.counts().heads += 1;
        let heads = rooms
            .iter()
            .map(|room| (*room, self.last_seq(*room)))
            .collect();
        let fails = *self.fails_heads.lock().unwrap();
        match fails {
            Some(Mood::Panics) => panic!("scripted"),
            Some(_) => Err(StoreError::Unavailable("scripted".to_owned())),
            None => Ok(heads),
        }
    }

    async fn append(&self, _: NewMessage) -> StoreResult<Appended> {
        unreachable!("the hub only reads")
    }

    async fn edit(
        &self,
        _: RoomId,
        _: MessageId,
        _: UserId,
        _: MessageContent,
        _: Timestamp,
    ) -> StoreResult<RoomEvent> {
        unreachable!("the hub only reads")
    }

    async fn react(
        &self,
        _: RoomId,
        _: MessageId,
        _: UserId,
        _: Emoji,
        _: Timestamp,
    ) -> StoreResult<Appended> {
        unreachable!("the hub only reads")
    }

    async fn unreact(
        &self,
        _: RoomId,
        _: MessageId,
        _: UserId,
        _: Emoji,
        _: Timestamp,
    ) -> StoreResult<Option<RoomEvent>> {
        unreachable!("the hub only reads")
    }

    async fn delete(
        &self,
        _: RoomId,
        _: MessageId,
        _: UserId,
        _: Timestamp,
    ) -> StoreResult<RoomEvent> {
        unreachable!("the hub only reads")
    }
}

/// True presence, told after a delay that starts once the change is made: as of a store at the end of a wire.
#[derive(Default)]
pub struct ScriptedPresence {
    there: Mutex<BTreeSet<(RoomId, UserId, ConnectionId)>>,
    delay: Mutex<Duration>,
    untold: Mutex<Vec<PresenceChange>>,
}

impl ScriptedPresence {
    pub fn set_delay(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub fn is_empty(&self) -> bool {
        self.there.lock().unwrap().is_empty()
    }

    async fn answer<T>(&self, answer: T) -> StoreResult<T> {
        let delay = *self.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Ok(answer)
    }

    fn sockets(&self, room: RoomId, user: UserId) -> usize {
        let there = self.there.lock().unwrap();
        there
            .iter()
            .filter(|each| (each.0, each.1) == (room, user))
            .count()
    }

    /// What the next [`Presence::tend`] answers.
    pub fn will_tell(&self, change: PresenceChange) {
        self.untold.lock().unwrap().push(change);
    }
}

#[async_trait]
impl Presence for ScriptedPresence {
    async fn enter(
        &self,
        user: &Present,
        socket: ConnectionId,
        mut rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        rooms.retain(|room| {
            let is_first = self.sockets(*room, user.user_id) == 0;
            self.there
                .lock()
                .unwrap()
                .insert((*room, user.user_id, socket));
            is_first
        });
        self.answer(rooms).await
    }

    async fn leave(
        &self,
        user: &Present,
        socket: ConnectionId,
        mut rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        rooms.retain(|room| {
            let entry = (*room, user.user_id, socket);
            let was_there = self.there.lock().unwrap().remove(&entry);
            was_there && self.sockets(*room, user.user_id) == 0
        });
        self.answer(rooms).await
    }

    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let there = self.there.lock().unwrap();
        let users: BTreeSet<_> = there
            .iter()
            .filter(|each| each.0 == room)
            .map(|each| each.1)
            .collect();
        Ok(users.into_iter().collect())
    }

    async fn online_everywhere(&self, _: RoomId) -> StoreResult<Vec<UserId>> {
        unreachable!("the hub takes nobody out")
    }

    fn is_settled(&self) -> bool {
        unreachable!("the hub takes nobody out")
    }

    async fn tend(&self) -> StoreResult<Vec<PresenceChange>> {
        Ok(std::mem::take(&mut self.untold.lock().unwrap()))
    }
}
