use std::time::Duration;

use domain::Seq;
use realtime::TypingError;

use crate::rig::{Client, Rig, TYPING, left, note, sent, settle};

/// Ann and Zoe in one room, who have heard of nothing else.
async fn two(rig: &Rig) -> (domain::RoomId, Client, Client) {
    let room = rig.room();
    let (ann, zoe) = (
        rig.open("ann", &[room]).await,
        rig.open("zoe", &[room]).await,
    );
    ann.hears().await;
    (room, ann, zoe)
}

#[tokio::test(start_paused = true)]
async fn typing_is_told_to_the_others() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    let elsewhere = rig.room();
    let bob = rig.open("bob", &[elsewhere]).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    zoe.connection.typing(Some(room), false).await.unwrap();
    assert_eq!(ann.hears().await, ["typing_start zoe", "typing_stop zoe"]);
    assert!(zoe.hears().await.is_empty());
    assert!(bob.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_typers_own_other_sockets_are_not_told() {
    let rig = Rig::new();
    let (room, _ann, zoe) = two(&rig).await;
    let desk = rig.open_for(&zoe.user, &[room]).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    assert!(desk.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_room_may_be_left_out_on_a_socket_that_follows_one() {
    let rig = Rig::new();
    let (_, ann, zoe) = two(&rig).await;
    zoe.connection.typing(None, true).await.unwrap();
    assert_eq!(ann.hears().await, ["typing_start zoe"]);
    let rooms = [rig.room(), rig.room()];
    for rooms in [&rooms[..], &[]] {
        let bob = rig.open("bob", rooms).await;
        let answer = bob.connection.typing(None, true).await;
        assert_eq!(answer, Err(TypingError::RoomNeeded));
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_room_that_the_socket_follows_can_be_typed_in() {
    let rig = Rig::new();
    let (room, ann, _zoe) = two(&rig).await;
    let elsewhere = rig.room();
    let bob = rig.open("bob", &[elsewhere]).await;
    let answer = bob.connection.typing(Some(room), true).await;
    assert_eq!(answer, Err(TypingError::NotFollowing));
    let early = rig.register(&ann.user).await;
    let answer = early.connection.typing(Some(room), true).await;
    assert_eq!(answer, Err(TypingError::NotFollowing));
    assert!(ann.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_repeated_start_is_not_told_again() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    for _ in 0..3 {
        zoe.connection.typing(Some(room), true).await.unwrap();
    }
    assert_eq!(ann.hears().await, ["typing_start zoe"]);
    for _ in 0..3 {
        zoe.connection.typing(Some(room), false).await.unwrap();
    }
    assert_eq!(ann.hears().await, ["typing_stop zoe"]);
}

#[tokio::test(start_paused = true)]
async fn who_falls_silent_types_no_more() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    tokio::time::sleep(TYPING - Duration::from_secs(1)).await;
    // Renews the time.
    zoe.connection.typing(Some(room), true).await.unwrap();
    tokio::time::sleep(TYPING - Duration::from_millis(10)).await;
    assert_eq!(ann.hears().await, ["typing_start zoe"]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(ann.hears().await, ["typing_stop zoe"]);
    tokio::time::sleep(2 * TYPING).await;
    assert!(ann.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_sends_the_message_types_no_more() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    settle().await;
    rig.publish(room, sent(room, Seq(3), &ann.user));
    rig.publish(room, sent(room, Seq(4), &zoe.user));
    let expected = [
        "typing_start zoe",
        "receive_message 3",
        "receive_message 4",
        "typing_stop zoe",
    ];
    assert_eq!(ann.hears().await, expected);
}

#[tokio::test(start_paused = true)]
async fn whose_socket_is_gone_types_no_more() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    drop(zoe);
    assert_eq!(ann.hears().await, ["typing_start zoe", "typing_stop zoe"]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_the_room_types_no_more() {
    let rig = Rig::new();
    let (room, ann, zoe) = two(&rig).await;
    zoe.connection.typing(Some(room), true).await.unwrap();
    settle().await;
    rig.publish(room, left(zoe.user.id));
    rig.publish(room, note());
    let heard = ann.hears().await;
    assert!(heard.contains(&"typing_stop zoe".to_owned()), "{heard:?}");
}
