//! What the bus does when Redis goes away, stops, forgets, or swallows what it is told.

use std::{sync::Arc, time::Duration};

use domain::{
    BusEvent, RoomId, UserId,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, Following},
};
use repository::redis::{RedisBus, RedisLink, RedisOptions};
use testkit::{redis::Redis, sample};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How long anything may take before it counts as never.
const NEVER: Duration = Duration::from_secs(30);
const RARELY: Duration = Duration::from_secs(3_600);

struct Node {
    link: Arc<RedisLink>,
    bus: Arc<RedisBus>,
    subscription: Box<dyn BusSubscription>,
}

/// Fast, and never sent to the database without need.
fn options(url: String) -> RedisOptions {
    RedisOptions {
        heartbeat: Duration::from_millis(50),
        silence: Duration::from_millis(300),
        command_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_millis(500),
        reconnect_pause: Duration::from_millis(200),
        poll: RARELY,
        audit: RARELY,
        ..RedisOptions::new(url)
    }
}

impl Node {
    fn open(options: &RedisOptions) -> Self {
        let link = RedisLink::open(options).unwrap();
        let bus = Arc::new(RedisBus::open(link.clone(), sample::id()));
        let subscription = bus.subscribe();
        Self {
            link,
            bus,
            subscription,
        }
    }

    /// Follows the rooms until they are heard, and has nothing waiting.
    async fn settled(mut self, rooms: &[RoomId]) -> Self {
        self.is(BusHealth::Connected).await;
        for room in rooms {
            if self.subscription.follow(*room) == Following::Soon {
                self.hears_lost_room(*room).await;
            }
        }
        self.hears_own().await;
        self
    }

