use testkit::sample;

use crate::rig::{GAP_WAIT, Mood, RETRY, Rig, joined, left, note, notes, settings, settle};

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
    assert_eq!(most, settings().reads_at_once);
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
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start(early).await;
    tokio::time::sleep(10 * RETRY).await;
    let reads = rig.log.reads() - reads;
    assert!((5..=12).contains(&reads), "{reads} reads");
    rig.log.set(Mood::Answers);
    tokio::time::sleep(RETRY).await;
    assert_eq!(zoe.hears().await[1..], notes(3..=4));
}

#[tokio::test(start_paused = true)]
async fn a_loss_asks_for_the_heads_of_many_rooms_at_once_and_reads_only_what_is_behind() {
    let rig = Rig::new();
    let rooms: Vec<_> = (0..200).map(|_| rig.room()).collect();
    let zoe = rig.open("zoe", &rooms).await;
    rig.commit_notes(rooms[7], 1);
    let (heads, reads) = (rig.log.heads(), rig.log.reads());
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, notes(3..=3));
    // 200 rooms, 50 in a question.
    assert_eq!(rig.log.heads() - heads, 4);
    assert_eq!(rig.log.reads() - reads, 1);
}

#[tokio::test(start_paused = true)]
async fn losses_that_are_told_while_one_is_healed_are_healed_together() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let heads = rig.log.heads();
    rig.commit_notes(room, 1);
    for _ in 0..100 {
        rig.bus.say_lost();
    }
    assert_eq!(zoe.hears().await, notes(3..=3));
    assert!(rig.log.heads() - heads <= 3, "{}", rig.log.heads() - heads);
}

#[tokio::test(start_paused = true)]
async fn a_loss_in_one_room_is_healed_there() {
    let rig = Rig::new();
    let (one, other) = (rig.room(), rig.room());
    let zoe = rig.open("zoe", &[one, other]).await;
    rig.commit_notes(one, 1);
    rig.commit_notes(other, 2);
    rig.bus.say_lost_in(other);
    assert_eq!(zoe.hears().await, notes(3..=4));
    // Of a room that nobody here follows, nothing is asked.
    let heads = rig.log.heads();
    rig.bus.say_lost_in(rig.room());
    settle().await;
    assert_eq!(rig.log.heads(), heads);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_is_asked_again_after_a_while() {
    for mood in [Mood::Fails, Mood::Panics] {
        let rig = Rig::new();
        let room = rig.room();
        let zoe = rig.open("zoe", &[room]).await;
        rig.commit_notes(room, 1);
        rig.log.fail_heads(Some(mood));
        let heads = rig.log.heads();
        rig.bus.say_lost();
        assert!(zoe.hears().await.is_empty());
        tokio::time::sleep(3 * RETRY).await;
        assert_eq!(rig.log.heads() - heads, 4);
        rig.log.fail_heads(None);
        tokio::time::sleep(RETRY).await;
        assert_eq!(zoe.hears().await, notes(3..=3));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_between_a_snapshot_and_the_first_listening_is_told() {
    let rig = Rig::new();
    let room = rig.room();
    let snapshots = rig.snapshots(&[room]);
    rig.commit_notes(room, 2);
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start(snapshots).await;
    assert_eq!(zoe.hears().await[1..], notes(3..=4));
}

#[tokio::test(start_paused = true)]
async fn a_lost_end_of_a_log_in_closes_its_sockets_after_all() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let other = rig.open_for(&zoe.user, &[room]).await;
    let starting = rig.register(&zoe.user).await;
    rig.directory.end(zoe.session);
    rig.directory.end(starting.session);
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, ["close 4401"]);
    assert_eq!(starting.hears().await, ["close 4401"]);
    assert!(other.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_room_that_nobody_told_of_is_added_after_a_loss_and_only_once() {
    let rig = Rig::new();
    let (old, new) = (rig.room(), rig.room());
    let zoe = rig.open("zoe", &[old]).await;
    rig.directory.let_in(zoe.user.id, old);
    rig.directory.let_in(zoe.user.id, new);
    rig.commit(new, joined(&zoe.user));
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, ["room_added 3"]);
    rig.publish(new, note());
    assert_eq!(zoe.hears().await, notes(4..=4));
    // The signal was only late.
    rig.tell_added(&zoe.user, new);
    rig.bus.say_lost();
    assert!(zoe.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_loss_while_a_socket_starts_is_healed_once_it_has() {
    let rig = Rig::new();
    let (old, new) = (rig.room(), rig.room());
    let user = sample::user("zoe");
    let zoe = rig.register(&user).await;
    let snapshots = rig.snapshots(&[old]);
    rig.directory.let_in(user.id, old);
    rig.directory.let_in(user.id, new);
    rig.bus.say_lost();
    settle().await;
    zoe.start(snapshots).await;
    assert_eq!(zoe.hears().await, ["ready", "room_added 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_names_its_rooms_is_added_to_no_other_after_a_loss() {
    let rig = Rig::new();
    let (named, other) = (rig.room(), rig.room());
    let zoe = rig.register(&sample::user("zoe")).await;
    zoe.start_named(rig.snapshots(&[named])).await;
    assert_eq!(zoe.hears().await, ["ready"]);
    rig.directory.let_in(zoe.user.id, named);
    rig.directory.let_in(zoe.user.id, other);
    rig.bus.say_lost();
    assert!(zoe.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_removal_is_told_by_the_log_and_the_late_signal_tells_nothing_more() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.directory.let_in(zoe.user.id, room);
    rig.commit(room, left(zoe.user.id));
    rig.directory.take_out(zoe.user.id, room);
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, ["member.left 3", "room_removed removed"]);
    rig.tell_removed(&zoe.user, room);
    assert!(zoe.hears().await.is_empty());
    // Of a later membership and its end nothing is kept back.
    rig.commit(room, joined(&zoe.user));
    rig.tell_added(&zoe.user, room);
    assert_eq!(zoe.hears().await, ["room_added 4"]);
    rig.publish(room, left(zoe.user.id));
    rig.tell_removed(&zoe.user, room);
    assert_eq!(zoe.hears().await, ["member.left 5", "room_removed removed"]);
}

#[tokio::test(start_paused = true)]
async fn the_bus_is_asked_for_a_room_while_somebody_listens() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    let zoe = rig.open("zoe", &[room]).await;
    assert_eq!(rig.bus.follows(), [format!("+{room}")]);
    drop(ann);
    settle().await;
    assert!(rig.bus.follows().is_empty());
    drop(zoe);
    settle().await;
    assert_eq!(rig.bus.follows(), [format!("-{room}")]);
}

#[tokio::test(start_paused = true)]
async fn who_was_removed_and_let_in_again_unheard_is_back_after_it() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.directory.let_in(zoe.user.id, room);
    rig.commit(room, left(zoe.user.id));
    rig.commit(room, joined(&zoe.user));
    rig.bus.say_lost();
    assert_eq!(
        zoe.hears().await,
        ["member.left 3", "room_removed removed", "room_added 4"]
    );
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(5..=5));
}

#[tokio::test(start_paused = true)]
async fn a_hint_of_what_the_log_does_not_hold_is_forgotten() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let mut phantom = rig.commit(rig.room(), note());
    (phantom.room_id, phantom.seq) = (room, domain::Seq(5));
    let reads = rig.log.reads();
    rig.bus.tell_all([phantom]);
    tokio::time::sleep(100 * GAP_WAIT).await;
    assert_eq!(rig.log.reads() - reads, 1);
    for _ in 3..=6 {
        rig.publish(room, note());
    }
    assert_eq!(zoe.hears().await, notes(3..=6));
}
