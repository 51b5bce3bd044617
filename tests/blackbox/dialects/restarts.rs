//! Guests of whom a node that has ended knew: after the next start they are in no room.

use serde_json::Value;

use super::rig::{ALICE, BOB, FlatGuest, StreamGuest, join_room};
use crate::{api::Client, server::Start};

/// Who has come into the room and left it, in the order of the log.
async fn comings(account: &Client, room: &str) -> Vec<(String, String)> {
    let log = account.get(&format!("/v1/rooms/{room}/events")).await;
    assert_eq!(log.status, 200, "{log:?}");
    let events = log.body["events"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events
        .filter(|event| {
            ["member.joined", "member.left"].contains(&event["event"].as_str().unwrap())
        })
        .map(|event| (text(&event["event"]), text(&event["data"]["user_id"])))
        .collect()
}

#[tokio::test]
async fn a_lone_node_counts_nobody_of_before_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Start::default().in_folder(folder.path()).start().await;
    let ann = server.user("Ann").await;
    let _cat = StreamGuest::join(&server, "Cat", 1).await;
    let _alice = FlatGuest::come(&server, ALICE, "global").await;
    let mut bob = FlatGuest::come(&server, BOB, "global").await;
    bob.until_joined("bob").await;
    let room = join_room(&ann, "global").await;
    server.signal("KILL");
    server.ended().await;

    let server = Start::default().in_folder(folder.path()).start().await;
    // She and Ann.
    let _dora = StreamGuest::join(&server, "Dora", 2).await;
    let ann = ann.at(&server);
    let told = comings(&ann, &room).await;
    let (before, after) = told.split_at(4);
    let mut guests: Vec<_> = before.iter().map(|(_, user)| user).collect();
    assert_eq!(guests.pop().unwrap(), ann.id());
    let mut left: Vec<_> = after[..3].iter().collect();
    assert!(
        left.iter().all(|(event, _)| event == "member.left"),
        "{told:?}"
    );
    left.sort();
    guests.sort();
    assert_eq!(Vec::from_iter(left.iter().map(|(_, user)| user)), guests);
    assert_eq!(after[3].0, "member.joined", "{told:?}");
    assert_eq!(after.len(), 4, "{told:?}");
}
