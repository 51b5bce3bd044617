use crate::rig::{Mood, RETRY, Rig, note, notes, settle};

#[tokio::test(start_paused = true)]
async fn a_log_that_fails_is_read_again_after_a_while() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.log.set(Mood::Fails);
    let reads = rig.log.reads();
    rig.commit_notes(room, 2);
    rig.bus.say_lost();
    settle().await;
    assert_eq!(rig.log.reads(), reads + 1);
    // What comes meanwhile neither goes ahead nor makes it read sooner.
    rig.publish(room, note());
    rig.bus.say_lost();
    assert!(zoe.hears().await.is_empty());
    assert_eq!(rig.log.reads(), reads + 1);
    tokio::time::sleep(3 * RETRY).await;
    assert_eq!(rig.log.reads(), reads + 4);
    rig.log.set(Mood::Answers);
    tokio::time::sleep(RETRY).await;
    assert_eq!(zoe.hears().await, notes(3..=5));
}

#[tokio::test(start_paused = true)]
async fn while_the_log_is_away_what_the_bus_tells_in_order_still_arrives() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.log.set(Mood::Fails);
    rig.bus.say_lost();
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(3..=3));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_panics_is_one_that_failed() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.log.set(Mood::Panics);
    rig.commit_notes(room, 2);
    rig.bus.say_lost();
    settle().await;
    rig.log.set(Mood::Answers);
    tokio::time::sleep(RETRY).await;
    assert_eq!(zoe.hears().await, notes(3..=4));
}

#[tokio::test(start_paused = true)]
async fn a_loss_does_not_read_all_rooms_at_once() {
    let rig = Rig::new();
    let rooms: Vec<_> = (0..200).map(|_| rig.room()).collect();
    let zoe = rig.open("zoe", &rooms).await;
    rig.log.counts().most_at_once = 0;
    for room in &rooms {
        rig.commit_notes(*room, 1);
    }
    rig.log.set(Mood::Holds);
    rig.bus.say_lost();
    settle().await;
    rig.log.set(Mood::Answers);
    assert_eq!(zoe.hears().await.len(), rooms.len());
    let most = rig.log.counts().most_at_once;
    assert!(most <= 32, "{most} at once");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_has_lost_what_was_told_is_not_read_without_pause() {
    let rig = Rig::new();
    let room = rig.room();
    let early = rig.snapshots(&[room]);
    rig.commit_notes(room, 1);
    let ann = rig.open("ann", &[room]).await;
    rig.publish(room, note());
    assert_eq!(ann.hears().await, notes(4..=4));
    rig.log.set(Mood::IsEmpty);
    let reads = rig.log.reads();
    let zoe = rig.register(&testkit::sample::user("zoe")).await;
    zoe.start(early).await;
    tokio::time::sleep(10 * RETRY).await;
    let reads = rig.log.reads() - reads;
    assert!((5..=12).contains(&reads), "{reads} reads");
    rig.log.set(Mood::Answers);
    tokio::time::sleep(RETRY).await;
    assert_eq!(zoe.hears().await[1..], notes(3..=4));
}
