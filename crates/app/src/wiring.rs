//! The one place that names concrete adapters.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::ports::Probe;
use realtime::{HubPorts, HubSettings};
use repository::{
    crypto::{Argon2Hasher, Argon2Options, JwtOptions, JwtTokens},
    local::{LocalBus, LocalPresence},
    sqlite::{Location, Sqlite, SqliteOptions},
};
use usecase::{Ports, Settings, UseCases};

use crate::{
    config::{Config, signing_secret},
    system::{SystemClock, SystemIds, SystemRandomness},
};

/// The adapters of a node, behind their ports.
pub struct Wired {
    /// What the use cases need.
    pub ports: Ports,
    /// Whether the store answers.
    pub probe: Arc<dyn Probe>,
    /// The store, to be closed at the end.
    pub store: Arc<Sqlite>,
}

/// How the configuration wants the database.
#[must_use]
pub fn sqlite_options(config: &Config) -> SqliteOptions {
    let database = &config.database;
    SqliteOptions {
        location: Location::File(database.path.clone()),
        readers: database.readers,
        read_wait: database.wait_timeout,
        queue: database.write_queue,
        queue_wait: database.wait_timeout,
        batch: database.commit_batch,
        busy_wait: database.wait_timeout,
    }
}

/// Opens the adapters that the configuration chooses. Blocks while the database is opened and brought up to date.
///
/// # Errors
/// What stands against it, for people.
pub fn wire(config: &Config) -> Result<Wired> {
    let secret = signing_secret::load(config, &SystemRandomness)?;
    let path = &config.database.path;
    let store = Sqlite::open(&sqlite_options(config))
        .with_context(|| format!("the database {}", path.display()))?;
    let store = Arc::new(store);
    let hashing = Argon2Options {
        parallel: config.auth.hash_concurrency,
        waiting: config.auth.hash_queue,
        ..Argon2Options::default()
    };
    let tokens = JwtTokens::new(&JwtOptions {
        secret,
        issuer: config.auth.issuer.clone(),
        audience: config.auth.audience.clone(),
    });
    let ports = Ports {
        users: store.clone(),
        sessions: store.clone(),
        rooms: store.clone(),
        members: store.clone(),
        log: store.clone(),
        messages: store.clone(),
        bus: Arc::new(LocalBus::new(config.delivery.bus_capacity)),
        presence: Arc::new(LocalPresence::new()),
        passwords: Arc::new(Argon2Hasher::new(&hashing)?),
        tokens: Arc::new(tokens),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
        randomness: Arc::new(SystemRandomness),
    };
    Ok(Wired {
        ports,
        probe: store.clone(),
        store,
    })
}

/// The use cases over these ports.
#[must_use]
pub fn usecases(config: &Config, ports: &Ports) -> UseCases {
    let settings = Settings {
        access_ttl: config.auth.access_ttl,
        refresh_ttl: config.auth.refresh_ttl,
        rooms_per_socket: config.ws.rooms_max,
    };
    UseCases::new(ports, settings)
}

/// What the hub needs of these ports.
#[must_use]
pub fn hub_ports(ports: &Ports) -> HubPorts {
    HubPorts {
        log: ports.log.clone(),
        bus: ports.bus.clone(),
        presence: ports.presence.clone(),
        randomness: ports.randomness.clone(),
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
        retry: config.delivery.feed_retry,
        ping_interval: config.ws.ping_interval,
    }
}
