//! The sockets of guests, who speak the dialects, beside native ones in the same room.

mod drafts;
mod leaving;

use bytestring::ByteString;
use domain::{RoomEventKind, RoomId, Seq, User};
use realtime::{
    HubSettings, Outgoing,
    wire::{Codec, stream},
};
use serde_json::Value;
use testkit::{FixedRandomness, sample};
use tokio::time::sleep;

use crate::rig::{Client, GAP_WAIT, Rig, Told, joined, note, sent, settings, settle};

fn flat() -> Codec {
    Codec::Flat("Lobby".into())
}

/// What a guest's socket gets, in short, in the words of its dialect.
async fn hears(guest: &Client) -> Vec<String> {
    guest.reads().await.iter().map(in_short).collect()
}

fn in_short(told: &Told) -> String {
    let frame = match told {
        Told::Frame(frame) => frame,
        Told::Close(code) => return format!("close {code}"),
    };
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let payload = &frame["payload"];
    let author = || text(&payload["author"]);
    match text(&frame["type"]).as_str() {
        word @ ("chat" | "join" | "leave" | "system") => {
            format!("{word}: {}", text(&frame["content"]))
        }
        "SYSTEM" => format!("SYSTEM: {}", text(&payload["text"])),
        "PARTICIPANTS" => format!("PARTICIPANTS: {}", payload["count"]),
        "MESSAGE_COMMITTED" => format!("MESSAGE of {}: {}", author(), text(&payload["text"])),
        "STREAM_CHUNK" => format!("CHUNK of {}: {}", author(), text(&payload["chunk"])),
        other => panic!("{other}"),
    }
}

fn gone(user: &User) -> RoomEventKind {
    RoomEventKind::MemberLeft {
        user_id: user.id,
        username: Some(user.username.clone()),
        guest_id: user.guest_id.clone(),
    }
}

fn renamed(guest: &User) -> RoomEventKind {
    RoomEventKind::MemberRenamed {
        user_id: guest.id,
        username: guest.username.clone(),
        guest_id: guest.guest_id.clone(),
    }
}

/// A room with a socket of each kind, which have heard of nothing yet.
struct Scene {
    rig: Rig,
    room: RoomId,
    native: Client,
    flat: Client,
    stream: Client,
}

impl Scene {
    async fn new() -> Self {
        Self::with(settings()).await
    }

    async fn with(settings: HubSettings) -> Self {
        let rig = Rig::with(settings, FixedRandomness::new());
        let room = rig.room();
        let native = rig.open("ann", &[room]).await;
        let (zoe, mia) = (sample::guest("zoe"), sample::guest("mia"));
        let flat = rig.open_guest(flat(), &zoe, room).await;
        let stream = rig.open_guest(Codec::Stream, &mia, room).await;
        native.hears_all().await;
        for guest in [&flat, &stream] {
            assert!(hears(guest).await.is_empty(), "there is no greeting");
        }
        Self {
            rig,
            room,
            native,
            flat,
            stream,
        }
    }

    /// What befalls the room, from number 3 on: a bit of everything.
    fn all_that_happens(&self) -> Vec<RoomEventKind> {
        let bob = sample::user("bob");
        let room = self.room;
        vec![
            joined(&bob),
            sent(room, Seq(4), &bob),
            note(),
            joined(&self.stream.user),
            renamed(&self.stream.user),
            // Of the one who hears it, too.
            sent(room, Seq(8), &self.flat.user),
            gone(&bob),
        ]
    }

    /// Each has heard [all of it](Self::all_that_happens), once and in order.
    async fn all_have_heard_all(&self) {
        assert_eq!(self.native.hears().await, ALL_NATIVE);
        assert_eq!(hears(&self.flat).await, ALL_FLAT);
        assert_eq!(hears(&self.stream).await, ALL_STREAM);
    }
}

const ALL_NATIVE: [&str; 7] = [
    "member.joined 3",
    "receive_message 4",
    "message.deleted 5",
    "member.joined 6",
    "member.renamed 7",
    "receive_message 8",
    "member.left 9",
];
const ALL_FLAT: [&str; 5] = [
    "join: bob joined",
    "chat: hello",
    "join: mia joined",
    "chat: hello",
    "leave: bob left",
];
const ALL_STREAM: [&str; 10] = [
    "SYSTEM: bob is now chatting",
    "PARTICIPANTS: 1",
    "MESSAGE of bob: hello",
    "SYSTEM: mia is now chatting",
    "PARTICIPANTS: 2",
    "SYSTEM: mia is now chatting",
    "PARTICIPANTS: 2",
    "MESSAGE of zoe: hello",
    "SYSTEM: bob left",
    "PARTICIPANTS: 1",
];

