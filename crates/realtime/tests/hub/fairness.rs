//! What one socket does is not waited for by others, and costs no more than it is worth.

use domain::{BusEvent, RoomId};
use realtime::TypingError;
use testkit::{FixedRandomness, sample};

use crate::rig::{Mood, Rig, left, settings, settle};

#[tokio::test(start_paused = true)]
async fn the_log_is_not_read_for_sockets_that_have_gone() {
    let rig = Rig::new();
    let rooms: Vec<_> = (0..50).map(|_| rig.room()).collect();
    let since: Vec<_> = rooms.iter().map(|room| (*room, 1)).collect();
    rig.log.set(Mood::Holds);
    for _ in 0..20 {
        let zoe = rig.come_back(&since).await;
        settle().await;
        drop(zoe);
        settle().await;
    }
    let reads = rig.log.reads();
    rig.log.set(Mood::Answers);
    settle().await;
    assert_eq!((rig.hub.open_sockets(), rig.hub.followed_rooms()), (0, 0));
    assert_eq!(rig.log.reads(), reads, "nobody is there to be told");
}

/// A socket with a small queue, which is full of what it missed, and reads nothing for now.
async fn full(rooms: usize) -> (Rig, Vec<RoomId>, crate::rig::Client) {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let rig = Rig::with(small, FixedRandomness::new());
    let rooms: Vec<_> = (0..rooms).map(|_| rig.room()).collect();
    for room in &rooms {
        rig.commit_notes(*room, 100);
    }
    let zoe = rig.come_back(&[(rooms[0], 2)]).await;
    settle().await;
    (rig, rooms, zoe)
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_and_asks_again_and_again_does_not_make_the_log_be_read() {
    let (rig, rooms, zoe) = full(20).await;
    let since: Vec<_> = rooms.iter().map(|room| (*room, 2)).collect();
    let reads = rig.log.reads();
    for _ in 0..50 {
        zoe.connection.outbox().begin_command();
        let (rooms, back) = (rig.snapshots(&rooms), rig.back(&since));
        let followed = zoe.connection.follow(rooms, back, None).await;
        assert_eq!(followed, Ok(()));
        settle().await;
    }
    assert_eq!(rig.log.reads(), reads);
    let told = format!("{:?}", zoe.reads().await);
    for room in rooms {
        let resumed = format!(r#""room_id": String("{room}"), "to": Number(102)"#);
        assert!(told.contains(&resumed), "{room} has not resumed: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_told_slowly_is_no_member_any_more_once_the_log_says_so_though_nobody_else_listens()
{
    let (rig, rooms, zoe) = full(1).await;
    // Committed, and the hints of it are lost.
    rig.commit(rooms[0], left(zoe.user.id));
    rig.bus.say_lost();
    settle().await;
    assert!(rig.presence.is_empty());
    let typing = zoe.connection.typing(Some(rooms[0]), true).await;
    assert_eq!(typing, Err(TypingError::NotFollowing));
    let ann = sample::user("ann");
    rig.bus.tell(BusEvent::Typing {
        room_id: rooms[0],
        user_id: ann.id,
        username: ann.username,
        active: true,
    });
    let told = zoe.hears().await;
    assert_eq!(told.last().unwrap(), "room_removed removed", "{told:?}");
    assert!(!told.iter().any(|it| it.starts_with("typing")), "{told:?}");
}
