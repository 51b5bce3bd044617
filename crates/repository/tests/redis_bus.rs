//! The contract of the bus, passed by Redis, and what only Redis shows of it.

use std::{sync::Arc, time::Duration};

use domain::{
    RoomId,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, Following},
};
use repository::redis::{RedisBus, RedisLink, RedisOptions};
use testkit::{OneTrace, redis::Redis, sample};

fn options(prefix: &str) -> RedisOptions {
    RedisOptions {
        prefix: prefix.into(),
        heartbeat: Duration::from_millis(50),
        ..RedisOptions::new(Redis::shared().url())
    }
}

fn open(options: &RedisOptions) -> (Arc<RedisLink>, Arc<RedisBus>) {
    let link = RedisLink::open(options).unwrap();
    let bus = RedisBus::open(link.clone(), sample::id());
    (link, Arc::new(bus.traced_by(Arc::new(OneTrace))))
}

testkit::bus_contract!(async {
    let (link, bus) = open(&options(&testkit::redis::fresh_prefix()));
    let bus: Arc<dyn EventBus> = bus;
    (bus, link)
});

testkit::bus_pair_contract!(async {
    let options = options(&testkit::redis::fresh_prefix());
    let [(one, here), (other, there)] = [open(&options), open(&options)];
    let pair: [Arc<dyn EventBus>; 2] = [here, there];
    (pair, (one, other))
});

/// Until it says so; not for ever.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), met)
        .await
        .unwrap_or_else(|_| panic!("{what} in vain"));
}

