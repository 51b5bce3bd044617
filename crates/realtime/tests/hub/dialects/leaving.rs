//! How guests go: with their last socket, or because they are taken out; and how they do not.

use std::time::Duration;

use domain::{SessionId, ports::Presence};
use realtime::PresenceSettings;
use testkit::sample;
use tokio::time::sleep;

use super::{Scene, flat, gone, hears};
use crate::rig::{Rig, note, settings, settle};

#[tokio::test(start_paused = true)]
async fn a_guest_who_is_taken_out_hears_it_as_the_last_thing_and_is_closed() {
    let scene = Scene::new().await;
    for guest in [&scene.flat, &scene.stream] {
        scene.rig.publish(scene.room, gone(&guest.user));
        scene.rig.tell_removed(&guest.user, scene.room);
        scene.rig.publish(scene.room, note());
    }
    assert_eq!(hears(&scene.flat).await, ["leave: zoe left", "close 4403"]);
    assert_eq!(
        hears(&scene.stream).await,
        [
            "SYSTEM: zoe left",
            "PARTICIPANTS: 0",
            "SYSTEM: mia left",
            "PARTICIPANTS: 0",
            "close 4403"
        ]
    );
    let mut left = [&scene.flat, &scene.stream].map(|guest| (scene.room, guest.user.id));
    let mut departed = scene.rig.departed();
    left.sort();
    departed.sort();
    assert_eq!(departed, left);
}

#[tokio::test(start_paused = true)]
async fn a_guest_is_gone_with_their_last_socket_and_an_account_in_time() {
    let mut lingering = settings();
    lingering.presence = PresenceSettings {
        linger: Duration::from_secs(60),
        ..lingering.presence
    };
    let scene = Scene::with(lingering).await;
    let Scene {
        rig,
        room,
        native,
        flat: phone,
        stream: _mia,
    } = scene;
    let (ann, zoe) = (native.user.clone(), phone.user.clone());
    let desk = rig.open_guest(flat(), &zoe, room).await;
    drop(phone);
    settle().await;
    assert!(rig.departed().is_empty(), "there is another socket");
    drop((desk, native));
    settle().await;
    assert_eq!(rig.departed(), [(room, zoe.id)]);
    let there = rig.presence.online(room).await.unwrap();
    assert!(there.contains(&ann.id) && !there.contains(&zoe.id));
    // Accounts are told to be away, and taken out of nothing.
    sleep(Duration::from_secs(120)).await;
    let there = rig.presence.online(room).await.unwrap();
    assert!(!there.contains(&ann.id));
    assert!(rig.departed().is_empty());
    // Who comes again goes again.
    drop(rig.open_guest(flat(), &zoe, room).await);
    settle().await;
    assert_eq!(rig.departed(), [(room, zoe.id)]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_never_started_has_left_no_room() {
    let rig = Rig::new();
    let room = rig.room();
    let zoe = rig.register_guest(flat(), &sample::guest("zoe")).await;
    drop(zoe);
    rig.publish(room, note());
    settle().await;
    assert!(rig.departed().is_empty());
}

/// A guest has no log-in that could end, and no other who has none is one with them.
#[tokio::test(start_paused = true)]
async fn a_survey_of_log_ins_closes_no_guest() {
    let scene = Scene::new().await;
    scene.rig.directory.end(scene.native.session);
    scene.rig.directory.end(SessionId::NONE);
    scene.rig.bus.say_lost();
    assert_eq!(scene.native.hears().await, ["close 4401"]);
    scene.rig.publish(scene.room, gone(&sample::user("tom")));
    assert_eq!(hears(&scene.flat).await, ["leave: tom left"]);
    let left = ["SYSTEM: tom left", "PARTICIPANTS: 0"];
    assert_eq!(hears(&scene.stream).await, left);
}
