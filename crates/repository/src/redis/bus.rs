//! The bus over Redis pub/sub.
//!
//! A channel for each room that somebody on this node follows, and one, the control channel, for what concerns no
//! room's listeners; on a cluster both are sharded. Messages are hints: what is lost is healed from the database, and
//! all care here goes into noticing that something may have been lost.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    BusEvent, RoomId, TRACED,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, Following, Traces, Untraced},
};
use fred::{
    interfaces::{ClientLike, PubsubInterface},
    types::config::Options,
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::instrument;
use uuid::Uuid;

use self::{outgoing::Outgoing, owed::Owed, rooms::Rooms};
use super::{RedisLink, RedisOptions};
use crate::local::{LocalBus, LocalSubscription};

mod message;
mod outgoing;
mod owed;
mod pulse;
mod reader;
mod rooms;
mod subscriber;

/// The bus of a fleet. The subscribers of this node hear its own events at once, whatever Redis does; those of other
/// nodes hear them through Redis, or are told by their own bus to ask the database.
#[derive(Debug)]
pub struct RedisBus {
    shared: Arc<Shared>,
    outgoing: Outgoing,
    traces: Arc<dyn Traces>,
    ending: CancellationToken,
    tasks: TaskTracker,
}

/// What the tasks of a bus share.
#[derive(Debug)]
struct Shared {
    link: Arc<RedisLink>,
    node: Uuid,
    local: LocalBus,
    rooms: Arc<Rooms>,
    owed: Owed,
    control: String,
    /// Redis answers what is published.
    flowing: AtomicBool,
    /// All subscriptions that are wanted are made.
    standing: AtomicBool,
    /// There is reason to say at once that this node lives.
    ask: Notify,
    /// When the node last heard itself while all subscriptions stood.
    heard: watch::Sender<Instant>,
    opened: Instant,
    /// Why Redis last refused something. A std Mutex: held to copy a short text.
    refusal: Mutex<Option<String>>,
}

impl RedisBus {
    /// A bus on this link, which it alone declares up or down: one bus for each link. `node` is this process's own and
    /// new at each start; two nodes that share one would not hear each other.
    ///
    /// It does not wait for Redis, and is degraded until it hears itself. To be called in a Tokio runtime. Who asks
    /// [`RedisLink::is_up`] ends before the bus does, and the link ends last.
    #[must_use]
    pub fn open(link: Arc<RedisLink>, node: Uuid) -> Self {
        let options = link.options().clone();
        let shared = Arc::new(Shared {
            node,
            local: LocalBus::new(options.backlog),
            rooms: Arc::default(),
            owed: Owed::new(options.owed_rooms),
            control: link.key("control"),
            flowing: AtomicBool::new(false),
            standing: AtomicBool::new(false),
            ask: Notify::new(),
            heard: watch::Sender::new(Instant::now()),
            opened: Instant::now(),
            refusal: Mutex::default(),
            link,
        });
        let (ending, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (outgoing, queue) = Outgoing::new(options.outgoing);
        tasks.spawn(outgoing::run(shared.clone(), queue, ending.clone()));
        let line = Arc::new(shared.link.subscriber());
        // Before the connection, so that nothing of it is missed.
        tasks.spawn(reader::run(shared.clone(), &line, ending.clone()));
        tasks.spawn(subscriber::run(
            shared.clone(),
            line.clone(),
            ending.clone(),
        ));
        shared.link.start(&line);
        tasks.spawn(pulse::beat(shared.clone(), ending.clone()));
        tasks.spawn(pulse::watch_over(shared.clone(), line, ending.clone()));
        tasks.close();
        Self {
            shared,
            outgoing,
            traces: Arc::new(Untraced),
            ending,
            tasks,
        }
    }

    /// The same bus, which hands on what of its publishers is recorded there.
    #[must_use]
    pub fn traced_by(mut self, traces: Arc<dyn Traces>) -> Self {
        self.traces = traces;
        self
    }

    /// Publishes what waits, for one command time-out at most, and ends. From then on this node hears itself alone.
    pub async fn close(&self) {
        self.ending.cancel();
        self.tasks.wait().await;
        self.shared.link.set_up(false);
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

#[async_trait]
impl EventBus for RedisBus {
    #[instrument(target = TRACED, name = "publish", skip_all, fields(otel.kind = "producer"))]
    async fn publish(&self, event: BusEvent) {
        let published = (Arc::new(event), self.traces.current());
        // First, because it waits for nobody: who gives up waiting for a slow subscriber has told the others.
        self.outgoing.offer(&self.shared, &published);
        self.shared.local.tell(published).await;
    }

    fn subscribe(&self) -> Box<dyn BusSubscription> {
        Box::new(RedisSubscription {
            local: self.shared.local.listen(),
            rooms: self.shared.rooms.clone(),
        })
    }

    fn health(&self) -> BusHealth {
        if self.shared.link.is_up() {
            BusHealth::Connected
        } else {
            BusHealth::Degraded
        }
    }
}

impl Shared {
    fn options(&self) -> &RedisOptions {
        self.link.options()
    }

    fn channel(&self, room: Option<RoomId>) -> String {
        room.map_or_else(
            || self.control.clone(),
            |room| self.link.room_key(room, "events"),
        )
    }

    async fn publish(&self, channel: String, text: String) -> Result<(), fred::error::Error> {
        let client = self.link.client().with_options(&self.at_once());
        if self.link.is_cluster() {
            client.spublish::<i64, _, _>(channel, text).await?;
        } else {
            client.publish::<i64, _, _>(channel, text).await?;
        }
        Ok(())
    }

    /// For what is of no use later.
    fn at_once(&self) -> Options {
        Options {
            fail_fast: true,
            max_attempts: Some(self.link.attempts()),
            timeout: Some(self.options().command_timeout),
            ..Options::default()
        }
    }

    fn refused(&self, error: &fred::error::Error) {
        let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = Some(error.details().to_owned());
    }

    /// What is wrong, for a log.
    fn fault(&self) -> String {
        let refusal = || {
            let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
            refusal.take()
        };
        let silence = || "it is silent".to_owned();
        self.link.fault().or_else(refusal).unwrap_or_else(silence)
    }

    /// How old this node is, in milliseconds.
    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn stands(&self) -> bool {
        self.standing.load(Ordering::SeqCst)
    }
}

struct RedisSubscription {
    local: LocalSubscription,
    rooms: Arc<Rooms>,
}

#[async_trait]
impl BusSubscription for RedisSubscription {
    async fn next(&mut self) -> Option<BusDelivery> {
        self.local.next().await
    }

    fn follow(&mut self, room: RoomId) -> Following {
        // Listening begins before the channel is looked at, so that its confirmation cannot fall in between.
        if self.local.begin(room) {
            self.rooms.follow(room)
        } else {
            self.rooms.standing_of(room)
        }
    }

    fn unfollow(&mut self, room: RoomId) {
        if self.local.end(room) {
            self.rooms.unfollow(room);
        }
    }
}

impl Drop for RedisSubscription {
    fn drop(&mut self) {
        for room in self.local.end_all() {
            self.rooms.unfollow(room);
        }
    }
}

/// Something between a half and one and a half of it, so that nodes do not act in step.
fn spread(duration: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    // The standard library's keys differ each time; nobody has to be unable to guess them.
    let random = RandomState::new().hash_one(()) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let part = random as f64 / (1_u64 << 53) as f64;
    duration.mul_f64(0.5 + part)
}

#[cfg(test)]
mod tests;
