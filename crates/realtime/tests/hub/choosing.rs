//! An open socket follows a room, and no longer does.

use domain::RoomEventKind;
use testkit::sample;

use crate::rig::{Rig, acknowledged, joined, left, note, notes, sent, settle};

#[tokio::test(start_paused = true)]
async fn a_room_is_followed_from_its_snapshot_on_behind_the_answer() {
    let rig = Rig::new();
    let (named, room) = (rig.room(), rig.room());
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start_named(rig.snapshots(&[named])).await;
    let snapshots = rig.snapshots(&[room]);
    rig.commit_notes(room, 2);
    assert_eq!(zoe.follow(snapshots, vec![]).await, Ok(()));
    rig.publish(room, note());
    assert_eq!(
        zoe.hears().await,
        [
            "ready",
            "ack follow",
            "message.deleted 3",
            "message.deleted 4",
            "message.deleted 5"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_followed_already_keeps_its_place() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let early = rig.snapshots(&[room]);
    rig.publish(room, note());
    assert_eq!(zoe.follow(early, vec![]).await, Ok(()));
    rig.commit(room, note());
    assert_eq!(zoe.follow(rig.snapshots(&[room]), vec![]).await, Ok(()));
    rig.publish(room, note());
    let mut heard = zoe.hears().await;
    heard.retain(|told| told != "ack follow");
    assert_eq!(heard, notes(3..=5));
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_room_is_there_until_it_no_longer_does() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[]).await;
    let followed = zoe.follow(rig.snapshots(&[room]), vec![]).await;
    assert_eq!(followed, Ok(()));
    assert_eq!(ann.hears_all().await, ["presence.changed zoe ONLINE"]);
    zoe.unfollow(room).await;
    assert_eq!(ann.hears_all().await, ["presence.changed zoe OFFLINE"]);
    assert!(zoe.connection.typing(Some(room), true).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_room_follows_the_answer() {
    let rig = Rig::new();
    let (room, other) = (rig.room(), rig.room());
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[room, other]).await;
    zoe.hears_all().await;
    rig.publish(room, note());
    settle().await;
    zoe.unfollow(room).await;
    rig.publish(room, note());
    rig.publish(other, note());
    ann.connection.typing(Some(room), true).await.unwrap();
    rig.bus.say_lost();
    assert_eq!(
        zoe.hears_all().await,
        ["message.deleted 3", "ack unfollow", "message.deleted 3"]
    );
}

#[tokio::test(start_paused = true)]
async fn not_even_what_the_user_sent_there_meanwhile_follows_the_answer() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    zoe.connection.outbox().begin_command();
    let seq = rig.log.last_seq(room).next();
    rig.publish(room, sent(room, seq, &zoe.user));
    settle().await;
    zoe.connection
        .unfollow(room, acknowledged("unfollow"))
        .await;
    assert_eq!(zoe.hears().await, ["receive_message 3", "ack unfollow"]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_given_up_is_not_healed_back() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.directory.let_in(zoe.user.id, room);
    let late = rig.added(&zoe.user, room);
    zoe.unfollow(room).await;
    rig.publish(room, note());
    rig.bus.say_lost();
    // A signal of the same membership, told late or again.
    rig.bus.tell(late);
    assert_eq!(zoe.hears().await, ["ack unfollow"]);
    assert_eq!(rig.hub.followed_rooms(), 0);
    // Until it is asked for again.
    let followed = zoe.follow(rig.snapshots(&[room]), vec![]).await;
    assert_eq!(followed, Ok(()));
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, ["ack follow", "message.deleted 4"]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_given_up_is_resumed_into() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    zoe.unfollow(room).await;
    rig.publish(room, note());
    let resumptions = rig.back(&[(room, 2)]);
    let followed = zoe.follow(rig.snapshots(&[room]), resumptions).await;
    assert_eq!(followed, Ok(()));
    assert_eq!(
        zoe.hears().await,
        [
            "ack unfollow",
            "ack follow",
            "message.deleted 3",
            "resumed 2-3"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_added_anew_to_a_room_that_it_gave_up_follows_it() {
    for removal_is_told in [true, false] {
        let rig = Rig::new();
        let room = rig.room();
        let zoe = rig.open("zoe", &[room]).await;
        zoe.unfollow(room).await;
        rig.publish(room, left(zoe.user.id));
        let mut expected = vec!["ack unfollow"];
        if removal_is_told {
            rig.tell_removed(&zoe.user, room);
            expected.push("room_removed removed");
        }
        rig.publish(room, joined(&zoe.user));
        rig.tell_added(&zoe.user, room);
        settle().await;
        rig.publish(room, note());
        expected.extend(["room_added 4", "message.deleted 5"]);
        assert_eq!(zoe.hears().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_that_one_does_not_follow_is_given_up_without_more() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[]).await;
    zoe.unfollow(room).await;
    assert_eq!(zoe.hears().await, ["ack unfollow"]);
    rig.tell_added(&zoe.user, room);
    assert_eq!(zoe.hears().await, ["room_added 2"]);
}

#[tokio::test(start_paused = true)]
async fn who_named_its_rooms_and_is_out_of_the_last_of_them_is_closed() {
    let rig = Rig::new();
    let rooms = [rig.room(), rig.room()];
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start_named(rig.snapshots(&rooms)).await;
    rig.publish(rooms[0], left(zoe.user.id));
    assert_eq!(
        zoe.hears().await,
        ["ready", "member.left 3", "room_removed removed"]
    );
    rig.publish(rooms[1], RoomEventKind::RoomDeleted);
    assert_eq!(
        zoe.hears().await,
        ["room.deleted 3", "room_removed room_deleted", "close 4403"]
    );
}

#[tokio::test(start_paused = true)]
async fn who_gave_its_rooms_up_itself_is_not_closed() {
    let rig = Rig::new();
    let rooms = [rig.room(), rig.room()];
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start_named(rig.snapshots(&rooms)).await;
    for room in rooms {
        zoe.unfollow(room).await;
    }
    assert_eq!(zoe.hears().await, ["ready", "ack unfollow", "ack unfollow"]);
    rig.commit(rooms[0], left(zoe.user.id));
    rig.tell_removed(&zoe.user, rooms[0]);
    assert_eq!(zoe.hears().await, ["room_removed removed"]);
    let followed = zoe.follow(rig.snapshots(&rooms[1..]), vec![]).await;
    assert_eq!(followed, Ok(()));
    rig.publish(rooms[1], note());
    assert_eq!(zoe.hears().await, ["ack follow", "message.deleted 3"]);
}

#[tokio::test(start_paused = true)]
async fn who_follows_every_room_is_not_closed_without_one() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, left(zoe.user.id));
    assert_eq!(zoe.hears().await, ["member.left 3", "room_removed removed"]);
}
