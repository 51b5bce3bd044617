//! Three nodes, with a proxy between each of them and Postgres, Redis and the clients.

mod baseline;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use testkit::{Link, free_port, postgres::Postgres, redis::Redis};

pub use self::baseline::{Baseline, Growth};
use crate::{
    api::Client,
    fleet::{Backend, Fleet, online, readiness},
    length::{eventually, within},
    server::Server,
};

/// Nodes whose every connection can be disturbed.
pub struct Rig {
    pub fleet: Fleet,
    /// Of each node.
    pub links: Vec<Links>,
    settings: Vec<(String, String)>,
}

/// The links of a node.
pub struct Links {
    /// Where clients find it.
    pub clients: Link,
    /// Its way to Postgres.
    pub postgres: Link,
    /// Its way to Redis. It marks the connections that have subscribed to something.
    pub redis: Link,
    port: u16,
    /// What this node alone is started with.
    settings: Vec<(String, String)>,
}

/// After so long without a sign a node's sockets count no more.
pub const LEASE: Duration = Duration::from_secs(4);

/// What a node of the rig is started with, beside what every fleet is.
const SETTINGS: [(&str, &str); 12] = [
    ("JWT_ACCESS_TTL", "1d"),
    ("PRESENCE_LEASE", "4s"),
    ("PRESENCE_LINGER", "500ms"),
    ("WS_PING_INTERVAL", "1s"),
    ("WS_PONG_TIMEOUT", "10s"),
    ("BUS_AUDIT_INTERVAL", "1s"),
    ("DRAIN_NOTICE", "1s"),
    ("SHUTDOWN_GRACE", "8s"),
    ("RECONNECT_SPREAD", "200ms"),
    ("WS_SOCKETS_ADDRESS", "off"),
    ("WS_SOCKETS_USER", "off"),
    ("CACHE_TTL", "1s"),
];

/// Those of the nodes, by turns.
const TRANSPORTS: [&str; 2] = ["actix", "takeover"];

/// And their threads: the hub has one of its own, or shares the one that serves sockets.
const WORKERS: [&str; 3] = ["2", "1", "1"];

impl Rig {
    /// Over the Postgres and the Redis of all tests: for faults of nodes and links.
    pub async fn shared(settings: &[(&str, &str)]) -> Self {
        let (postgres, redis) = (Postgres::shared(), Redis::shared());
        Self::over(Backend::Shared(postgres), Backend::Shared(redis), settings).await
    }

    /// Over a Postgres and a Redis of its own, which may be broken.
    pub async fn alone(settings: &[(&str, &str)]) -> Self {
        // What was committed must outlive the kill of the server, though not that of the machine.
        let postgres = Postgres::start_with(&[("synchronous_commit", "on")]);
        let (postgres, redis) = (Box::new(postgres), Box::new(Redis::start()));
        Self::over(Backend::Own(postgres), Backend::Own(redis), settings).await
    }

    /// Three nodes over these.
    pub async fn over(
        postgres: Backend<Postgres>,
        redis: Backend<Redis>,
        settings: &[(&str, &str)],
    ) -> Self {
        let fleet = Fleet::over(postgres, redis, &[]).await;
        let all = SETTINGS.iter().chain(settings);
        let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut rig = Self {
            fleet,
            links: Vec::new(),
            settings: all.collect(),
        };
        let mut starting = Vec::new();
        for _ in 0..3 {
            let links = Links::new(&rig.fleet).await;
            rig.links.push(links);
            starting.push(rig.node(rig.links.len() - 1).spawn());
        }
        for node in starting {
            rig.fleet.nodes.push(node.listening().await);
        }
        rig.wait_until_healed().await;
        rig
    }

    /// How a node is started, at its old place.
    pub fn node(&self, i: usize) -> crate::server::Start {
        let links = &self.links[i];
        let by = |url: &str, port: u16, link: &Link| {
            url.replace(&format!(":{port}"), &format!(":{}", link.address().port()))
        };
        let fleet = &self.fleet;
        let dsn = by(&fleet.dsn, fleet.postgres.port(), &links.postgres);
        let redis = by(&fleet.redis.url(), fleet.redis.port(), &links.redis);
        let start = self.fleet.node();
        let settings = self.settings.iter().chain(&links.settings);
        settings
            .fold(start, |start, (name, value)| start.with(name, value))
            .with("WS_TRANSPORT", TRANSPORTS[i % TRANSPORTS.len()])
            .with("WORKERS", WORKERS[i % WORKERS.len()])
            .with("DATABASE_URL", &dsn)
            .with("REDIS_URL", &redis)
            .with("PORT", &links.port.to_string())
    }

    /// Starts a node that has ended again, at its old place.
    pub async fn restart(&mut self, i: usize) {
        self.fleet.nodes[i] = self.node(i).start().await;
    }

    /// What a node alone is started with from now on.
    pub fn set_of_node(&mut self, i: usize, settings: &[(&str, String)]) {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.links[i].settings.extend(settings);
    }

    /// Waits until all nodes say that they serve, and hear each other.
    pub async fn wait_until_healed(&self) {
        for node in &self.fleet.nodes {
            wait_for_store(node, true).await;
            wait_for_bus(node, "connected").await;
        }
    }

    /// Waits until each of these users is there, as every node tells it, and nobody else.
    pub async fn wait_for_presence(&self, reader: &Client, room: &str, names: &[&str]) {
        let deadline = Instant::now() + 2 * LEASE;
        for node in &self.fleet.nodes {
            let reader = reader.at(node);
            let left = deadline.saturating_duration_since(Instant::now());
            within(left, &format!("{names:?} are there"), async || {
                (online(&reader, room).await == names).then_some(())
            })
            .await;
        }
    }
}

impl Links {
    async fn new(fleet: &Fleet) -> Self {
        let port = free_port();
        let to = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            clients: Link::to(to(port)).await.unwrap(),
            postgres: Link::to(to(fleet.postgres.port())).await.unwrap(),
            redis: Link::marking(to(fleet.redis.port()), subscribes)
                .await
                .unwrap(),
            port,
            settings: Vec::new(),
        }
    }

    /// Where the node itself is.
    pub fn node(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

/// Whether a client of Redis asks to be told what is published.
fn subscribes(said: &[u8]) -> bool {
    let said = said.to_ascii_uppercase();
    said.windows(9).any(|word| word == b"SUBSCRIBE")
}

/// Waits until a node says of itself that it can serve, or that it cannot because its database is away. It lives all
/// the time.
pub async fn wait_for_store(node: &Server, is_there: bool) {
    let (status, store) = if is_there {
        (200, "ok")
    } else {
        (503, "unavailable")
    };
    eventually(
        &format!("ready says {status}, the store is {store}"),
        async || {
            let ready = readiness(node).await;
            (ready.status == status && ready.body["store"] == store).then_some(())
        },
    )
    .await;
    assert_eq!(node.client().get("/health/live").await.status, 200);
}

/// Waits until a node says this of its bus: `connected` or `degraded`. It serves all the time.
pub async fn wait_for_bus(node: &Server, bus: &str) {
    eventually(&format!("the bus is {bus}"), async || {
        let ready = readiness(node).await;
        assert_eq!(ready.status, 200, "{ready:?}");
        (ready.body["bus"] == bus).then_some(())
    })
    .await;
}
