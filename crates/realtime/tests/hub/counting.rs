use std::time::Duration;

use domain::{BusEvent, Distribution, RoomId};
use futures_util::FutureExt;
use realtime::wire::Codec;
use testkit::{FixedRandomness, sample};

use crate::rig::{
    Client, GAP_WAIT, PAGE, RESUME_MOST, Rig, joined, note, notes, sent, settings, settle,
};

/// Takes all that waits for a socket, and says of each frame that it was written this long after the events' acceptance.
fn write_all(rig: &Rig, client: &Client, after: Duration) {
    rig.clock.set(sample::now() + after);
    client.set_valve();
    client.valve.open();
    assert!(client.connection.next().now_or_never().is_none());
    client.valve.shut();
}

fn is_about(latency: &Distribution, milliseconds: u64) -> bool {
    let told = latency.percentile(50).unwrap_or_default();
    told.abs_diff(milliseconds * 1_000) < milliseconds * 10
}

#[tokio::test(start_paused = true)]
async fn sockets_and_users_are_counted_and_the_most_at_once() {
    let rig = Rig::new();
    let zoe = rig.open("zoe", &[]).await;
    let desk = rig.open_for(&zoe.user, &[]).await;
    let ann = rig.open("ann", &[]).await;
    let stats = rig.hub.stats();
    assert_eq!((stats.open, stats.users.count()), (3, 2));
    drop((desk, ann));
    settle().await;
    let stats = rig.hub.stats();
    assert_eq!((stats.open, stats.users.count()), (1, 1));
    assert_eq!(stats.peak, 3);
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_be_written_is_counted() {
    let rig = Rig::new();
    let room = rig.room();
    let (zoe, ann) = (
        rig.open("zoe", &[room]).await,
        rig.open("ann", &[room]).await,
    );
    // That ann came.
    zoe.reads().await;
    assert_eq!(rig.hub.stats().queue_bytes, 0);
    rig.publish(room, note());
    settle().await;
    ann.reads().await;
    rig.publish(room, note());
    settle().await;
    let stats = rig.hub.stats();
    // Two wait for zoe, and one for ann.
    assert!(stats.largest_queue > 100, "{stats:?}");
    assert_eq!(stats.queue_bytes * 2, stats.largest_queue * 3);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_counts_for_each_room_that_it_is_told_all_of() {
    let rig = Rig::new();
    let (one, other, far) = (rig.room(), rig.room(), rig.room());
    rig.commit_notes(one, 5);
    rig.commit_notes(far, RESUME_MOST as usize);
    let zoe = rig.come_back(&[(one, 2), (other, 2), (far, 1)]).await;
    zoe.reads().await;
    assert_eq!(rig.hub.stats().resumes, 2);
    rig.open("ann", &[one]).await;
    assert_eq!(rig.hub.stats().resumes, 2);
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_the_log_fills_counts_once_however_many_pages_that_takes() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let count = 2 * PAGE as usize + 2;
    let events = rig.commit_notes(room, count);
    rig.bus.tell_all([events[count - 1].clone()]);
    tokio::time::sleep(2 * GAP_WAIT).await;
    assert_eq!(zoe.hears().await, notes(3..=2 + count as u64));
    assert_eq!(rig.hub.stats().gaps_healed, 1);
    rig.commit_notes(room, 1);
    rig.bus.say_lost();
    zoe.hears().await;
    assert_eq!(rig.hub.stats().gaps_healed, 2);
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_order_or_is_told_late_to_one_is_no_gap() {
    let rig = Rig::new();
    let room = rig.room();
    let _ann = rig.open("ann", &[room]).await;
    for _ in 0..5 {
        rig.publish(room, note());
    }
    rig.bus.say_lost();
    settle().await;
    let zoe = rig.come_back(&[(room, 2)]).await;
    zoe.reads().await;
    assert_eq!(rig.hub.stats().gaps_healed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_reads_too_slowly_counts_once_it_has_ended_and_no_other_does() {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let rig = Rig::with(small, FixedRandomness::new());
    let room = rig.room();
    let (slow, left) = (
        rig.open("slow", &[room]).await,
        rig.open("left", &[room]).await,
    );
    for _ in 0..50 {
        rig.publish(room, note());
        left.hears().await;
    }
    assert_eq!(slow.hears().await, ["close 4408"]);
    drop((slow, left));
    settle().await;
    assert_eq!(rig.hub.stats().slow_closes, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_timed_from_its_acceptance_until_it_is_written_to_each_socket() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let guest = rig
        .open_guest(Codec::Stream, &sample::guest("gus"), room)
        .await;
    write_all(&rig, &zoe, Duration::ZERO);
    assert_eq!(rig.hub.stats().latency.count(), 0, "a greeting is no event");
    let seq = rig.log.last_seq(room).next();
    rig.publish(room, sent(room, seq, &zoe.user));
    settle().await;
    write_all(&rig, &zoe, Duration::from_millis(7));
    let latency = rig.hub.stats().latency;
    assert_eq!(latency.count(), 1);
    assert!(is_about(&latency, 7), "{latency:?}");
    write_all(&rig, &guest, Duration::from_millis(9));
    assert_eq!(rig.hub.stats().latency.count(), 2);
    rig.clock.set(sample::later(600));
    assert_eq!(rig.hub.stats().latency.count(), 0, "of ten minutes ago");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_goes_to_many_counts_for_each_of_them() {
    const MANY: usize = 100;
    let rig = Rig::new();
    let room = rig.room();
    let mut clients = Vec::new();
    for index in 0..MANY {
        clients.push(rig.open(&format!("user{index}"), &[room]).await);
    }
    for client in &clients {
        write_all(&rig, client, Duration::ZERO);
    }
    rig.publish(room, note());
    settle().await;
    for client in &clients {
        write_all(&rig, client, Duration::from_millis(7));
    }
    let latency = rig.hub.stats().latency;
    assert_eq!(latency.count(), MANY as u64);
    assert!(is_about(&latency, 7), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_counts_once_for_a_socket_whatever_it_is_in_its_dialect_and_not_where_it_is_nothing()
 {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let (gus, mia) = (sample::guest("gus"), sample::guest("mia"));
    let flat = rig
        .open_guest(Codec::Flat("Lobby".into()), &gus, room)
        .await;
    let stream = rig.open_guest(Codec::Stream, &mia, room).await;
    for client in [&zoe, &flat, &stream] {
        write_all(&rig, client, Duration::ZERO);
    }
    // Nothing in "flat" and in "stream", where it is told how many there are, apart from the event.
    rig.publish(room, note());
    settle().await;
    for client in [&zoe, &flat, &stream] {
        write_all(&rig, client, Duration::from_millis(7));
    }
    assert_eq!(rig.hub.stats().latency.count(), 1);
    // Two frames in "stream".
    rig.publish(room, joined(&sample::user("bob")));
    settle().await;
    for client in [&zoe, &flat, &stream] {
        write_all(&rig, client, Duration::from_millis(7));
    }
    assert_eq!(rig.hub.stats().latency.count(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn where_deliveries_are_not_to_be_timed_none_counts() {
    let mut untimed = settings();
    untimed.times_deliveries = false;
    let rig = Rig::with(untimed, FixedRandomness::new());
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.publish(room, note());
    settle().await;
    write_all(&rig, &zoe, Duration::from_millis(7));
    assert_eq!(rig.hub.stats().latency.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_timed_with_the_time_that_it_took_to_heal() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.commit_notes(room, 3);
    rig.bus.say_lost();
    settle().await;
    write_all(&rig, &zoe, Duration::from_millis(800));
    let latency = rig.hub.stats().latency;
    assert_eq!(latency.count(), 3);
    assert!(is_about(&latency, 800), "{latency:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_client_missed_and_what_is_of_passing_interest_is_not_timed() {
    let rig = Rig::new();
    let room = rig.room();
    let ann = rig.open("ann", &[room]).await;
    for _ in 0..5 {
        rig.publish(room, note());
    }
    ann.reads().await;
    let zoe = rig.come_back(&[(room, 3)]).await;
    settle().await;
    rig.bus.tell(typing(room));
    settle().await;
    write_all(&rig, &zoe, Duration::from_secs(30));
    write_all(&rig, &ann, Duration::from_secs(30));
    assert_eq!(rig.hub.stats().latency.count(), 0);
}

fn typing(room_id: RoomId) -> BusEvent {
    let bob = sample::user("bob");
    BusEvent::Typing {
        room_id,
        user_id: bob.id,
        username: bob.username,
        active: true,
    }
}
