//! The one place that names concrete adapters.

mod links;
mod storage;

use std::sync::Arc;

use anyhow::Result;
use domain::ports::{CommitCounts, Probe, RateLimiter};
use realtime::{AdmissionSettings, HubPorts, HubSettings, PresenceSettings};
use repository::crypto::{Argon2Hasher, Argon2Options, JwtOptions, JwtTokens};
use tokio::task::JoinHandle;
use usecase::{Ports, Settings, UseCases};

use self::{links::Links, storage::Storage};
use crate::{
    config::Config,
    system::{SystemClock, SystemIds, SystemRandomness},
};

pub use storage::migrate;

/// The adapters of a node, behind their ports.
pub struct Wired {
    /// What the use cases need.
    pub ports: Ports,
    /// Counts what is done at the doors.
    pub limiter: Arc<dyn RateLimiter>,
    /// Whether the store answers.
    pub probe: Arc<dyn Probe>,
    /// What the store counts of its commits.
    pub commits: Arc<dyn CommitCounts>,
    /// What must be closed at the end.
    pub open: Open,
}

/// What must be closed at the end, once nobody uses the ports any more.
pub struct Open {
    storage: storage::Open,
    links: links::Open,
    cache: Option<JoinHandle<()>>,
}

impl Open {
    /// What is being written here, and nowhere else, is over: it is to be sent or dropped as if its authors were lost.
    pub fn lose_streams(&self) {
        self.links.lose_streams();
    }

    /// Tells the other nodes what waits to be told, commits what is queued, and closes the connections.
    pub async fn close(self) {
        if let Some(cache) = self.cache {
            cache.abort();
            // It ends as one that was told to.
            let _ = cache.await;
        }
        // Side by side: a Redis that hangs must not keep what is queued for the database from its commit.
        tokio::join!(self.links.close(), self.storage.close());
    }
}

/// Opens the adapters that the configuration chooses. A database server that is away is waited for; Redis is not.
///
/// # Errors
/// What stands against it, for people.
pub async fn wire(config: &Config) -> Result<Wired> {
    let links = Links::open(config)?;
    let storage = Storage::open(config).await?;
    let (storage, cache) = storage.cached(config, &links.bus);
    let hashing = Argon2Options {
        parallel: config.auth.hash_concurrency,
        waiting: config.auth.hash_queue,
        ..Argon2Options::default()
    };
    let tokens = JwtTokens::new(&JwtOptions {
        secret: storage.open.signing_secret(config).await?,
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
    });
    let ports = Ports {
        users: storage.users,
        activity: storage.activity,
        sessions: storage.sessions,
        rooms: storage.rooms,
        members: storage.members,
        log: storage.log,
        messages: storage.messages,
        streams: links.streams,
        live_stats: links.live_stats,
        bus: links.bus,
        presence: links.presence,
        passwords: Arc::new(Argon2Hasher::new(&hashing)?),
        tokens: Arc::new(tokens),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        randomness: Arc::new(SystemRandomness),
    };
    Ok(Wired {
        ports,
        limiter: links.limiter,
        probe: storage.probe,
        commits: storage.open.commits(),
        open: Open {
            storage: storage.open,
            links: links.open,
            cache,
        },
    })
}

/// The use cases over these ports.
#[must_use]
pub fn usecases(config: &Config, ports: &Ports) -> UseCases {
    let settings = Settings {
        access_ttl: config.auth.access_ttl,
        refresh_ttl: config.auth.refresh_ttl,
        rooms_per_socket: config.ws.rooms_max,
        resume_max_events: config.delivery.resume_max_events,
        sync_max_events: config.delivery.sync_max_events,
        sync_max_bytes: config.delivery.sync_max_bytes,
        sync_max_rooms: config.delivery.sync_max_rooms,
        streams_per_user: config.streams.per_user,
    };
    UseCases::new(ports, settings)
}

/// What the hub needs of these ports.
#[must_use]
pub fn hub_ports(ports: &Ports) -> HubPorts {
    HubPorts {
        log: ports.log.clone(),
        sessions: ports.sessions.clone(),
        members: ports.members.clone(),
        rooms: ports.rooms.clone(),
        streams: ports.streams.clone(),
        bus: ports.bus.clone(),
        presence: ports.presence.clone(),
        randomness: ports.randomness.clone(),
        clock: ports.clock.clone(),
    }
}

/// How the configuration wants the hub.
#[must_use]
pub fn hub_settings(config: &Config) -> HubSettings {
    HubSettings {
        queue_bytes: config.ws.queue_bytes,
        typing_timeout: config.ws.typing_timeout,
        gap_wait: config.delivery.feed_gap_wait,
        page: config.delivery.feed_page,
        reads_at_once: config.delivery.feed_reads,
        survey_batch: config.delivery.survey_batch,
        retry: config.delivery.feed_retry,
        presence: PresenceSettings {
            linger: config.fleet.presence_linger,
            // Twice may fail before a lease is over.
            tend_interval: config.fleet.presence_lease / 3,
        },
        stream_pause: config.streams.interval,
        // Twice may fail before a lease is over.
        stream_look: config.streams.lease / 3,
        ping_interval: config.ws.ping_interval,
        rooms_per_socket: config.ws.rooms_max,
        admission: AdmissionSettings {
            node: config.ws.sockets_node,
            user: config.ws.sockets_user,
            address: config.ws.sockets_address,
            // Whoever answers pings is heard more often.
            silence: config.ws.ping_interval * 3 / 2,
        },
        reconnect_spread: config.ws.reconnect_spread,
        times_deliveries: config.delivery.latency,
    }
}
