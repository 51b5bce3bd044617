//! [`EventBus`], as two nodes have it.

use std::sync::Arc;

use domain::{
    BusEvent, RoomId, UserId,
    ports::{BusDelivery, BusSubscription, EventBus, Traces},
};

use super::bus::{
    delivery, event, follow, following, it_is_connected_before_long, number, numbered,
};
use crate::{OneTrace, sample};

type Pair = [Arc<dyn EventBus>; 2];

async fn connected(pair: &Pair) {
    for bus in pair {
        it_is_connected_before_long(bus).await;
    }
}

pub async fn what_one_node_publishes_all_hear_once_and_in_order(pair: &Pair) {
    const LAST: usize = 500;
    connected(pair).await;
    let [here, there] = pair;
    let room = RoomId(sample::id());
    let mut subscriptions = [following(here, room).await, following(there, room).await];
    let publishing = async {
        for number in 0..LAST {
            here.publish(numbered(room, number)).await;
        }
    };
    let hearing = async {
        for expected in 0..LAST {
            for subscription in &mut subscriptions {
                assert_eq!(number(subscription).await, expected);
            }
        }
    };
    tokio::join!(publishing, hearing);
    // What came twice would come before this.
    there.publish(numbered(room, LAST)).await;
    for subscription in &mut subscriptions {
        assert_eq!(number(subscription).await, LAST);
    }
}

pub async fn what_both_publish_at_once_arrives_in_the_order_of_each(pair: &Pair) {
    connected(pair).await;
    let [here, there] = pair;
    let room = RoomId(sample::id());
    let mut subscriptions = [following(here, room).await, following(there, room).await];
    let publish = async |bus: &Arc<dyn EventBus>, first: usize| {
        for number in first..first + 100 {
            bus.publish(numbered(room, number)).await;
        }
    };
    let hear = async |subscription: &mut Box<dyn BusSubscription>| {
        let (mut low, mut high) = (0..100, 1_000..1_100);
        for _ in 0..200 {
            let heard = number(subscription).await;
            let expected = if heard < 1_000 {
                low.next()
            } else {
                high.next()
            };
            assert_eq!(Some(heard), expected);
        }
    };
    let [first, second] = &mut subscriptions;
    tokio::join!(
        publish(here, 0),
        publish(there, 1_000),
        hear(first),
        hear(second)
    );
}

pub async fn what_concerns_no_rooms_listeners_is_heard_on_both(pair: &Pair) {
    connected(pair).await;
    let [here, there] = pair;
    let mut subscriptions = [here.subscribe(), there.subscribe()];
    let published = BusEvent::UserChanged {
        user_id: UserId(sample::id()),
    };
    here.publish(published.clone()).await;
    for subscription in &mut subscriptions {
        assert_eq!(*event(subscription).await, published);
    }
}

pub async fn each_node_hears_the_rooms_that_it_follows(pair: &Pair) {
    connected(pair).await;
    let [here, there] = pair;
    let rooms = [RoomId(sample::id()), RoomId(sample::id())];
    let mut subscriptions = [
        following(here, rooms[0]).await,
        following(there, rooms[1]).await,
    ];
    there.publish(numbered(rooms[0], 1)).await;
    here.publish(numbered(rooms[1], 2)).await;
    assert_eq!(number(&mut subscriptions[0]).await, 1);
    assert_eq!(number(&mut subscriptions[1]).await, 2);
}

pub async fn a_room_that_is_followed_again_is_heard_from_the_other_node_again(pair: &Pair) {
    connected(pair).await;
    let [here, there] = pair;
    let room = RoomId(sample::id());
    let mut subscription = following(here, room).await;
    for expected in 0..20 {
        there.publish(numbered(room, expected)).await;
        assert_eq!(number(&mut subscription).await, expected);
        subscription.unfollow(room);
        follow(&mut subscription, room).await;
    }
}

pub async fn many_rooms_are_followed_at_once(pair: &Pair) {
    const ROOMS: usize = 2_000;
    connected(pair).await;
    let [here, there] = pair;
    let mut subscription = here.subscribe();
    let rooms: Vec<_> = (0..ROOMS).map(|_| RoomId(sample::id())).collect();
    for room in &rooms {
        subscription.follow(*room);
    }
    for room in &rooms {
        // The same room twice: the second answers once the first does.
        follow(&mut here.subscribe(), *room).await;
    }
    for (expected, room) in rooms.iter().enumerate() {
        there.publish(numbered(*room, expected)).await;
        assert_eq!(number(&mut subscription).await, expected);
    }
}

pub async fn where_the_publisher_stands_in_its_trace_is_handed_on_to_all(pair: &Pair) {
    connected(pair).await;
    let [here, there] = pair;
    let room = RoomId(sample::id());
    let mut subscriptions = [following(here, room).await, following(there, room).await];
    here.publish(numbered(room, 1)).await;
    for subscription in &mut subscriptions {
        let trace = loop {
            if let BusDelivery::Event(_, trace) = delivery(subscription).await {
                break trace;
            }
        };
        assert!(trace.is_some());
        assert_eq!(trace, OneTrace.current());
    }
}
