//! Each way to name a Redis: with a user, over TLS, through a socket, a cluster, a sentinel.

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

struct Cluster {
    nodes: Vec<Redis>,
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

impl Cluster {
    fn start() -> Self {
        let doors = [(); 3].map(|()| testkit::free_port().to_string());
        let nodes: Vec<_> = doors
            .iter()
            .map(|door| Redis::start_with(&["--cluster-enabled", "yes", "--cluster-port", door]))
            .collect();
        let slots = [["0", "5000"], ["5001", "10000"], ["10001", "16383"]];
        for (node, [first, last]) in nodes.iter().zip(slots) {
            node.cli(&["cluster", "addslotsrange", first, last]);
        }
        for (other, door) in nodes.iter().zip(&doors).skip(1) {
            let port = other.port().to_string();
            nodes[0].cli(&["cluster", "meet", "127.0.0.1", &port, door]);
        }
        let begun = std::time::Instant::now();
        let ready = |node: &Redis| {
            let known = node.cli(&["cluster", "slots"]);
            node.cli(&["cluster", "info"]).contains("cluster_state:ok")
                && nodes
                    .iter()
                    .all(|other| known.contains(&other.port().to_string()))
        };
        while !nodes.iter().all(ready) {
            assert!(begun.elapsed() < NEVER, "no cluster");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { nodes }
    }

    /// The node that a key belongs to, and the key's slot.
    fn home(&self, key: &str) -> (usize, String) {
        let slot = self.nodes[0].cli(&["cluster", "keyslot", key]);
        let number: u16 = slot.parse().unwrap();
        (
            usize::from(number > 5_000) + usize::from(number > 10_000),
            slot,
        )
    }
}

fn cluster() -> RedisOptions {
    options(format!(
        "redis-cluster://127.0.0.1:{}",
        CLUSTER.nodes[0].port()
    ))
}

mod on_a_cluster {
    use super::*;

    testkit::bus_contract!(async {
        let link = RedisLink::open(&cluster()).unwrap();
        let bus: Arc<dyn EventBus> = Arc::new(RedisBus::open(link.clone(), sample::id()));
        (bus, link)
    });

