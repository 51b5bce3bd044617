use std::time::Duration;

use testkit::sample;

use crate::rig::{Rig, joined, left, note, notes, settle};

#[tokio::test(start_paused = true)]
async fn ready_comes_before_everything_else() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    let snapshot = rig.snapshots(&[room]);
    rig.publish(room, note());
    assert!(zoe.hears().await.is_empty());
    settle().await;
    zoe.start(snapshot).await;
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        ["ready", "message.deleted 3", "message.deleted 4"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_committed_between_the_snapshot_and_the_start_is_not_missed() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    let snapshot = rig.snapshots(&[room]);
    // Told, told twice, and not told at all, while nobody follows the room.
    let events = rig.commit_notes(room, 10);
    rig.bus.tell_all(events[..5].iter().cloned());
    rig.bus.tell_all(events[..2].iter().cloned());
    settle().await;
    zoe.start(snapshot).await;
    rig.bus.tell_all(events[8..].iter().cloned());
    assert_eq!(zoe.hears().await[1..], notes(3..=12));
}

#[tokio::test(start_paused = true)]
async fn the_same_is_so_in_a_room_that_others_follow_already() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.register(&sample::user("zoe")).await;
    let snapshot = rig.snapshots(&[room]);
    for _ in 0..10 {
        rig.publish(room, note());
    }
    assert_eq!(ann.hears().await, notes(3..=12));
    settle().await;
    zoe.start(snapshot).await;
    rig.publish(room, note());
    assert_eq!(zoe.hears().await[1..], notes(3..=13));
    assert_eq!(ann.hears().await, notes(13..=13));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_ahead_of_the_bus_repeats_nothing() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let events = rig.commit_notes(room, 3);
    let zoe = rig.open("zoe", &[room]).await;
    rig.bus.tell_all(events);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(6..=6));
    assert_eq!(ann.hears().await, notes(3..=6));
}

#[tokio::test(start_paused = true)]
async fn who_is_added_to_a_room_before_the_start_follows_it() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    settle().await;
    zoe.start(Vec::new()).await;
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        ["ready", "room_added 3", "message.deleted 4"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_room_that_ready_names_is_not_told_again() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    settle().await;
    zoe.start(rig.snapshots(&[room])).await;
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["ready", "message.deleted 4"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_before_the_start_hears_up_to_that_and_nothing_after() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    let snapshot = rig.snapshots(&[room]);
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    settle().await;
    zoe.start(snapshot).await;
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        ["ready", "member.left 3", "room_removed removed"]
    );
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_and_added_again_before_the_start_follows_the_room() {
    for snapshot_is_last in [true, false] {
        let rig = Rig::new();
        let room = rig.room();
        let zoe = rig.register(&sample::user("zoe")).await;
        let mut snapshot = rig.snapshots(&[room]);
        rig.publish(room, left(zoe.user.id));
        rig.tell_removed(&zoe.user, room);
        rig.publish(room, joined(&zoe.user));
        rig.tell_added(&zoe.user, room);
        if snapshot_is_last {
            snapshot = rig.snapshots(&[room]);
        }
        settle().await;
        zoe.start(snapshot).await;
        rig.publish(room, note());
        let mut expected = vec![
            "ready",
            "member.left 3",
            "member.joined 4",
            "message.deleted 5",
        ];
        if snapshot_is_last {
            expected.drain(1..3);
        }
        assert_eq!(zoe.hears().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_snapshot_does_not_end_a_named_room() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    settle().await;
    let rooms = rig.snapshots(&[room]);
    zoe.start_named(rooms).await;
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["ready", "message.deleted 5"]);
}

#[tokio::test(start_paused = true)]
async fn being_added_to_a_room_that_one_follows_is_not_told() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.tell_added(&zoe.user, room);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["message.deleted 3"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_named_its_rooms_is_told_of_others_and_does_not_follow_them() {
    let rig = Rig::new();
    let (named, other) = (rig.room(), rig.room());
    let zoe = rig.register(&sample::user("zoe")).await;
    let rooms = rig.snapshots(&[named]);
    zoe.start_named(rooms).await;
    rig.tell_added(&zoe.user, other);
    rig.publish(other, note());
    rig.publish(named, note());
    assert_eq!(
        zoe.hears().await,
        ["ready", "room_added 2", "message.deleted 3"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_never_starts_leaves_nothing_behind() {
    let rig = Rig::new();
    let zoe = rig.register(&sample::user("zoe")).await;
    assert_eq!(rig.hub.open_sockets(), 1);
    drop(zoe);
    assert_eq!(rig.hub.open_sockets(), 0);
    assert!(rig.hub.drain().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_given_up_leaves_nobody_present() {
    let rig = Rig::new();
    let rooms = [rig.room(), rig.room(), rig.room()];
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.presence.set_delay(Duration::from_millis(10));
    let start = zoe.start(rig.snapshots(&rooms));
    let half_way = Duration::from_millis(5);
    assert!(tokio::time::timeout(half_way, start).await.is_err());
    assert!(!rig.presence.is_empty());
    drop(zoe);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(rig.presence.is_empty());
}
