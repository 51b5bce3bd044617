//! Each way to name a Redis: with a user, over TLS, through a socket, a cluster, a sentinel.

mod cluster;
mod refused;
mod sentinel;

use std::{
    fmt::Write as _,
    fs,
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use domain::{
    BusEvent, RoomId,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus},
};
use repository::redis::{OpenError, RedisBus, RedisLink, RedisOptions};
use testkit::{
    OneTrace,
    contract::{
        bus::it_is_connected_before_long,
        bus_pair::what_one_node_publishes_all_hear_once_and_in_order,
    },
    redis::{Redis, fresh_prefix},
    sample,
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

const NEVER: Duration = Duration::from_secs(30);

fn options(url: String) -> RedisOptions {
    RedisOptions {
        prefix: fresh_prefix(),
        heartbeat: Duration::from_millis(50),
        reconnect_pause: Duration::from_millis(200),
        ..RedisOptions::new(url)
    }
}

type Pair = ([Arc<dyn EventBus>; 2], [Arc<RedisLink>; 2]);

fn pair(options: &RedisOptions) -> Pair {
    let links = [(); 2].map(|()| RedisLink::open(options).unwrap());
    let buses = links
        .clone()
        .map(|link| RedisBus::open(link, sample::id()).traced_by(Arc::new(OneTrace)))
        .map(|bus| Arc::new(bus) as Arc<dyn EventBus>);
    (buses, links)
}

async fn works(options: &RedisOptions) {
    let (buses, _links) = pair(options);
    what_one_node_publishes_all_hear_once_and_in_order(&buses).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_a_password_and_no_more_rights_than_needed() {
    let redis = Redis::start();
    let options = options(redis.url().replace("://", "://ann:p%40ss%2Fword@") + "/3");
    let (keys, channels) = (
        format!("~{}:*", options.prefix),
        format!("&{}:*", options.prefix),
    );
    let rights = ["-@all", "+@pubsub", "+@connection"];
    let user = [
        "acl",
        "setuser",
        "ann",
        "on",
        ">p@ss/word",
        &keys,
        &channels,
    ];
    redis.cli(&[user.as_slice(), &rights].concat());
    redis.cli(&["acl", "setuser", "default", "off"]);
    works(&options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_of_the_server_alone() {
    let redis = Redis::start();
    redis.cli(&["config", "set", "requirepass", "secret"]);
    works(&options(redis.url().replace("://", "://:secret@"))).await;
}

/// The texts of what was logged at a level.
#[derive(Clone)]
struct Log(Level, Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.0
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.1.lock().unwrap().push(text.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_once_and_not_repeated_and_healed_by_the_right_one() {
    let log = Log(Level::WARN, Arc::default());
    let lines = log.1.clone();
    let _guard = tracing::subscriber::set_default(log);
    let redis = Redis::start();
    let user = ["acl", "setuser", "ann", "on", ">right", "allcommands"];
    redis.cli(&[user.as_slice(), &["allkeys", "allchannels"]].concat());
    let options = RedisOptions {
        silence: Duration::from_millis(300),
        ..options(redis.url().replace("://", "://ann:wr0ng@"))
    };
    let link = RedisLink::open(&options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    let mut subscription = bus.subscribe();
    // A warning, and then several times of asking the database.
    for _ in 0..3 {
        let lost = tokio::time::timeout(NEVER, subscription.next()).await;
        lost.expect("it says so again and again").unwrap();
    }
    assert_eq!(bus.health(), BusHealth::Degraded);
    {
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("WRONGPASS"), "{lines:?}");
        assert!(lines[0].contains("ann@127.0.0.1"), "{lines:?}");
        assert!(!lines[0].contains("wr0ng"), "{lines:?}");
    }
    assert!(!format!("{link:?}").contains("wr0ng"));
    redis.cli(&["acl", "setuser", "ann", ">wr0ng"]);
    let healed = async {
        while bus.health() != BusHealth::Connected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(NEVER, healed).await.expect("it heals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_with_an_authority_of_ones_own() {
    let redis = Redis::start();
    let port = testkit::free_port();
    let authority = tls(&redis, port);
    let options = RedisOptions {
        authorities: Some(authority),
        ..options(format!("rediss://localhost:{port}"))
    };
    works(&options).await;
    // Who does not know the authority does not talk to it.
    let trusting = RedisOptions {
        authorities: None,
        ..options
    };
    let link = RedisLink::open(&trusting).unwrap();
    let refused = async {
        while !link
            .fault()
            .is_some_and(|why| why.contains("UnknownIssuer"))
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(NEVER, refused)
        .await
        .unwrap_or_else(|_| panic!("{:?}", link.fault()));
}

/// Gives the server a certificate, and answers the file of who signed it.
fn tls(redis: &Redis, port: u16) -> std::path::PathBuf {
    let signed = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let folder = redis.folder();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, signed.cert.pem()).unwrap();
    fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let said = redis.cli(&[
        "config",
        "set",
        "tls-cert-file",
        certificate.to_str().unwrap(),
        "tls-key-file",
        key.to_str().unwrap(),
        "tls-auth-clients",
        "no",
        "tls-port",
        &port.to_string(),
    ]);
    assert_eq!(said, "OK");
    certificate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = fs::metadata(folder.path()).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut open, 0o777);
    fs::set_permissions(folder.path(), open).unwrap();
    let socket = folder.path().join("redis.sock");
    let socket = socket.to_str().unwrap();
    let _redis = Redis::start_with(&["--unixsocket", socket, "--unixsocketperm", "777"]);
    works(&options(format!("redis+unix://{socket}"))).await;
}