/// How many connections are subscribed to each of these channels.
fn subscribers(channels: &[&str]) -> Vec<String> {
    let said = Redis::shared().cli(&[&["pubsub", "numsub"], channels].concat());
    said.lines().skip(1).step_by(2).map(Into::into).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_has_one_subscription_for_a_node_and_none_once_its_last_follower_left() {
    let (link, bus) = open(&options(&testkit::redis::fresh_prefix()));
    let room = RoomId(sample::id());
    let channel = link.room_key(room, "events");
    let mut first = bus.subscribe();
    let mut second = bus.subscribe();
    assert_eq!(first.follow(room), Following::Soon);
    second.follow(room);
    until("the channel is subscribed to", || {
        subscribers(&[&channel]) == ["1"]
    })
    .await;
    first.unfollow(room);
    drop(second);
    until("the channel is left", || subscribers(&[&channel]) == ["0"]).await;
    let control = link.key("control");
    assert_eq!(subscribers(&[&control]), ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_stands_is_heard_at_once_and_a_new_one_after_its_lost_room() {
    let (_link, bus) = open(&options(&testkit::redis::fresh_prefix()));
    let room = RoomId(sample::id());
    let mut first = bus.subscribe();
    assert_eq!(first.follow(room), Following::Soon);
    loop {
        match first.next().await.unwrap() {
            BusDelivery::LostRoom(heard) => break assert_eq!(heard, room),
            BusDelivery::Lost => {}
            BusDelivery::Event(event, _) => panic!("nobody published that: {event:?}"),
        }
    }
    assert_eq!(first.follow(room), Following::Now);
    assert_eq!(bus.subscribe().follow(room), Following::Now);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_newer_node_says_is_asked_for_in_the_database() {
    let (link, bus) = open(&options(&testkit::redis::fresh_prefix()));
    let room = RoomId(sample::id());
    let mut subscription = bus.subscribe();
    subscription.follow(room);
    until("the bus is connected", || {
        bus.health() == BusHealth::Connected
    })
    .await;
    let channel = link.room_key(room, "events");
    until("the channel is subscribed to", || {
        subscribers(&[&channel]) == ["1"]
    })
    .await;
    // What waits from before is heard first.
    let marker = BusDeliveries::before(&mut subscription, &bus).await;
    assert!(marker.all, "connected, so it was told to look");
    Redis::shared().cli(&["publish", &channel, r#"{"node":"x","event":{"Moon":1}}"#]);
    assert!(matches!(
        subscription.next().await,
        Some(BusDelivery::LostRoom(lost)) if lost == room
    ));
    Redis::shared().cli(&["publish", &link.key("control"), "hello"]);
    assert!(matches!(subscription.next().await, Some(BusDelivery::Lost)));
}

/// What was said up to now.
struct BusDeliveries {
    all: bool,
}

impl BusDeliveries {
    async fn before(subscription: &mut Box<dyn BusSubscription>, bus: &Arc<RedisBus>) -> Self {
        let marker = domain::BusEvent::UserChanged {
            user_id: domain::UserId(sample::id()),
        };
        bus.publish(marker.clone()).await;
        let mut all = false;
        loop {
            match subscription.next().await.unwrap() {
                BusDelivery::Lost => all = true,
                BusDelivery::LostRoom(_) => {}
                BusDelivery::Event(event, _) => {
                    assert_eq!(*event, marker);
                    return Self { all };
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_are_sent_to_the_database_now_and_then_although_nothing_is_wrong() {
    let options = RedisOptions {
        audit: Duration::from_millis(20),
        ..options(&testkit::redis::fresh_prefix())
    };
    let (_link, bus) = open(&options);
    until("the bus is connected", || {
        bus.health() == BusHealth::Connected
    })
    .await;
    let mut subscription = bus.subscribe();
    for _ in 0..5 {
        assert!(matches!(subscription.next().await, Some(BusDelivery::Lost)));
    }
    assert_eq!(bus.health(), BusHealth::Connected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_published_before_the_bus_closes() {
    let options = options(&testkit::redis::fresh_prefix());
    let [(link, closing), (_other, staying)] = [open(&options), open(&options)];
    let room = RoomId(sample::id());
    let mut subscription = staying.subscribe();
    subscription.follow(room);
    for bus in [&closing, &staying] {
        until("the bus is connected", || {
            bus.health() == BusHealth::Connected
        })
        .await;
    }
    let channel = link.room_key(room, "events");
    until("the channel is subscribed to", || {
        subscribers(&[&channel]) == ["1"]
    })
    .await;
    for seq in 1..=100 {
        let ann = sample::user("Ann");
        let message = sample::message_sent(room, domain::Seq(seq), &ann, "hi");
        closing.publish(domain::BusEvent::Room(message)).await;
    }
    closing.close().await;
    link.close().await;
    assert_eq!(closing.health(), BusHealth::Degraded);
    let mut expected = 1;
    while expected <= 100 {
        if let BusDelivery::Event(event, _) = subscription.next().await.unwrap() {
            match &*event {
                domain::BusEvent::Room(event) => assert_eq!(event.seq, domain::Seq(expected)),
                other => panic!("nobody published that: {other:?}"),
            }
            expected += 1;
        }
    }
}

/// Until the room is said to have lost something.
async fn lost_room(subscription: &mut Box<dyn BusSubscription>, room: RoomId) {
    let lost = async {
        loop {
            match subscription.next().await.unwrap() {
                BusDelivery::LostRoom(lost) => break assert_eq!(lost, room),
                BusDelivery::Lost | BusDelivery::Event(..) => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), lost)
        .await
        .expect("the room lost something");
}

fn said(room: RoomId) -> domain::BusEvent {
    domain::BusEvent::Room(sample::message_sent(
        room,
        domain::Seq(1),
        &sample::user("Ann"),
        "hi",
    ))
}

// On one thread, so that the bus does not work while the test publishes.
#[tokio::test]
async fn what_the_queue_to_redis_has_no_place_for_the_others_are_told_of() {
    let prefix = testkit::redis::fresh_prefix();
    let (_link, full) = open(&RedisOptions {
        outgoing: 2,
        ..options(&prefix)
    });
    let (_other, there) = open(&options(&prefix));
    let room = RoomId(sample::id());
    let mut subscription = there.subscribe();
    subscription.follow(room);
    lost_room(&mut subscription, room).await;
    until("the bus is connected", || {
        full.health() == BusHealth::Connected
    })
    .await;
    for _ in 0..10 {
        full.publish(said(room)).await;
    }
    lost_room(&mut subscription, room).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_too_slow_for_what_others_publish_is_told_so_and_the_bus_stays_well() {
    let prefix = testkit::redis::fresh_prefix();
    let (_link, here) = open(&options(&prefix));
    let (_other, there) = open(&RedisOptions {
        incoming: 4,
        backlog: 1,
        audit: Duration::from_secs(3_600),
        ..options(&prefix)
    });
    let room = RoomId(sample::id());
    let mut slow = there.subscribe();
    slow.follow(room);
    lost_room(&mut slow, room).await;
    for bus in [&here, &there] {
        until("the bus is connected", || {
            bus.health() == BusHealth::Connected
        })
        .await;
    }
    BusDeliveries::before(&mut slow, &there).await;
    let mut other = there.subscribe();
    for _ in 0..100 {
        here.publish(said(room)).await;
    }
    for subscription in [&mut other, &mut slow] {
        let told = tokio::time::timeout(Duration::from_secs(20), subscription.next()).await;
        assert!(matches!(told, Ok(Some(BusDelivery::Lost))), "{told:?}");
    }
    assert_eq!(there.health(), BusHealth::Connected);
}