    testkit::bus_pair_contract!(async { pair(&cluster()) });

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_room_that_moves_to_another_node_is_heard_again() {
        let cluster = Cluster::start();
        let options = RedisOptions {
            audit: Duration::from_millis(100),
            ..options(format!(
                "redis-cluster://127.0.0.1:{}",
                cluster.nodes[0].port()
            ))
        };
        let ([here, there], [link, _other]) = pair(&options);
        for bus in [&here, &there] {
            it_is_connected_before_long(bus).await;
        }
        let room = RoomId(sample::id());
        let mut subscription = there.subscribe();
        subscription.follow(room);
        let (home, slot) = cluster.home(&link.room_key(room, "events"));
        let away = cluster.nodes[(home + 1) % 3].cli(&["cluster", "myid"]);
        // The new home first, or the others would not believe it.
        for offset in [1, 0, 2] {
            let node = &cluster.nodes[(home + offset) % 3];
            node.cli(&["cluster", "setslot", &slot, "node", &away]);
        }
        heard_at_last(&here, &mut subscription, room).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_node_that_cuts_its_subscribers_off_is_subscribed_to_again() {
        let cluster = Cluster::start();
        let options = options(format!(
            "redis-cluster://127.0.0.1:{}",
            cluster.nodes[0].port()
        ));
        let ([here, there], [link, _other]) = pair(&options);
        for bus in [&here, &there] {
            it_is_connected_before_long(bus).await;
        }
        let room = RoomId(sample::id());
        let mut subscription = there.subscribe();
        subscription.follow(room);
        heard_at_last(&here, &mut subscription, room).await;
        let (home, _) = cluster.home(&link.room_key(room, "events"));
        cluster.nodes[home].cli(&["client", "kill", "type", "pubsub"]);
        heard_at_last(&here, &mut subscription, room).await;
    }

    /// Publishes until it is heard.
    async fn heard_at_last(
        bus: &Arc<dyn EventBus>,
        subscription: &mut Box<dyn BusSubscription>,
        room: RoomId,
    ) {
        let ann = sample::user("Ann");
        let event = BusEvent::Room(sample::message_sent(room, domain::Seq(1), &ann, "hi"));
        let heard = async {
            loop {
                bus.publish(event.clone()).await;
                let soon = tokio::time::timeout(Duration::from_millis(20), subscription.next());
                if let Ok(Some(BusDelivery::Event(heard, _))) = soon.await
                    && *heard == event
                {
                    return;
                }
            }
        };
        tokio::time::timeout(NEVER, heard)
            .await
            .expect("it is heard at last");
    }
}

/// A sentinel, which needs a file that it may write.
struct Sentinel {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Sentinel {
    fn of(redis: &Redis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = testkit::free_port();
        let file = folder.path().join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n",
            redis.port()
        );
        fs::write(&file, text).unwrap();
        // It ends with this test, however that ends.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "redis-server"])
            .arg(&file)
            .arg("--sentinel")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            port,
            _folder: folder,
        }
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_that_knows_where_the_server_is() {
    let redis = Redis::start();
    let sentinel = Sentinel::of(&redis);
    let address = format!("127.0.0.1:{}", sentinel.port);
    works(&options(format!(
        "redis-sentinel://{address}/1?sentinelServiceName=main"
    )))
    .await;
}

#[tokio::test]
async fn what_is_no_redis_url_is_refused_without_its_password() {
    for bad in [
        "",
        "localhost",
        "http://ann:s3cret@localhost",
        "redis:ann:s3cret@localhost",
        "redis-moon://ann:s3cret@localhost",
        "redis://ann:s3cret@localhost:port",
        "redis://ann:s3cret@localhost/a/b",
        "redis://ann:s3cret@localhost/moon",
        "redis://ann:s3cret@",
        "redis-sentinel://ann:s3cret@localhost",
        "redis-cluster://localhost?node=ann:s3cret:1",
        "rediss+unix:///tmp/redis.sock",
    ] {
        let error = RedisLink::open(&RedisOptions::new(bad)).expect_err(bad);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cret"), "{bad}: {text}");
        assert!(
            matches!(error, OpenError::Scheme | OpenError::Url(_)),
            "{bad}: {text}"
        );
    }
    for prefix in ["", "a{b", "a b"] {
        let options = RedisOptions {
            prefix: prefix.into(),
            ..RedisOptions::new("redis://localhost")
        };
        assert!(matches!(
            RedisLink::open(&options),
            Err(OpenError::Prefix(_))
        ));
    }
    let options = RedisOptions {
        authorities: Some("/nowhere.pem".into()),
        ..RedisOptions::new("rediss://localhost")
    };
    let error = RedisLink::open(&options).expect_err("there is no such file");
    assert!(error.to_string().contains("/nowhere.pem"), "{error}");
}

#[test]
fn options_are_checked_without_a_runtime_as_they_are_at_the_opening() {
    let good = RedisOptions::new("redis://ann:s3cret@localhost/1");
    good.check().unwrap();
    let bad = |change: fn(&mut RedisOptions)| {
        let mut options = good.clone();
        change(&mut options);
        options.check().unwrap_err()
    };
    let error = bad(|options| options.url = "http://localhost".into());
    assert!(matches!(error, OpenError::Scheme));
    let error = bad(|options| options.prefix = "a{b".into());
    assert!(matches!(error, OpenError::Prefix(_)));
    let error = bad(|options| {
        options.url = "rediss://localhost".into();
        options.authorities = Some("/nowhere.pem".into());
    });
    assert!(matches!(error, OpenError::Authorities { .. }));
}

#[tokio::test]
async fn an_address_is_told_without_the_password() {
    for (url, told) in [
        ("redis://:s3cret@one/2", "redis://one:6379/2"),
        ("rediss://ann:s3cret@one:1", "rediss://ann@one:1"),
        (
            "redis-cluster://ann:s3cret@one:1?node=two:2",
            "redis-cluster://ann@two:2,one:1",
        ),
        (
            "redis-sentinel://ann:s3cret@one?sentinelServiceName=main&sentinelPassword=s3cret",
            "redis-sentinel://ann@one:26379",
        ),
        (
            "redis+unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
        ),
    ] {
        let options = RedisOptions::new(url);
        let link = RedisLink::open(&options).unwrap();
        assert_eq!(link.address(), told);
        assert!(!format!("{link:?} {options:?}").contains("s3cret"));
    }
}