    async fn is(&self, health: BusHealth) {
        let so = async {
            while self.bus.health() != health {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(&format!("{health:?}"), so).await;
    }

    async fn next(&mut self) -> BusDelivery {
        within("something is heard", self.subscription.next())
            .await
            .expect("the bus is there")
    }

    async fn hears(&mut self, expected: &BusEvent) {
        loop {
            if let BusDelivery::Event(event, _) = self.next().await
                && *event == *expected
            {
                return;
            }
        }
    }

    async fn hears_lost(&mut self) {
        while !matches!(self.next().await, BusDelivery::Lost) {}
    }

    async fn hears_lost_room(&mut self, room: RoomId) {
        loop {
            if let BusDelivery::LostRoom(lost) = self.next().await
                && lost == room
            {
                return;
            }
        }
    }

    /// What it says, it hears at once, whatever Redis does.
    async fn hears_own(&mut self) {
        let event = user_changed();
        self.bus.publish(event.clone()).await;
        self.hears(&event).await;
    }
}

async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(NEVER, wait)
        .await
        .unwrap_or_else(|_| panic!("{what}, waited for in vain"))
}

fn user_changed() -> BusEvent {
    BusEvent::UserChanged {
        user_id: UserId(sample::id()),
    }
}

fn said(room: RoomId) -> BusEvent {
    let ann = sample::user("Ann");
    BusEvent::Room(sample::message_sent(room, domain::Seq(1), &ann, "hi"))
}

fn room() -> RoomId {
    RoomId(sample::id())
}

/// What must be so in an outage of any kind, and after it.
async fn outage(redis: &Redis, begin: impl FnOnce(&Redis), end: impl FnOnce(&Redis)) {
    let (before, during) = (room(), room());
    let options = options(redis.url());
    let mut here = Node::open(&options).settled(&[before]).await;
    let mut there = Node::open(&options).settled(&[before]).await;
    let event = said(before);
    here.bus.publish(event.clone()).await;
    there.hears(&event).await;

    begin(redis);
    here.hears_own().await;
    for node in [&mut here, &mut there] {
        node.is(BusHealth::Degraded).await;
        node.hears_lost().await;
        node.hears_own().await;
    }
    assert!(!here.link.is_up());
    // What was followed before cannot be heard, and is not promised.
    assert_eq!(there.subscription.follow(during), Following::Soon);
    here.subscription.follow(during);
    here.bus.publish(said(before)).await;

    end(redis);
    for node in [&mut here, &mut there] {
        node.hears_lost().await;
        node.is(BusHealth::Connected).await;
    }
    assert!(here.link.is_up());
    // Now, or after it is said.
    if there.subscription.follow(during) == Following::Soon {
        there.hears_lost_room(during).await;
    }
    for room in [before, during] {
        let event = said(room);
        here.bus.publish(event.clone()).await;
        there.hears(&event).await;
    }
    let event = user_changed();
    there.bus.publish(event.clone()).await;
    here.hears(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_and_comes_back_empty_loses_nothing_unnoticed() {
    outage(&Redis::start(), Redis::kill, Redis::restart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_stops_and_goes_on_loses_nothing_unnoticed() {
    outage(&Redis::start(), Redis::freeze, Redis::thaw).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_subscribers_are_sent_to_the_database_again_and_again() {
    let redis = Redis::start();
    let mut node = Node::open(&RedisOptions {
        poll: Duration::from_millis(20),
        ..options(redis.url())
    })
    .settled(&[])
    .await;
    redis.freeze();
    node.is(BusHealth::Degraded).await;
    for _ in 0..20 {
        node.hears_lost().await;
    }
    assert_eq!(node.bus.health(), BusHealth::Degraded);
    redis.thaw();
    node.is(BusHealth::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_without_redis_and_joins_it_when_it_comes() {
    let redis = Redis::start();
    redis.kill();
    let room = room();
    let mut node = Node::open(&options(redis.url()));
    assert_eq!(node.bus.health(), BusHealth::Degraded);
    node.hears_own().await;
    assert_eq!(node.subscription.follow(room), Following::Soon);
    redis.restart();
    node.hears_lost_room(room).await;
    node.is(BusHealth::Connected).await;
    let other = Node::open(&options(redis.url())).settled(&[]).await;
    let event = said(room);
    other.bus.publish(event.clone()).await;
    node.hears(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_was_cut_off_for_a_moment_is_told_so() {
    let redis = Redis::start();
    let room = room();
    let mut here = Node::open(&options(redis.url())).settled(&[room]).await;
    assert_eq!(redis.cli(&["client", "kill", "type", "pubsub"]), "1");
    here.hears_lost().await;
    here.is(BusHealth::Connected).await;
    let there = Node::open(&options(redis.url())).settled(&[]).await;
    let event = said(room);
    there.bus.publish(event.clone()).await;
    here.hears(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_could_not_publish_tells_the_others_what_they_missed() {
    let redis = Redis::start();
    let user = [
        "acl",
        "setuser",
        "ann",
        "on",
        ">secret",
        "allkeys",
        "allcommands",
    ];
    redis.cli(&[user.as_slice(), &["allchannels"]].concat());
    let url = redis.url().replace("://", "://ann:secret@");
    let (missed, quiet) = (room(), room());
    // It publishes nothing of its own before: that would be in doubt too.
    let mut here = Node::open(&options(url));
    here.is(BusHealth::Connected).await;
    let mut there = Node::open(&options(redis.url()))
        .settled(&[missed, quiet])
        .await;

    redis.cli(&["acl", "setuser", "ann", "resetchannels"]);
    here.is(BusHealth::Degraded).await;
    here.bus.publish(said(missed)).await;
    here.hears_own_of(missed).await;
    redis.cli(&["acl", "setuser", "ann", "allchannels"]);
    // Of the room that it follows, and of nothing else.
    match there.next().await {
        BusDelivery::LostRoom(lost) => assert_eq!(lost, missed),
        other => panic!("{other:?}"),
    }
    assert_eq!(there.bus.health(), BusHealth::Connected);

    here.is(BusHealth::Connected).await;
    redis.cli(&["acl", "setuser", "ann", "resetchannels"]);
    here.is(BusHealth::Degraded).await;
    here.bus.publish(user_changed()).await;
    redis.cli(&["acl", "setuser", "ann", "allchannels"]);
    match there.next().await {
        BusDelivery::Lost => {}
        other => panic!("{other:?}"),
    }
}

impl Node {
    /// That it was published came through.
    async fn hears_own_of(&mut self, room: RoomId) {
        self.subscription.follow(room);
        let event = said(room);
        self.bus.publish(event.clone()).await;
        self.hears(&event).await;
    }
}

/// Passes connections on, and can swallow all that the present ones carry from now on while new ones work: what a
/// firewall does that forgot them.
struct Swallower {
    address: String,
    swallow: watch::Sender<u32>,
}

impl Swallower {
    async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let swallow = watch::Sender::new(0);
        let times = swallow.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut swallowed = times.subscribe();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        // Held open, and never read again.
                        _ = swallowed.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { address, swallow }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_swallows_everything_is_made_anew() {
    let redis = Redis::start();
    let way = Swallower::before(redis.port()).await;
    let room = room();
    let mut node = Node::open(&options(format!("redis://{}", way.address)))
        .settled(&[room])
        .await;
    way.swallow.send_modify(|times| *times += 1);
    node.is(BusHealth::Degraded).await;
    node.is(BusHealth::Connected).await;
    let other = Node::open(&options(redis.url())).settled(&[]).await;
    let event = said(room);
    other.bus.publish(event.clone()).await;
    node.hears(&event).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_ends_when_it_is_closed_also_while_redis_is_stopped() {
    let redis = Redis::start();
    let mut node = Node::open(&options(redis.url())).settled(&[]).await;
    redis.freeze();
    node.bus.publish(said(room())).await;
    within("the bus is closed", node.bus.close()).await;
    within("the link is closed", node.link.close()).await;
    node.hears_own().await;
    let Node {
        bus,
        mut subscription,
        ..
    } = node;
    drop(bus);
    within("the end", async {
        while subscription.next().await.is_some() {}
    })
    .await;
    redis.thaw();
}
