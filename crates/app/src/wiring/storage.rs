use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use domain::ports::{
    ActivityStore, CommitCounts, EventBus, MemberStore, MessageStore, Probe, RoomLog, RoomStore,
    SessionStore, UserStore,
};
use repository::{
    cache::{Cache, CacheOptions},
    postgres::{self, Address, GroupCommit, Postgres, PostgresOptions},
    sqlite::{self, Location, Sqlite, SqliteOptions},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use crate::{
    config::{AppEnv, Config, DatabaseKind, signing_secret},
    system::SystemRandomness,
};

/// The storage ports of the database that was chosen.
pub(super) struct Storage {
    pub users: Arc<dyn UserStore>,
    pub activity: Arc<dyn ActivityStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub members: Arc<dyn MemberStore>,
    pub log: Arc<dyn RoomLog>,
    pub messages: Arc<dyn MessageStore>,
    pub probe: Arc<dyn Probe>,
    pub open: Open,
}

/// The database that was chosen.
pub(super) enum Open {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Storage {
    pub(super) async fn open(config: &Config) -> Result<Self> {
        match &config.database.kind {
            DatabaseKind::Sqlite { path } => {
                let options = sqlite_options(config, path);
                let opening = tokio::task::spawn_blocking(move || Sqlite::open(&options));
                let store = opening
                    .await?
                    .with_context(|| format!("the database {}", path.display()))?;
                let store = Arc::new(store);
                Ok(Self::of(store.clone(), Open::Sqlite(store)))
            }
            DatabaseKind::Postgres { dsn } => {
                let store = Postgres::open(&postgres_options(config, dsn)?).await?;
                let store = Arc::new(store);
                Ok(Self::of(store.clone(), Open::Postgres(store)))
            }
        }
    }

    fn of<S>(store: Arc<S>, open: Open) -> Self
    where
        S: UserStore + SessionStore + RoomStore + MemberStore + RoomLog + MessageStore + Probe,
        S: ActivityStore,
        S: 'static,
    {
        Self {
            users: store.clone(),
            activity: store.clone(),
            sessions: store.clone(),
            rooms: store.clone(),
            members: store.clone(),
            log: store.clone(),
            messages: store.clone(),
            probe: store,
            open,
        }
    }
}

impl Storage {
    /// With a cache in front, where a look-up is a round trip; and the task that follows the bus for it.
    pub(super) fn cached(
        self,
        config: &Config,
        bus: &Arc<dyn EventBus>,
    ) -> (Self, Option<JoinHandle<()>>) {
        let is_near = matches!(self.open, Open::Sqlite(_));
        if is_near || config.fleet.cache_entries == 0 {
            return (self, None);
        }
        let options = CacheOptions {
            entries: config.fleet.cache_entries,
            ttl: config.fleet.cache_ttl,
        };
        let (cache, invalidator) = Cache::new(bus.clone(), options);
        let storage = Self {
            users: Arc::new(cache.users(self.users)),
            rooms: Arc::new(cache.rooms(self.rooms)),
            members: Arc::new(cache.members(self.members)),
            ..self
        };
        (storage, Some(tokio::spawn(invalidator.run())))
    }
}

impl Open {
    /// What signs access tokens. Nodes that share a database share it: in development without one, it is made and kept
    /// there, or beside the file.
    pub(super) async fn signing_secret(&self, config: &Config) -> Result<SecretString> {
        match self {
            Self::Postgres(store)
                if config.auth.access_secret.is_none()
                    && config.environment == AppEnv::Development =>
            {
                let fresh = signing_secret::fresh(&SystemRandomness);
                Ok(store.keep_secret("jwt_access_secret", &fresh).await?)
            }
            Self::Postgres(_) | Self::Sqlite(_) => {
                Ok(signing_secret::load(config, &SystemRandomness)?)
            }
        }
    }

    /// What it counts of its commits.
    pub(super) fn commits(&self) -> Arc<dyn CommitCounts> {
        match self {
            Self::Sqlite(store) => store.commits(),
            Self::Postgres(store) => store.commits(),
        }
    }

    /// Commits what is queued, and closes.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// Brings the schema up to date, and says which migrations that took.
///
/// # Errors
/// What stands against it, for people.
pub async fn migrate(config: &Config) -> Result<Vec<String>> {
    match &config.database.kind {
        DatabaseKind::Sqlite { path } => {
            let options = sqlite_options(config, path);
            let migrating = tokio::task::spawn_blocking(move || sqlite::migrate(&options));
            Ok(migrating.await??)
        }
        DatabaseKind::Postgres { dsn } => {
            Ok(postgres::migrate(&postgres_options(config, dsn)?).await?)
        }
    }
}

fn sqlite_options(config: &Config, path: &Path) -> SqliteOptions {
    let database = &config.database;
    SqliteOptions {
        location: Location::File(path.to_owned()),
        readers: database.readers,
        read_wait: database.wait_timeout,
        queue: database.write_queue,
        queue_wait: database.wait_timeout,
        batch: database.commit_batch,
        busy_wait: database.wait_timeout,
    }
}

fn postgres_options(config: &Config, dsn: &SecretString) -> Result<PostgresOptions> {
    let database = &config.database;
    let address = Address::parse(dsn.expose_secret()).context("DATABASE_URL")?;
    Ok(PostgresOptions {
        pool_size: database.pool,
        pool_wait: database.wait_timeout,
        connect_timeout: database.connect_timeout,
        statement_timeout: database.statement_timeout,
        lock_timeout: database.lock_timeout,
        start_timeout: database.start_timeout,
        group_commit: Some(GroupCommit {
            batch: database.commit_batch,
            committers: database.committers,
            queue: database.write_queue,
        }),
        ..PostgresOptions::new(address)
    })
}
