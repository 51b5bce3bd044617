//! What is being written, as the dialects show it.

use std::time::Duration;

use domain::{BusEvent, LiveStream, Message, MessageId, RoomEventKind, Seq, StreamEnd, User};
use realtime::wire::Codec;
use testkit::sample;
use tokio::time::sleep;

use super::{Scene, hears, in_short};
use crate::rig::{STREAM_PAUSE, Told, settle};

/// A stream of this author, as a use case begins it.
fn begin(scene: &Scene, author: &User) -> LiveStream {
    let begun = scene.rig.streams.begin(scene.room, author);
    scene.rig.bus.tell(BusEvent::StreamStarted(begun.clone()));
    begun
}

fn append(scene: &Scene, to: &LiveStream, delta: &str) {
    scene.rig.bus.tell(scene.rig.streams.append(to.id, delta));
}

#[tokio::test(start_paused = true)]
async fn what_a_guest_writes_is_shown_whole_to_all_who_see_drafts_themselves_among_them() {
    let scene = Scene::new().await;
    let mia = scene.stream.user.clone();
    let draft = begin(&scene, &mia);
    append(&scene, &draft, "a");
    assert_eq!(
        scene.native.hears().await,
        ["stream.started ", "stream.delta 0a"]
    );
    let shown = ["CHUNK of mia: a"];
    assert_eq!(hears(&scene.stream).await, shown);
    for delta in ["b", "c"] {
        append(&scene, &draft, delta);
    }
    sleep(STREAM_PAUSE).await;
    assert_eq!(scene.native.hears().await, ["stream.delta 1bc"]);
    assert_eq!(hears(&scene.stream).await, ["CHUNK of mia: abc"]);
    // Who comes now is shown it as it stands.
    let late = scene
        .rig
        .open_guest(Codec::Stream, &sample::guest("eve"), scene.room)
        .await;
    assert_eq!(hears(&late).await, ["CHUNK of mia: abc"]);

    scene.rig.streams.forget(draft.id);
    let message = Message {
        id: MessageId(draft.id.0),
        ..sample::message(scene.room, Seq(3), &mia, "abc")
    };
    scene
        .rig
        .publish(scene.room, RoomEventKind::MessageSent(message));
    let told = ["stream.finished abc", "receive_message 3"];
    assert_eq!(scene.native.hears().await, told);
    for guest in [&scene.stream, &late] {
        assert_eq!(hears(guest).await, ["MESSAGE of mia: abc"]);
    }
    assert_eq!(hears(&scene.flat).await, ["chat: abc"]);
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_is_given_up_is_cleared_at_the_time_of_the_clock() {
    let scene = Scene::new().await;
    let ann = scene.native.user.clone();
    let draft = begin(&scene, &ann);
    append(&scene, &draft, "a");
    let shown = ["CHUNK of ann: a"];
    assert_eq!(hears(&scene.stream).await, shown);
    scene.rig.clock.advance(Duration::from_secs(5));
    scene.rig.streams.forget(draft.id);
    scene.rig.bus.tell(BusEvent::StreamEnded {
        room_id: scene.room,
        id: draft.id,
        why: StreamEnd::Aborted,
    });
    settle().await;
    let told = scene.stream.reads_one().unwrap();
    assert_eq!(in_short(&told), "CHUNK of ann: ");
    let Told::Frame(frame) = told else {
        panic!("{told:?}");
    };
    let at = sample::later(5).as_millisecond();
    assert_eq!(frame["payload"]["timestamp"], at);
    // Its author keeps it, and "flat" shows no drafts.
    assert!(scene.native.hears().await.is_empty());
    assert!(hears(&scene.flat).await.is_empty());
}
