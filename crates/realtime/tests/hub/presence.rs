use std::time::Duration;

use domain::ports::Presence;

use crate::rig::{Rig, left, settle};

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
    rig.commit(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    assert_eq!(ann.hears_all().await, ["presence.changed zoe OFFLINE"]);
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
