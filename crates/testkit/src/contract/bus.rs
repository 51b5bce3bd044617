//! [`EventBus`].

use std::{future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use domain::{
    BusEvent, RoomId, UserId,
    ports::{BusDelivery, BusHealth, BusSubscription, EventBus, Following},
    values::Username,
};

use crate::sample;

type Bus = Arc<dyn EventBus>;
type Subscription = Box<dyn BusSubscription>;

/// How long anything may take before it counts as never.
const NEVER: Duration = Duration::from_secs(20);

/// Typing, because its name can carry a number.
pub(super) fn numbered(room_id: RoomId, number: usize) -> BusEvent {
    BusEvent::Typing {
        room_id,
        user_id: UserId(sample::id()),
        username: Username::parse(&number.to_string()).unwrap(),
        active: true,
    }
}

/// The next number, or `None` when something was lost.
async fn next(subscription: &mut Subscription) -> Option<usize> {
    match delivery(subscription).await {
        BusDelivery::Lost | BusDelivery::LostRoom(_) => None,
        BusDelivery::Event(event, _) => match &*event {
            BusEvent::Typing { username, .. } => Some(username.as_str().parse().unwrap()),
            other => panic!("nobody published that: {other:?}"),
        },
    }
}

/// The next event. That something was lost may be said at any time.
pub(super) async fn event(subscription: &mut Subscription) -> Arc<BusEvent> {
    loop {
        if let BusDelivery::Event(event, _) = delivery(subscription).await {
            return event;
        }
    }
}

pub(super) async fn delivery(subscription: &mut Subscription) -> BusDelivery {
    let delivery = tokio::time::timeout(NEVER, subscription.next()).await;
    let delivery = delivery.expect("something is heard");
    delivery.expect("the bus is still there")
}

pub(super) async fn number(subscription: &mut Subscription) -> usize {
    match &*event(subscription).await {
        BusEvent::Typing { username, .. } => username.as_str().parse().unwrap(),
        other => panic!("nobody published that: {other:?}"),
    }
}

/// Follows a room until it is heard.
pub(super) async fn follow(subscription: &mut Subscription, room: RoomId) {
    let heard = async {
        if subscription.follow(room) == Following::Now {
            return;
        }
        loop {
            match subscription.next().await {
                Some(BusDelivery::LostRoom(heard)) if heard == room => return,
                Some(BusDelivery::Event(event, _)) => panic!("nobody published that: {event:?}"),
                Some(_) => {}
                None => panic!("the bus is gone"),
            }
        }
    };
    tokio::time::timeout(NEVER, heard)
        .await
        .expect("a room that is followed is heard at last");
}

pub(super) async fn following(bus: &Bus, room: RoomId) -> Subscription {
    let mut subscription = bus.subscribe();
    follow(&mut subscription, room).await;
    subscription
}

pub async fn it_is_connected_before_long(bus: &Bus) {
    let connected = async {
        while bus.health() != BusHealth::Connected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(NEVER, connected)
        .await
        .expect("it is connected");
}

pub async fn all_subscribers_hear_all_in_the_order_of_publishing(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut subscriptions = [following(bus, room).await, following(bus, room).await];
    for number in 0..10 {
        bus.publish(numbered(room, number)).await;
    }
    for subscription in &mut subscriptions {
        for expected in 0..10 {
            assert_eq!(number(subscription).await, expected);
        }
    }
}

pub async fn an_event_arrives_as_it_was_published(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut subscription = following(bus, room).await;
    let ann = sample::user("Zoë");
    let published = BusEvent::Room(sample::message_sent(room, domain::Seq(7), &ann, "hi"));
    bus.publish(published.clone()).await;
    assert_eq!(*event(&mut subscription).await, published);
}

pub async fn a_subscriber_hears_what_comes_after_it(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut early = following(bus, room).await;
    bus.publish(numbered(room, 1)).await;
    assert_eq!(number(&mut early).await, 1);
    let mut late = following(bus, room).await;
    bus.publish(numbered(room, 2)).await;
    assert_eq!(number(&mut late).await, 2);
}

pub async fn what_concerns_no_rooms_listeners_is_heard_without_following(bus: &Bus) {
    let mut subscription = bus.subscribe();
    let published = BusEvent::SessionRevoked {
        user_id: UserId(sample::id()),
        session_id: domain::SessionId(sample::id()),
    };
    bus.publish(published.clone()).await;
    assert_eq!(*event(&mut subscription).await, published);
}

pub async fn who_follows_again_hears_again(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut subscription = following(bus, room).await;
    subscription.unfollow(room);
    follow(&mut subscription, room).await;
    bus.publish(numbered(room, 1)).await;
    assert_eq!(number(&mut subscription).await, 1);
}

pub async fn who_leaves_a_room_does_not_take_it_from_others(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut staying = following(bus, room).await;
    follow(&mut staying, room).await;
    let mut leaving = following(bus, room).await;
    drop(following(bus, room).await);
    leaving.unfollow(room);
    leaving.unfollow(room);
    bus.publish(numbered(room, 1)).await;
    assert_eq!(number(&mut staying).await, 1);
}

pub async fn publishing_to_nobody_is_no_failure(bus: &Bus) {
    let room = RoomId(sample::id());
    bus.publish(numbered(room, 1)).await;
    drop(following(bus, room).await);
    bus.publish(numbered(room, 2)).await;
}

pub async fn a_slow_subscriber_misses_nothing_without_being_told(bus: &Bus) {
    const LAST: usize = 20_000;
    let room = RoomId(sample::id());
    let mut slow = following(bus, room).await;
    let publishing = async {
        for number in 1..=LAST {
            bus.publish(numbered(room, number)).await;
        }
    };
    let hearing = async {
        let (mut heard, mut told) = (0, false);
        while heard < LAST {
            match next(&mut slow).await {
                Some(number) => {
                    assert!(
                        number == heard + 1 || (told && number > heard),
                        "{heard} then {number}"
                    );
                    (heard, told) = (number, false);
                }
                None => told = true,
            }
        }
    };
    tokio::join!(publishing, hearing);
}

pub async fn waiting_can_be_given_up_without_loss(bus: &Bus) {
    let room = RoomId(sample::id());
    let mut subscription = following(bus, room).await;
    for expected in 0..10 {
        loop {
            let mut given_up = pin!(subscription.next());
            let first_look =
                std::future::poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context)));
            match first_look.await {
                Poll::Pending => break,
                Poll::Ready(Some(BusDelivery::Lost)) => {}
                Poll::Ready(other) => panic!("nobody published that: {other:?}"),
            }
        }
        bus.publish(numbered(room, expected)).await;
        assert_eq!(number(&mut subscription).await, expected);
    }
}
