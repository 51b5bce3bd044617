use std::time::Duration;

use domain::{
    BusEvent,
    ports::{BusDelivery, EventBus, Randomness},
};
use realtime::{AdmissionSettings, CloseReason, Full, Outgoing, RegisterError};
use testkit::{FixedRandomness, sample};
use tokio::time::Instant;

use crate::rig::{Client, GAP_WAIT, HOME, Rig, SPREAD, note, notes, settings, settle};

fn revoked(client: &Client) -> BusEvent {
    BusEvent::SessionRevoked {
        user_id: client.user.id,
        session_id: client.session,
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_log_in_closes_its_sockets_and_no_others() {
    let rig = Rig::new();
    let room = rig.room();
    let (phone, ann) = (
        rig.open("zoe", &[room]).await,
        rig.open("ann", &[room]).await,
    );
    let desk = rig.open_for(&phone.user, &[room]).await;
    rig.publish(room, note());
    rig.bus.tell(revoked(&phone));
    rig.publish(room, note());
    assert_eq!(phone.hears().await, ["close 4401"]);
    assert_eq!(desk.hears().await, notes(3..=4));
    assert_eq!(ann.hears().await, notes(3..=4));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_log_in_closes_a_socket_that_has_not_started() {
    let rig = Rig::new();
    let zoe = rig.register(&sample::user("zoe")).await;
    rig.bus.tell(revoked(&zoe));
    settle().await;
    zoe.start(Vec::new()).await;
    assert_eq!(zoe.hears().await, ["close 4401"]);
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_slowly_is_closed_and_the_others_hear_on() {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let rig = Rig::with(small, FixedRandomness::new());
    let room = rig.room();
    let (slow, ann) = (
        rig.open("slow", &[room]).await,
        rig.open("ann", &[room]).await,
    );
    for seq in 3..50 {
        rig.publish(room, note());
        assert_eq!(ann.hears().await, notes(seq..=seq));
    }
    assert_eq!(slow.hears().await, ["close 4408"]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_refuses_new_sockets_and_closes_the_open_ones_with_what_they_have_to_hear() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    let early = rig.register(&sample::user("ann")).await;
    rig.publish(room, note());
    settle().await;
    assert!(!rig.hub.is_draining());
    let drain = rig.hub.drain().await;
    assert!(rig.hub.is_draining());
    let answer = rig.try_register(&sample::user("bob")).await;
    assert_eq!(answer.map(|_| ()), Err(RegisterError::Draining));
    assert_eq!(drain.len(), 2);
    let second = Duration::from_secs(1);
    drain.close_all(100, second, second).await;
    assert_eq!(zoe.hears().await, ["message.deleted 3", "close 1012"]);
    assert_eq!(early.hears().await, ["close 1012"]);
    assert_eq!(rig.hub.open_sockets(), 2);
    drop((zoe, early));
    assert_eq!(rig.hub.open_sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_meets_a_drain_is_refused_or_drained() {
    let rig = Rig::new();
    let user = sample::user("zoe");
    let (client, drain) = tokio::join!(rig.try_register(&user), rig.hub.drain());
    drain.close_all(1, Duration::ZERO, Duration::ZERO).await;
    if let Ok(client) = client {
        assert_eq!(client.hears().await, ["close 1012"]);
    }
}

/// A die that always falls the same.
struct Always(u8);

impl Randomness for Always {
    fn secret(&self) -> [u8; 32] {
        [self.0; 32]
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_goes_in_batches_and_is_done_in_time_whatever_the_jitter() {
    for (jitter, pauses) in [(Always(0), 1.5), (Always(255), 4.5)] {
        let rig = Rig::with(settings(), jitter);
        let mut clients = Vec::new();
        for _ in 0..100 {
            clients.push(rig.register(&sample::user("zoe")).await);
        }
        let drain = rig.hub.drain().await;
        let began = Instant::now();
        let at_most = Duration::from_secs(5);
        drain.close_all(10, Duration::from_secs(60), at_most).await;
        let took = began.elapsed().as_secs_f64();
        assert!((took - pauses).abs() < 0.05, "{took} s");
        for client in &clients {
            assert_eq!(client.hears().await, ["close 1012"]);
        }
    }
}

/// The time to wait that the close of a drained socket names.
fn retry_after(client: &Client) -> Duration {
    match client.connection.outbox().try_next() {
        Some(Outgoing::Close(CloseReason::Restart { retry_after })) => retry_after,
        other => panic!("no restart: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_socket_is_told_a_time_of_its_own_within_the_spread() {
    for (jitter, expected) in [(0, Duration::ZERO), (255, SPREAD)] {
        let rig = Rig::with(settings(), Always(jitter));
        let zoe = rig.register(&sample::user("zoe")).await;
        rig.hub.drain().await.close_now();
        assert_eq!(retry_after(&zoe), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_cut_short_closes_at_once_what_waits_for_its_turn() {
    let rig = Rig::new();
    let (zoe, ann) = (
        rig.register(&sample::user("zoe")).await,
        rig.register(&sample::user("ann")).await,
    );
    let drain = rig.hub.drain().await;
    let minute = Duration::from_secs(60);
    let slowly = drain.close_all(1, minute, minute);
    assert!(tokio::time::timeout(GAP_WAIT, slowly).await.is_err());
    let told = zoe.hears().await.len() + ann.hears().await.len();
    assert_eq!(told, 1);
    drain.close_now();
    assert_eq!(zoe.hears().await, ["close 1012"]);
    assert_eq!(ann.hears().await, ["close 1012"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_beyond_a_cap_is_refused_until_another_has_gone() {
    let mut small = settings();
    small.admission = AdmissionSettings {
        node: Some(1),
        ..AdmissionSettings::default()
    };
    let rig = Rig::with(small, FixedRandomness::new());
    // It has not started, and counts.
    let zoe = rig.register(&sample::user("zoe")).await;
    let answer = rig.try_register(&sample::user("ann")).await;
    assert_eq!(answer.map(|_| ()), Err(RegisterError::Full(Full::Node)));
    assert_eq!(rig.hub.open_sockets(), 1);
    drop(zoe);
    assert!(rig.try_register(&sample::user("ann")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_new_socket_takes_the_place_of_one_of_its_user_that_is_silent() {
    let mut small = settings();
    small.admission = AdmissionSettings {
        user: Some(2),
        silence: Duration::from_secs(30),
        ..AdmissionSettings::default()
    };
    let rig = Rig::with(small, FixedRandomness::new());
    let silent = rig.register(&sample::user("zoe")).await;
    let talking = rig.register(&silent.user).await;
    tokio::time::sleep(Duration::from_secs(31)).await;
    talking.connection.heard();
    let _new = rig.register(&silent.user).await;
    assert_eq!(silent.hears().await, ["close 4409"]);
    assert!(talking.hears().await.is_empty());
    let answer = rig.try_register(&silent.user).await;
    assert_eq!(answer.map(|_| ()), Err(RegisterError::Full(Full::User)));
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_the_sockets_are_sent_elsewhere() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    rig.bus.end();
    assert_eq!(zoe.hears().await, ["close 1012"]);
    rig.task.await.unwrap();
    assert!(rig.presence.is_empty());
    let answer = rig
        .hub
        .register(zoe.connection.id(), zoe.user.id, zoe.session, HOME)
        .await;
    assert_eq!(answer.map(|_| ()), Err(RegisterError::Draining));
    assert_eq!(zoe.connection.typing(None, true).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_hub_ends_with_its_last_handle_and_tells_the_other_nodes_what_that_ends() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.open("zoe", &[room]).await;
    zoe.connection.typing(None, true).await.unwrap();
    drop(rig.hub);
    settle().await;
    assert!(!rig.task.is_finished());
    let mut elsewhere = rig.bus.subscribe();
    drop(zoe);
    rig.task.await.unwrap();
    rig.bus.end();
    let (mut stopped, mut offline) = (false, false);
    while let Some(BusDelivery::Event(event, _)) = elsewhere.next().await {
        stopped |= matches!(*event, BusEvent::Typing { active: false, .. });
        offline |= matches!(*event, BusEvent::Presence { online: false, .. });
    }
    assert!(stopped && offline);
}
