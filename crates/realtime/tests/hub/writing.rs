//! What sockets are told is written where it is told, without a task of theirs being woken.

use domain::RoomId;
use futures_util::FutureExt;
use realtime::{HubSettings, Outgoing};
use testkit::FixedRandomness;

use crate::rig::{Client, Rig, note, settings, settle};

/// The numbers of the events in a piece.
fn numbers(piece: &[String]) -> Vec<u64> {
    let frames = piece.iter().map(|text| serde_json::from_str(text).unwrap());
    frames
        .filter_map(|frame: serde_json::Value| frame["seq"].as_u64())
        .collect()
}

/// Those of each piece that was written to the socket, but for pieces without any.
fn written(client: &Client) -> Vec<Vec<u64>> {
    let pieces = client.valve.take();
    let numbers = pieces.iter().map(|piece| numbers(piece));
    numbers.filter(|piece| !piece.is_empty()).collect()
}

/// Two sockets in a room, whose valves are open, and who have read their greetings.
async fn two(rig: &Rig, room: RoomId) -> [Client; 2] {
    let both = [
        rig.open("zoe", &[room]).await,
        rig.open("ann", &[room]).await,
    ];
    for client in &both {
        client.reads().await;
        client.set_valve();
        client.valve.open();
    }
    both
}

#[tokio::test(start_paused = true)]
async fn events_that_come_together_are_written_together_and_nobody_has_to_ask_for_them() {
    let rig = Rig::new();
    let room = rig.room();
    let both = two(&rig, room).await;
    for _ in 0..5 {
        rig.publish(room, note());
    }
    settle().await;
    let first = rig.log.last_seq(room).0 - 4;
    for client in &both {
        assert_eq!(written(client), [(first..first + 5).collect::<Vec<_>>()]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_takes_nothing_holds_nobody_up_and_is_written_the_rest_in_order() {
    let rig = Rig::new();
    let room = rig.room();
    let [zoe, ann] = two(&rig, room).await;
    zoe.valve.shut();
    for _ in 0..3 {
        rig.publish(room, note());
        settle().await;
    }
    let first = rig.log.last_seq(room).0 - 2;
    assert_eq!(written(&ann), [[first], [first + 1], [first + 2]]);
    assert!(written(&zoe).is_empty());
    zoe.valve.open();
    assert!(zoe.connection.next().now_or_never().is_none());
    assert_eq!(written(&zoe), [[first, first + 1, first + 2]]);
}

#[tokio::test(start_paused = true)]
async fn the_close_is_told_to_the_transport_when_all_before_it_is_written_and_it_takes_more() {
    let rig = Rig::new();
    let room = rig.room();
    let [zoe, _ann] = two(&rig, room).await;
    zoe.valve.shut();
    rig.publish(room, note());
    settle().await;
    let restart = realtime::CloseReason::Restart {
        retry_after: std::time::Duration::ZERO,
    };
    zoe.connection.outbox().close(restart);
    assert!(zoe.connection.next().now_or_never().is_none());
    zoe.valve.open();
    let next = zoe.connection.next().now_or_never();
    assert_eq!(next, Some(Outgoing::Close(restart)));
    assert_eq!(written(&zoe), [[rig.log.last_seq(room).0]]);
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_goes_on_where_the_hub_itself_makes_room_for_it() {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let rig = Rig::with(small, FixedRandomness::new());
    let room = rig.room();
    rig.commit_notes(room, 100);
    let zoe = rig.come_back(&[(room, 2)]).await;
    zoe.set_valve();
    zoe.valve.open();
    for _ in 0..100 {
        assert!(zoe.connection.next().now_or_never().is_none());
        settle().await;
    }
    let all: Vec<_> = written(&zoe).concat();
    assert_eq!(all, (3..=102).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn pings_and_pongs_go_in_front_of_what_waits_and_behind_nothing_that_waits_for_an_answer() {
    let rig = Rig::new();
    let room = rig.room();
    let [zoe, _ann] = two(&rig, room).await;
    zoe.valve.shut();
    let outbox = zoe.connection.outbox();
    outbox.begin_command();
    outbox.push_own("own".into());
    outbox.push_control(Outgoing::Ping);
    outbox.push_control(Outgoing::Pong(vec![7].into()));
    zoe.valve.open();
    assert!(zoe.connection.next().now_or_never().is_none());
    assert_eq!(zoe.valve.take().concat(), ["pong [7]", "ping"]);
    outbox.answer(Some("answer".into()));
    assert!(zoe.connection.next().now_or_never().is_none());
    assert_eq!(zoe.valve.take().concat(), ["answer", "own"]);
}

#[tokio::test(start_paused = true)]
async fn who_takes_all_is_written_to_while_the_hub_is_busy_and_is_not_slow() {
    let settings = HubSettings {
        queue_bytes: 64 * 1_024,
        ..settings()
    };
    let rig = Rig::with(settings, FixedRandomness::new());
    let room = rig.room();
    let [zoe, _ann] = two(&rig, room).await;
    // More than the queue holds, and all there before the hub has a turn.
    let published = 2_000;
    for _ in 0..published {
        rig.publish(room, note());
    }
    settle().await;
    let last = rig.log.last_seq(room).0;
    let all: Vec<_> = (last + 1 - published..=last).collect();
    assert_eq!(written(&zoe).concat(), all);
}
