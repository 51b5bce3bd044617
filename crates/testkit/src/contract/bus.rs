//! [`EventBus`].

use std::{future::Future, pin::pin, sync::Arc, task::Poll};

use domain::{
    BusEvent, RoomId, UserId,
    ports::{BusDelivery, BusSubscription, EventBus},
    values::Username,
};

use crate::sample;

type Bus = Arc<dyn EventBus>;

/// Typing, because its name can carry a number.
fn numbered(number: usize) -> BusEvent {
    BusEvent::Typing {
        room_id: RoomId(sample::id()),
        user_id: UserId(sample::id()),
        username: Username::parse(&number.to_string()).unwrap(),
        active: true,
    }
}

/// The next number, or `None` when something was lost.
async fn next(subscription: &mut Box<dyn BusSubscription>) -> Option<usize> {
    match subscription.next().await.expect("the bus is still there") {
        BusDelivery::Lost => None,
        BusDelivery::Event(event) => match &*event {
            BusEvent::Typing { username, .. } => Some(username.as_str().parse().unwrap()),
            other => panic!("nobody published that: {other:?}"),
        },
    }
}

pub async fn all_subscribers_hear_all_in_the_order_of_publishing(bus: &Bus) {
    let mut subscriptions = [bus.subscribe(), bus.subscribe()];
    for number in 0..10 {
        bus.publish(numbered(number)).await;
    }
    for subscription in &mut subscriptions {
        for number in 0..10 {
            assert_eq!(next(subscription).await, Some(number));
        }
    }
}

pub async fn an_event_arrives_as_it_was_published(bus: &Bus) {
    let mut subscription = bus.subscribe();
    let ann = sample::user("Zoë");
    let event = BusEvent::Room(sample::message_sent(
        RoomId(sample::id()),
        domain::Seq(7),
        &ann,
        "hi",
    ));
    bus.publish(event.clone()).await;
    match subscription.next().await {
        Some(BusDelivery::Event(heard)) => assert_eq!(*heard, event),
        other => panic!("not the event: {other:?}"),
    }
}

pub async fn a_subscriber_hears_what_comes_after_it(bus: &Bus) {
    let mut early = bus.subscribe();
    bus.publish(numbered(1)).await;
    assert_eq!(next(&mut early).await, Some(1));
    let mut late = bus.subscribe();
    bus.publish(numbered(2)).await;
    assert_eq!(next(&mut late).await, Some(2));
}

pub async fn publishing_to_nobody_is_no_failure(bus: &Bus) {
    bus.publish(numbered(1)).await;
    drop(bus.subscribe());
    bus.publish(numbered(2)).await;
}

pub async fn a_slow_subscriber_misses_nothing_without_being_told(bus: &Bus) {
    const LAST: usize = 20_000;
    let mut slow = bus.subscribe();
    let publishing = async {
        for number in 1..=LAST {
            bus.publish(numbered(number)).await;
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
    let mut subscription = bus.subscribe();
    for number in 0..10 {
        {
            let mut given_up = pin!(subscription.next());
            let first_look =
                std::future::poll_fn(|context| Poll::Ready(given_up.as_mut().poll(context)));
            assert!(first_look.await.is_pending());
        }
        bus.publish(numbered(number)).await;
        assert_eq!(next(&mut subscription).await, Some(number));
    }
}
