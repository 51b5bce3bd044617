use std::ops::Deref;

use serde_json::Value;
use testkit::{
    postgres::Postgres,
    redis::{Redis, fresh_prefix},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    api::{Answer, Client},
    server::{Server, Start, eventually},
};

/// Nodes over one database and one Redis.
pub struct Fleet {
    pub nodes: Vec<Server>,
    pub postgres: Backend<Postgres>,
    pub redis: Backend<Redis>,
    /// Its database, as the nodes and psql call it.
    pub dsn: String,
    settings: Vec<(String, String)>,
    _place: SemaphorePermit<'static>,
}

/// A server beneath the nodes: the one of all tests, or the test's own, which it may break.
pub enum Backend<T: 'static> {
    Shared(&'static T),
    Own(Box<T>),
}

impl<T> Deref for Backend<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Shared(server) => server,
            Self::Own(server) => server,
        }
    }
}

/// How many fleets are up at once: each takes connections of the one Postgres, and a few processes.
static PLACES: Semaphore = Semaphore::const_new(4);

/// What every node of a fleet is started with. Small pools, since many tests share one Postgres; no limits, since all
/// tests have one address; and short times, so that what they bound is seen.
const SETTINGS: [(&str, &str); 19] = [
    ("JWT_ACCESS_SECRET", "the same on every node of this fleet"),
    ("DB_POOL", "4"),
    ("DB_COMMITTERS", "1"),
    ("DB_WAIT_TIMEOUT", "1s"),
    ("DB_STATEMENT_TIMEOUT", "1s"),
    ("DB_LOCK_TIMEOUT", "1s"),
    ("DB_CONNECT_TIMEOUT", "1s"),
    ("REDIS_COMMAND_TIMEOUT", "500ms"),
    ("REDIS_CONNECT_TIMEOUT", "500ms"),
    ("BUS_HEARTBEAT", "100ms"),
    ("BUS_SILENCE", "1s"),
    ("BUS_POLL_INTERVAL", "200ms"),
    ("RATE_REGISTER_IP", "off"),
    ("RATE_LOGIN_IP", "off"),
    ("RATE_LOGIN_ACCOUNT", "off"),
    ("RATE_REST_USER", "off"),
    ("RATE_MESSAGES_USER", "off"),
    ("RATE_TYPING_USER", "off"),
    ("RATE_SOCKET_FRAMES", "off"),
];

impl Fleet {
    /// Three nodes.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Three nodes with these settings too.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (postgres, redis) = (Postgres::shared(), Redis::shared());
        let mut fleet =
            Self::over(Backend::Shared(postgres), Backend::Shared(redis), settings).await;
        fleet.add_nodes(3).await;
        fleet
    }

    /// Three nodes over a Postgres and a Redis that nobody else uses.
    pub async fn alone(settings: &[(&str, &str)]) -> Self {
        // What was committed must outlive the kill of the server, though not that of the machine.
        let postgres = Postgres::start_with(&[("synchronous_commit", "on")]);
        let (postgres, redis) = (Box::new(postgres), Box::new(Redis::start()));
        let mut fleet = Self::over(Backend::Own(postgres), Backend::Own(redis), settings).await;
        fleet.add_nodes(3).await;
        fleet
    }

    /// No node yet.
    pub async fn over(
        postgres: Backend<Postgres>,
        redis: Backend<Redis>,
        settings: &[(&str, &str)],
    ) -> Self {
        let place = PLACES.acquire().await.unwrap();
        let dsn = postgres.database();
        let (url, prefix) = (redis.url(), fresh_prefix());
        let own = [
            ("DATABASE_URL", dsn.as_str()),
            ("REDIS_URL", &url),
            ("REDIS_PREFIX", &prefix),
        ];
        let all = own.iter().chain(&SETTINGS).chain(settings);
        let settings = all.map(|(name, value)| ((*name).into(), (*value).into()));
        Self {
            nodes: Vec::new(),
            settings: settings.collect(),
            postgres,
            redis,
            dsn,
            _place: place,
        }
    }

    /// One more node, to be started.
    pub fn node(&self) -> Start {
        let start = Start::default();
        let settings = self.settings.iter();
        settings.fold(start, |start, (name, value)| start.with(name, value))
    }

    /// Starts this many nodes at once, and waits until they serve and hear each other.
    pub async fn add_nodes(&mut self, count: usize) {
        let starting: Vec<_> = (0..count).map(|_| self.node().spawn()).collect();
        for node in starting {
            self.nodes.push(node.listening().await);
        }
        for node in &self.nodes {
            wait_for_bus(node, "connected").await;
        }
    }

    /// Waits until this many nodes hear from Redis what passes in the room. A socket is ready before its node does: what
    /// is in the log it is told all the same, but not who types.
    pub async fn wait_for_listeners(&self, room: &str, count: usize) {
        let prefix = self
            .settings
            .iter()
            .find(|(name, _)| name == "REDIS_PREFIX");
        let channel = format!("{}:{{{room}}}:events", prefix.unwrap().1);
        eventually(&format!("{count} nodes hear of the room"), async || {
            let answer = self.redis.cli(&["PUBSUB", "NUMSUB", &channel]);
            let listening = answer.lines().last()?.trim().parse::<usize>().ok()?;
            (listening == count).then_some(())
        })
        .await;
    }

    /// What its database answers to psql.
    pub fn query(&self, sql: &str) -> String {
        self.postgres.query(&self.dsn, sql)
    }
}

/// Whether the node can serve: the answer of `/health/ready`.
pub async fn readiness(node: &Server) -> Answer {
    node.client().get("/health/ready").await
}

/// Waits until the node serves and says this of its bus.
pub async fn wait_for_bus(node: &Server, health: &str) {
    eventually(&format!("the bus is {health}"), async || {
        let ready = readiness(node).await;
        (ready.status == 200 && ready.body["bus"] == health).then_some(())
    })
    .await;
}

/// Who is present in a room, as this client's node tells it.
pub async fn online(client: &Client, room: &str) -> Vec<String> {
    let answer = client.get(&format!("/v1/rooms/{room}/presence")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let users = answer.body["users"].as_array().unwrap();
    let name = |user: &Value| user["username"].as_str().unwrap().to_owned();
    let mut names: Vec<_> = users.iter().map(name).collect();
    names.sort();
    names
}
