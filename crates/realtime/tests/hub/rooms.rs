use domain::{BusEvent, RemovalReason, RoomEventKind, Seq};

use crate::rig::{Mood, Rig, joined, left, note, notes, settle};

#[tokio::test(start_paused = true)]
async fn who_is_added_to_a_room_follows_it_from_there() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[]).await;
    rig.publish(room, note());
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["room_added 4", "message.deleted 5"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_removed_hears_nothing_after() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    rig.publish(room, note());
    ann.connection.typing(None, true).await.unwrap();
    assert_eq!(
        zoe.hears_all().await,
        ["member.left 3", "room_removed removed"]
    );
    assert_eq!(ann.hears().await, ["member.left 3", "message.deleted 4"]);
    assert!(zoe.connection.typing(Some(room), true).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_only_the_log_tells_is_one() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.commit(room, left(zoe.user.id));
    rig.commit_notes(room, 5);
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, ["member.left 3", "room_removed removed"]);
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_not_taken_out_by_the_old_departure() {
    for follows_all in [true, false] {
        let rig = Rig::new();
        let room = rig.room();
        let zoe = rig.register(&testkit::sample::user("zoe")).await;
        let rooms = rig.snapshots(&[room]);
        if follows_all {
            zoe.start(rooms).await;
        } else {
            zoe.start_named(rooms).await;
        }
        settle().await;
        // The bus lost the departure, and the log is slow to tell it.
        rig.log.set(Mood::Holds);
        rig.commit(room, left(zoe.user.id));
        rig.commit(room, joined(&zoe.user));
        rig.bus.say_lost();
        rig.tell_added(&zoe.user, room);
        settle().await;
        rig.log.set(Mood::Answers);
        rig.publish(room, note());
        let heard = zoe.hears().await;
        assert_eq!(
            heard,
            [
                "ready",
                "member.left 3",
                "member.joined 4",
                "message.deleted 5"
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_one_who_is_removed_is_out() {
    let rig = Rig::new();
    let room = rig.room();
    let user = testkit::sample::user("zoe");
    let (phone, desk) = (
        rig.open_for(&user, &[room]).await,
        rig.open_for(&user, &[room]).await,
    );
    let ann = rig.open("ann", &[room]).await;
    rig.publish(room, left(user.id));
    rig.publish(room, note());
    let out = ["member.left 3", "room_removed removed"];
    assert_eq!(phone.hears().await, out);
    assert_eq!(desk.hears().await, out);
    assert_eq!(ann.hears().await, ["member.left 3", "message.deleted 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_told_after_the_return_takes_nobody_out() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, left(zoe.user.id));
    let removed = BusEvent::RoomRemoved {
        user_id: zoe.user.id,
        room_id: room,
        seq: Seq(3),
        reason: RemovalReason::Removed,
    };
    rig.publish(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    settle().await;
    rig.bus.tell(removed);
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        [
            "member.left 3",
            "room_removed removed",
            "room_added 4",
            "message.deleted 5"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_room_ends_for_everybody() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, RoomEventKind::RoomDeleted);
    rig.bus.tell(BusEvent::RoomRemoved {
        user_id: zoe.user.id,
        room_id: room,
        seq: Seq(3),
        reason: RemovalReason::RoomDeleted,
    });
    assert_eq!(
        zoe.hears().await,
        ["room.deleted 3", "room_removed room_deleted"]
    );
    assert_eq!(rig.hub.followed_rooms(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_nobody_follows_any_more_is_not_kept() {
    let rig = Rig::new();
    let room = rig.room();
    let (ann, zoe) = (
        rig.open("ann", &[room]).await,
        rig.open("zoe", &[room]).await,
    );
    assert_eq!(rig.hub.followed_rooms(), 1);
    drop(ann);
    settle().await;
    assert_eq!(rig.hub.followed_rooms(), 1);
    drop(zoe);
    settle().await;
    assert_eq!(rig.hub.followed_rooms(), 0);
    assert!(rig.presence.is_empty());
    let reads = rig.log.reads();
    rig.publish(room, note());
    rig.bus.say_lost();
    settle().await;
    assert_eq!(rig.log.reads(), reads);
}

#[tokio::test(start_paused = true)]
async fn the_answer_for_a_room_that_was_left_meanwhile_does_not_reach_its_next_follower() {
    let rig = Rig::new();
    let room = rig.room();
    let early = rig.snapshots(&[room]);
    rig.commit_notes(room, 2);
    rig.log.set(Mood::Holds);
    let ann = rig.register(&testkit::sample::user("ann")).await;
    ann.start(early).await;
    settle().await;
    drop(ann);
    let zoe = rig.open("zoe", &[room]).await;
    rig.log.set(Mood::Answers);
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(5..=5));
}

#[tokio::test(start_paused = true)]
async fn an_addition_that_is_told_after_the_removal_that_followed_it_adds_nothing() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let late = rig.added(&zoe.user, room);
    rig.publish(room, note());
    rig.publish(room, left(zoe.user.id));
    assert_eq!(
        zoe.hears().await,
        ["message.deleted 3", "member.left 4", "room_removed removed"]
    );
    rig.bus.tell(late);
    assert!(zoe.hears().await.is_empty());
    assert_eq!(rig.hub.followed_rooms(), 0);
    // The same by signals alone, which cross.
    let other = rig.room();
    let late = rig.added(&zoe.user, other);
    rig.commit(other, left(zoe.user.id));
    rig.tell_removed(&zoe.user, other);
    assert_eq!(zoe.hears().await, ["room_removed removed"]);
    rig.bus.tell(late);
    assert!(zoe.hears().await.is_empty());
    // A later membership is one.
    rig.commit(other, joined(&zoe.user));
    rig.tell_added(&zoe.user, other);
    assert_eq!(zoe.hears().await, ["room_added 4"]);
}