/// The next frame, as it will be written.
async fn frame(client: &Client) -> ByteString {
    match client.connection.next().await {
        Outgoing::Frame(frame) => frame,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_encoded_once_for_each_dialect_and_its_sockets_share_the_bytes() {
    let scene = Scene::new().await;
    let Scene { rig, room, .. } = &scene;
    let guests = ["kim", "lea"].map(sample::guest);
    let bob = rig.open("bob", &[*room]).await;
    let kim = rig.open_guest(flat(), &guests[0], *room).await;
    let lea = rig.open_guest(Codec::Stream, &guests[1], *room).await;
    for client in [&bob, &kim, &lea, &scene.native, &scene.flat, &scene.stream] {
        client.reads().await;
    }
    let seq = rig.log.last_seq(*room).next();
    rig.publish(*room, sent(*room, seq, &bob.user));
    for (one, other) in [
        (&scene.native, &bob),
        (&scene.flat, &kim),
        (&scene.stream, &lea),
    ] {
        let (one, other) = (frame(one).await, frame(other).await);
        assert_eq!(one, other);
        assert_eq!(one.as_ptr(), other.as_ptr(), "{one}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_socket_hears_the_same_events_in_order_in_its_own_words() {
    let scene = Scene::new().await;
    for kind in scene.all_that_happens() {
        scene.rig.publish(scene.room, kind);
    }
    scene.all_have_heard_all().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_loses_is_read_from_the_log_for_each_socket() {
    let scene = Scene::new().await;
    let mut kinds = scene.all_that_happens();
    let last = kinds.pop().unwrap();
    for kind in kinds {
        scene.rig.commit(scene.room, kind);
    }
    scene.rig.publish(scene.room, last);
    sleep(GAP_WAIT).await;
    scene.all_have_heard_all().await;
    // A loss that the bus admits, of which nothing is heard.
    scene.rig.commit(scene.room, gone(&sample::user("tom")));
    scene.rig.bus.say_lost();
    assert_eq!(scene.native.hears().await, ["member.left 10"]);
    assert_eq!(hears(&scene.flat).await, ["leave: tom left"]);
    let left = ["SYSTEM: tom left", "PARTICIPANTS: 0"];
    assert_eq!(hears(&scene.stream).await, left);
}

#[tokio::test(start_paused = true)]
async fn a_guest_begins_where_they_came_in_behind_their_greeting() {
    let scene = Scene::new().await;
    let before = scene.rig.snapshot(scene.room);
    for kind in scene.all_that_happens() {
        scene.rig.publish(scene.room, kind);
    }
    let mut late = Vec::new();
    for (codec, heard) in [(flat(), &ALL_FLAT[..]), (Codec::Stream, &ALL_STREAM[..])] {
        let guest = scene.rig.register_guest(codec, &sample::guest("eve")).await;
        // The log has moved on while the greeting was made, of whatever frames.
        let greeting = vec![stream::system("welcome"), stream::participants(7)];
        guest.start_guest(before.clone(), greeting).await;
        let told = hears(&guest).await;
        assert_eq!(told[..2], ["SYSTEM: welcome", "PARTICIPANTS: 7"]);
        assert_eq!(told[2..], *heard);
        late.push(guest);
    }
    // Those who were there hear nothing again, and all go on together.
    scene.all_have_heard_all().await;
    scene.rig.publish(scene.room, gone(&sample::user("tom")));
    assert_eq!(hears(&scene.flat).await, ["leave: tom left"]);
    assert_eq!(hears(&late[0]).await, ["leave: tom left"]);
    assert_eq!(hears(&scene.stream).await, hears(&late[1]).await);
}

#[tokio::test(start_paused = true)]
async fn a_greeting_is_as_long_as_the_history_and_counts_for_nothing() {
    let mut small = settings();
    small.queue_bytes = 2_000;
    let scene = Scene::with(small).await;
    let eve = scene
        .rig
        .register_guest(Codec::Stream, &sample::guest("eve"))
        .await;
    let history: Vec<ByteString> = (0..50)
        .map(|number| stream::system(&format!("{number} {}", "x".repeat(1_000))))
        .collect();
    let start = scene.rig.snapshot(scene.room);
    eve.start_guest(start, history).await;
    scene.rig.publish(scene.room, gone(&sample::user("tom")));
    settle().await;
    let told = hears(&eve).await;
    assert_eq!(told.len(), 52);
    assert!(told[49].starts_with("SYSTEM: 49 x"));
    assert_eq!(told[50..], ["SYSTEM: tom left", "PARTICIPANTS: 0"]);
}

#[tokio::test(start_paused = true)]
async fn what_passes_has_no_word_in_the_dialects() {
    let scene = Scene::new().await;
    scene.native.connection.typing(None, true).await.unwrap();
    let bob = scene.rig.open("bob", &[scene.room]).await;
    bob.connection.typing(None, true).await.unwrap();
    scene.rig.tell_added(&scene.flat.user, scene.room);
    let passing = ["presence.changed bob ONLINE", "typing_start bob"];
    assert_eq!(scene.native.hears_all().await, passing);
    for guest in [&scene.flat, &scene.stream] {
        assert!(hears(guest).await.is_empty());
    }
}
