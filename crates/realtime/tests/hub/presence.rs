use std::time::Duration;

use domain::{
    BusEvent,
    ports::{BusDelivery, EventBus, Presence, PresenceChange, Present},
};
use testkit::{FixedRandomness, sample};

use crate::rig::{Rig, TEND, left, settings, settle};

#[tokio::test(start_paused = true)]
async fn the_first_socket_of_a_user_and_the_last_are_told() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    ann.hears_all().await;
    let phone = rig.open("zoe", &[room]).await;
    assert_eq!(ann.hears_all().await, ["presence.changed zoe ONLINE"]);
    let desk = rig.open_for(&phone.user, &[room]).await;
    assert!(ann.hears_all().await.is_empty());
    drop(phone);
    assert!(ann.hears_all().await.is_empty());
    drop(desk);
    assert_eq!(ann.hears_all().await, ["presence.changed zoe OFFLINE"]);
}

#[tokio::test(start_paused = true)]
async fn one_is_not_told_of_oneself() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&testkit::sample::user("zoe")).await;
    zoe.start(rig.snapshots(&[room])).await;
    assert_eq!(zoe.hears_all().await, ["ready"]);
}

#[tokio::test(start_paused = true)]
async fn who_has_started_is_present() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&testkit::sample::user("zoe")).await;
    assert!(rig.presence.is_empty());
    zoe.start(rig.snapshots(&[room])).await;
    assert_eq!(rig.presence.online(room).await, Ok(vec![zoe.user.id]));
}

#[tokio::test(start_paused = true)]
async fn presence_follows_membership() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[]).await;
    rig.tell_added(&zoe.user, room);
    assert_eq!(ann.hears_all().await, ["presence.changed zoe ONLINE"]);
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    assert_eq!(
        ann.hears_all().await,
        ["member.left 3", "presence.changed zoe OFFLINE"]
    );
    assert_eq!(rig.presence.online(room).await, Ok(vec![ann.user.id]));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_ends_takes_everybody_out_however_slow_the_store() {
    let rig = Rig::new();
    let rooms: Vec<_> = (0..5).map(|_| rig.room()).collect();
    // The last to leave has the least to take back.
    let ann = rig.open("ann", &rooms).await;
    let zoe = rig.open("zoe", &rooms[..1]).await;
    rig.presence.set_delay(Duration::from_millis(10));
    drop(ann);
    settle().await;
    drop(zoe);
    drop(rig.hub);
    rig.task.await.unwrap();
    assert!(rig.presence.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_soon_was_never_away() {
    let mut settings = settings();
    settings.presence.linger = Duration::from_secs(1);
    let rig = Rig::with(settings, FixedRandomness::new());
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[room]).await;
    ann.hears_all().await;
    let user = zoe.user.clone();
    drop(zoe);
    assert!(ann.hears_all().await.is_empty());
    let zoe = rig.open_for(&user, &[room]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(ann.hears_all().await.is_empty());
    drop(zoe);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ann.hears_all().await, ["presence.changed zoe OFFLINE"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_was_told_is_told_when_the_leases_are_renewed() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let change = |online| {
        let zoe = sample::user("zoe");
        PresenceChange {
            room_id: room,
            user: Present {
                user_id: zoe.id,
                username: zoe.username,
            },
            online,
        }
    };
    rig.presence.will_tell(change(false));
    tokio::time::sleep(TEND).await;
    assert_eq!(ann.hears_all().await, ["presence.changed zoe OFFLINE"]);
    // After a loss it is not waited for.
    let back = change(true);
    let socket = domain::ConnectionId(sample::id());
    let entered = rig.presence.enter(&back.user, socket, vec![room]).await;
    assert_eq!(entered, Ok(vec![room]));
    rig.presence.will_tell(back);
    rig.bus.say_lost();
    assert_eq!(ann.hears_all().await, ["presence.changed zoe ONLINE"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_found_out_and_is_no_longer_so_is_not_told() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[room]).await;
    ann.hears_all().await;
    rig.presence.will_tell(PresenceChange {
        room_id: room,
        user: Present {
            user_id: zoe.user.id,
            username: zoe.user.username.clone(),
        },
        online: false,
    });
    rig.bus.say_lost();
    assert!(ann.hears_all().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_ends_tells_of_all_whom_it_takes_out() {
    let rig = Rig::new();
    let room = rig.room();
    let mut open = Vec::new();
    for number in 0..100 {
        open.push(rig.open(&format!("user {number}"), &[room]).await);
    }
    let mut bus = rig.bus.subscribe();
    rig.presence.set_delay(Duration::from_millis(10));
    drop(open);
    settle().await;
    drop(rig.hub);
    rig.task.await.unwrap();
    rig.bus.end();
    let mut gone = 0;
    while let Some(delivery) = bus.next().await {
        let BusDelivery::Event(event, _) = delivery else {
            continue;
        };
        gone += usize::from(matches!(*event, BusEvent::Presence { online: false, .. }));
    }
    assert_eq!(gone, 100);
}
