//! The clocks of the nodes step, and differ.

use std::{fs, path::PathBuf};

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    length::{SOME, rounds},
    rig::Rig,
    socket::Socket,
    traffic::{EMOJI, Traffic},
};

/// A clock that is off by what its file says. The time since the start of the machine, by which timers go, is not.
struct Clock {
    folder: TempDir,
    library: PathBuf,
}

impl Clock {
    fn new() -> Self {
        let folders = [
            "/usr/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
        ];
        let libraries =
            folders.map(|folder| PathBuf::from(folder).join("faketime/libfaketimeMT.so.1"));
        let library = libraries.into_iter().find(|file| file.is_file());
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
            library: library.expect("libfaketime is missing (Debian: apt-get install faketime)"),
        };
        clock.step("+0");
        clock
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// So far off from now on, such as `+1h`. Seen by the node at its next look at the clock.
    fn step(&self, offset: &str) {
        // As a whole, so that nobody reads half of it.
        let next = self.folder.path().join("next");
        fs::write(&next, format!("{offset}\n")).unwrap();
        fs::rename(next, self.file()).unwrap();
    }

    fn settings(&self) -> [(&str, String); 4] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}

/// The first two nodes are off by these hours, as the third one sees it.
async fn assert_off(rig: &Rig, traffic: &Traffic, offsets: [&str; 2]) {
    let room = traffic.users[0].room("Clock", &[]).await;
    let mut times = Vec::new();
    for node in &rig.fleet.nodes {
        let message = traffic.users[0].at(node).say(&room, "now").await;
        let time: Timestamp = message["created_at"].as_str().unwrap().parse().unwrap();
        times.push(time.as_second());
    }
    for (time, offset) in times.iter().zip(offsets) {
        let hours: i64 = offset.trim_end_matches('h').parse().unwrap();
        let off = time - times[2];
        assert!(
            (off - hours * 3_600).abs() < 600,
            "{offset}: off by {off} s"
        );
    }
}

/// An hour forward, an hour back, and an hour between the nodes: order is that of the log, and no time's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_clocks_step() {
    let clocks = [Clock::new(), Clock::new()];
    let mut rig = Rig::shared(&[]).await;
    for (i, clock) in clocks.iter().enumerate() {
        rig.set_of_node(i, &clock.settings());
        rig.fleet.nodes[i].signal("TERM");
        rig.fleet.nodes[i].ended().await;
        rig.restart(i).await;
    }
    rig.wait_until_healed().await;
    let traffic = Traffic::start(&rig).await;
    for _ in 0..rounds() {
        for offsets in [["+1h", "+0"], ["+1h", "-1h"], ["-1h", "+1h"], ["+0", "+0"]] {
            for (clock, offset) in clocks.iter().zip(offsets) {
                clock.step(offset);
            }
            assert_off(&rig, &traffic, offsets).await;
            traffic.acknowledge(SOME).await;
        }
    }
    let outcome = judge("clocks stepped", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// A node whose clock is an hour fast puts somebody out; what comes to a message after that comes, by the time of the
/// other nodes, before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_put_out_by_a_fast_clock_is_not_shown_what_came_afterwards() {
    let clock = Clock::new();
    let mut rig = Rig::shared(&[]).await;
    rig.set_of_node(0, &clock.settings());
    rig.fleet.nodes[0].signal("TERM");
    rig.fleet.nodes[0].ended().await;
    rig.restart(0).await;
    rig.wait_until_healed().await;
    clock.step("+1h");
    let [fast, right, other] = &rig.fleet.nodes[..] else {
        panic!("three nodes");
    };
    let (ann, bob) = (right.user("Ann").await, right.user("Bob").await);
    let room = ann.room("Clock", &[&bob]).await;
    let message = ann.say(&room, "before").await;
    let member = format!("/v1/rooms/{room}/members/{}", bob.id());
    assert_eq!(ann.at(fast).delete(&member).await.status, 204);
    let id = message["id"].as_str().unwrap();
    let path = format!("/v1/rooms/{room}/messages/{id}");
    let edited = ann.patch(&path, json!({"content": "after"})).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    ann.react(&message, EMOJI).await;
    let is_earlier = rig.fleet.query(&format!(
        "SELECT m.edited_at < e.at FROM messages m JOIN room_events e USING (room_id)
         WHERE m.id = '{id}' AND e.kind = 'member_left'"
    ));
    assert_eq!(is_earlier, "t");
    let query = format!("access_token={}&since={room}:3", bob.access_token());
    let mut back = Socket::connect(other, &query).await.unwrap();
    let told = back.hear("receive_message").await;
    let shown = (&told["data"]["content"], &told["data"]["reactions"]);
    assert_eq!(shown, (&json!(""), &json!([])));
    assert_eq!(back.hear("resumed").await["data"]["to"], 5);
}
