use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use domain::ports::{EventBus, IdSource, LiveStats, LiveStreams, Presence, RateLimiter};
use repository::{
    local::{LocalBus, LocalLimiter, LocalLiveStats, LocalPresence, LocalStreams},
    redis::{
        PresenceOptions, RedisBus, RedisLimiter, RedisLink, RedisLiveStats, RedisOptions,
        RedisPresence, RedisStreams,
    },
};
use tokio::task::JoinHandle;

use crate::{
    config::{Config, DatabaseKind, Redis},
    system::SystemIds,
    traces::CurrentTrace,
};

/// What nodes tell each other, count together and see of each other; with no others, this process alone.
pub(super) struct Links {
    pub bus: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
    pub streams: Arc<dyn LiveStreams>,
    pub live_stats: Arc<dyn LiveStats>,
    pub limiter: Arc<dyn RateLimiter>,
    pub open: Open,
}

/// What runs for them.
pub(super) enum Open {
    /// In this process alone: its streams, and perhaps the task that sends it to the database now and then.
    Local(Arc<LocalStreams>, Option<JoinHandle<()>>),
    /// The connections to Redis.
    Redis(Arc<RedisBus>, Arc<RedisLink>),
}

/// How many reports of a node in a row may be missed before it counts no more.
const REPORTS: u32 = 5;

/// How many keys the limiter of this node remembers: some 100 bytes each.
const LIMITED_KEYS: usize = 100_000;

impl Links {
    /// To be called in a runtime. Does not wait for Redis: the node joins the others when it comes.
    pub(super) fn open(config: &Config) -> Result<Self> {
        let local_limiter = LocalLimiter::new(LIMITED_KEYS);
        let stats_lease = config.fleet.stats_interval * REPORTS;
        let Some(redis) = &config.fleet.redis else {
            let bus = LocalBus::new(config.delivery.bus_capacity);
            let bus = Arc::new(bus.traced_by(Arc::new(CurrentTrace)));
            // A server may commit what it could not answer any more, which nobody is told of then. SQLite always answers.
            let is_far = matches!(config.database.kind, DatabaseKind::Postgres { .. });
            let auditing = audit(bus.clone(), config.fleet.audit_interval);
            let streams = Arc::new(LocalStreams::new(config.streams.lease));
            return Ok(Self {
                bus,
                presence: Arc::new(LocalPresence::new()),
                streams: streams.clone(),
                live_stats: Arc::new(LocalLiveStats::new(stats_lease)),
                limiter: Arc::new(local_limiter),
                open: Open::Local(streams, is_far.then(|| tokio::spawn(auditing))),
            });
        };
        let link = RedisLink::open(&redis_options(config, redis)).context("REDIS_URL")?;
        let bus = RedisBus::open(link.clone(), SystemIds.next());
        let bus = Arc::new(bus.traced_by(Arc::new(CurrentTrace)));
        let presence = PresenceOptions {
            lease: config.fleet.presence_lease,
            ..PresenceOptions::default()
        };
        Ok(Self {
            bus: bus.clone(),
            presence: Arc::new(RedisPresence::new(link.clone(), presence)),
            streams: Arc::new(RedisStreams::new(link.clone(), config.streams.lease)),
            live_stats: Arc::new(RedisLiveStats::new(link.clone(), stats_lease)),
            limiter: Arc::new(RedisLimiter::new(
                link.clone(),
                local_limiter,
                config.fleet.limiter_patience,
            )),
            open: Open::Redis(bus, link),
        })
    }
}

impl Open {
    /// Streams that end with this process have lost their authors.
    pub(super) fn lose_streams(&self) {
        match self {
            Self::Local(streams, _) => streams.lose_all(),
            Self::Redis(..) => {}
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Local(_, None) => {}
            Self::Local(_, Some(auditing)) => auditing.abort(),
            Self::Redis(bus, link) => {
                bus.close().await;
                link.close().await;
            }
        }
    }
}

/// Sends the listeners to the database now and then, until it is ended.
async fn audit(bus: Arc<LocalBus>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        bus.lost();
    }
}

fn redis_options(config: &Config, redis: &Redis) -> RedisOptions {
    let fleet = &config.fleet;
    RedisOptions {
        heartbeat: fleet.heartbeat,
        silence: fleet.silence,
        poll: fleet.poll_interval,
        audit: fleet.audit_interval,
        outgoing: fleet.queue,
        backlog: config.delivery.bus_capacity,
        ..redis.options()
    }
}
