use domain::{BusEvent, Seq};
use testkit::{
    redis::{Redis, fresh_prefix},
    sample,
};
use tokio::time::timeout;

use super::{message::Missed, *};

/// How long anything may take before it counts as never.
const NEVER: Duration = Duration::from_secs(30);
const RARELY: Duration = Duration::from_secs(3_600);

/// A node that is up, and whose clock does nothing from then on.
async fn node(prefix: &str) -> RedisBus {
    let options = RedisOptions {
        prefix: prefix.to_owned(),
        heartbeat: RARELY,
        silence: RARELY,
        poll: RARELY,
        audit: RARELY,
        ..RedisOptions::new(Redis::shared().url())
    };
    let bus = RedisBus::open(RedisLink::open(&options).unwrap(), sample::id());
    let mut up = bus.shared.link.watch();
    let until_up = async {
        // The first heartbeats go nowhere when there is no connection yet.
        while !*up.borrow_and_update() {
            bus.shared.ask.notify_one();
            let _ = timeout(Duration::from_secs(1), up.changed()).await;
        }
    };
    timeout(NEVER, until_up).await.expect("it is up in time");
    bus
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_debt_is_told_with_the_traffic_and_owed_again_when_that_is_in_doubt() {
    let prefix = fresh_prefix();
    let (here, there) = (node(&prefix).await, node(&prefix).await);
    let (missed, busy) = (RoomId(sample::id()), RoomId(sample::id()));
    let mut subscription = there.subscribe();
    assert_eq!(subscription.follow(missed), Following::Soon);
    let hears_of = async |subscription: &mut Box<dyn BusSubscription>| {
        let wait = async {
            loop {
                match subscription.next().await.expect("the bus is there") {
                    BusDelivery::LostRoom(room) if room == missed => return,
                    _ => {}
                }
            }
        };
        timeout(NEVER, wait).await.expect("it hears of the room");
    };
    hears_of(&mut subscription).await;

    here.shared.owed.owe(Some(missed));
    let ann = sample::user("ann");
    let event = sample::message_sent(busy, Seq(1), &ann, "hi");
    here.publish(BusEvent::Room(event)).await;
    hears_of(&mut subscription).await;

    here.shared.owed.doubt();
    let owed = async {
        loop {
            // What was told is noted just after it is heard.
            match here.shared.owed.take() {
                Some(Missed::Rooms(rooms)) if rooms.contains(&missed) => return,
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
            here.shared.owed.doubt();
        }
    };
    timeout(NEVER, owed).await.expect("it is owed again");
}
