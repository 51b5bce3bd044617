use crate::rig::{GAP_WAIT, Mood, Rig, acknowledged, note, notes, sent, settle};

#[tokio::test(start_paused = true)]
async fn what_the_bus_tells_in_order_needs_no_read() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let reads = rig.log.reads();
    for _ in 0..10 {
        rig.publish(room, note());
    }
    assert_eq!(zoe.hears().await, notes(3..=12));
    assert_eq!(rig.log.reads(), reads);
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_reorders_and_repeats_arrives_once_and_in_order() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let reads = rig.log.reads();
    let events = rig.commit_notes(room, 6);
    for index in [1, 1, 3, 0, 0, 5, 2, 3, 4, 5, 1] {
        rig.bus.tell_all([events[index].clone()]);
    }
    assert_eq!(zoe.hears().await, notes(3..=8));
    tokio::time::sleep(2 * GAP_WAIT).await;
    assert_eq!(rig.log.reads(), reads);
    assert!(zoe.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_number_that_is_jumped_over_is_read_after_a_short_wait() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let events = rig.commit_notes(room, 5);
    rig.bus.tell_all([events[0].clone(), events[4].clone()]);
    assert_eq!(zoe.hears().await, notes(3..=3));
    tokio::time::sleep(GAP_WAIT).await;
    assert_eq!(zoe.hears().await, notes(4..=7));
}

#[tokio::test(start_paused = true)]
async fn a_loss_that_the_bus_admits_is_read_at_once() {
    let rig = Rig::new();
    let rooms = [rig.room(), rig.room()];
    let zoe = rig.open("zoe", &rooms).await;
    rig.commit_notes(rooms[0], 5);
    assert!(zoe.hears().await.is_empty());
    rig.bus.say_lost();
    assert_eq!(zoe.hears().await, notes(3..=7));
}

#[tokio::test(start_paused = true)]
async fn a_loss_during_a_read_is_read_too() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.log.set(Mood::Holds);
    rig.bus.say_lost();
    settle().await;
    rig.commit_notes(room, 1);
    rig.bus.say_lost();
    settle().await;
    rig.log.set(Mood::Answers);
    assert_eq!(zoe.hears().await, notes(3..=3));
}

#[tokio::test(start_paused = true)]
async fn the_live_do_not_wait_for_who_catches_up() {
    let rig = Rig::new();
    let room = rig.room();
    let snapshot = rig.snapshots(&[room]);
    let ann = rig.open("ann", &[room]).await;
    for _ in 0..4 {
        rig.publish(room, note());
    }
    ann.hears().await;
    rig.log.set(Mood::Holds);
    let zoe = rig.register(&testkit::sample::user("zoe")).await;
    zoe.start(snapshot).await;
    rig.publish(room, note());
    assert_eq!(ann.hears().await, notes(7..=7));
    assert_eq!(zoe.hears().await, ["ready"]);
    rig.log.set(Mood::Answers);
    assert_eq!(zoe.hears().await, notes(3..=7));
    rig.publish(room, note());
    assert_eq!(zoe.hears().await, notes(8..=8));
}

#[tokio::test(start_paused = true)]
async fn rooms_do_not_mix() {
    let rig = Rig::new();
    let rooms = [rig.room(), rig.room()];
    let ann = rig.open("ann", &rooms[..1]).await;
    let zoe = rig.open("zoe", &rooms[1..]).await;
    rig.publish(rooms[0], note());
    assert_eq!(ann.hears().await, notes(3..=3));
    assert!(zoe.hears().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_send_comes_before_its_event_on_the_sockets_that_wait_for_one() {
    let rig = Rig::new();
    let room = rig.room();
    let phone = rig.open("zoe", &[room]).await;
    let desk = rig.open_for(&phone.user, &[room]).await;
    let ann = rig.open("ann", &[room]).await;
    phone.connection.outbox().begin_command();
    rig.publish(room, note());
    let seq = rig.log.last_seq(room).next();
    rig.publish(room, sent(room, seq, &phone.user));
    rig.publish(room, note());
    let all = [
        "message.deleted 3",
        "receive_message 4",
        "message.deleted 5",
    ];
    assert_eq!(desk.hears().await, all);
    assert_eq!(ann.hears().await, all);
    assert_eq!(phone.hears().await, all[..1]);
    phone.connection.outbox().answer(acknowledged("send"));
    assert_eq!(
        phone.hears().await,
        ["ack send", "receive_message 4", "message.deleted 5"]
    );
}
