//! A cluster, whose channels belong to a node each.

use super::*;

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
