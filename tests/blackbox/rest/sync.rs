//! `GET` and `POST /v1/sync`.

mod cursors;
mod limits;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{at, messages_of};
use crate::{
    api::{Answer, Client},
    server::{PATIENCE, Server, Start},
};

/// What has changed since this cursor; all of it, with none.
async fn sync(client: &Client, since: &str) -> Value {
    let answer = ask(client, since).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // What is too long for a URL goes another way, to the same answer.
    let since = Some(since).filter(|since| !since.is_empty());
    let posted = client.post("/v1/sync", json!({"since": since})).await;
    assert_eq!((posted.status, &posted.body), (200, &answer.body));
    answer.body
}

async fn ask(client: &Client, since: &str) -> Answer {
    match since {
        "" => client.get("/v1/sync").await,
        since => client.get(&format!("/v1/sync?since={since}")).await,
    }
}

fn next(body: &Value) -> &str {
    body["next"].as_str().unwrap()
}

/// Where the client stands now.
async fn cursor(client: &Client) -> String {
    next(&sync(client, "").await).to_owned()
}

/// The room with this id, among `rooms` or `removed`.
#[track_caller]
fn room_in<'a>(rooms: &'a Value, id: &str) -> &'a Value {
    let is_it = |room: &&Value| room["room_id"] == id || room["room"]["id"] == id;
    let found = rooms.as_array().unwrap().iter().find(is_it);
    found.unwrap_or_else(|| panic!("{id} is not in {rooms:#}"))
}

/// The events of a room, as `<seq> <event>`.
fn told(room: &Value) -> Vec<String> {
    let events = room["events"].as_array().unwrap().iter();
    events
        .map(|e| format!("{} {}", e["seq"], e["event"].as_str().unwrap()))
        .collect()
}

fn names(rooms: &Value) -> Vec<&str> {
    let rooms = rooms.as_array().unwrap().iter();
    rooms.map(|r| r["room"]["name"].as_str().unwrap()).collect()
}

async fn put_out(by: &Client, room: &str, who: &Client) {
    let member = format!("/v1/rooms/{room}/members/{}", who.id());
    assert_eq!(by.delete(&member).await.status, 204);
}

async fn let_in(by: &Client, room: &str, who: &Client) {
    let members = format!("/v1/rooms/{room}/members");
    let added = by.post(&members, json!({"user_id": who.id()})).await;
    assert_eq!(added.status, 201, "{added:?}");
}

#[tokio::test]
async fn a_client_that_knows_nothing_is_told_its_rooms_and_then_only_what_changes() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let nobody = sync(&bob, "").await;
    assert_eq!(
        (&nobody["rooms"], &nobody["removed"]),
        (&json!([]), &json!([]))
    );
    let (one, other) = (
        ann.room("One", &[&bob]).await,
        ann.room("Other", &[&bob]).await,
    );
    ann.say(&one, "hello").await;
    let all = sync(&bob, "").await;
    assert_eq!(names(&all["rooms"]), ["Other", "One"]);
    let told_one = room_in(&all["rooms"], &one);
    let room = bob.get(&format!("/v1/rooms/{one}")).await.body;
    assert_eq!(
        *told_one,
        json!({"room": room, "last_seq": 4, "last_read_seq": 3, "unread": 1, "recovered": false, "events": []})
    );
    assert_eq!(
        (&all["removed"], &all["has_more"]),
        (&json!([]), &json!(false))
    );
    // The client of before knew of no room: both are new.
    assert_eq!(sync(&bob, next(&nobody)).await, all);
    let quiet = sync(&bob, next(&all)).await;
    assert_eq!(
        quiet,
        json!({"rooms": [], "removed": [], "next": next(&all), "has_more": false})
    );
    ann.say(&other, "news").await;
    let news = sync(&bob, next(&all)).await;
    assert_eq!(names(&news["rooms"]), ["Other"]);
    assert_eq!(sync(&bob, next(&news)).await["rooms"], json!([]));
}

#[tokio::test]
async fn all_that_was_missed_is_told_in_order_as_the_log_tells_it() {
    let server = Server::start().await;
    let (ann, bob, cat) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Cat").await,
    );
    let room = ann.room("General", &[&bob]).await;
    let first = ann.say(&room, "first").await;
    let before = cursor(&bob).await;
    let second = bob.say(&room, "second").await;
    let changed = json!({"content": "changed"});
    assert_eq!(ann.patch(&at(&first), changed).await.status, 200);
    assert_eq!(bob.delete(&at(&second)).await.status, 204);
    let_in(&ann, &room, &cat).await;
    put_out(&ann, &room, &cat).await;
    ann.say(&room, "last").await;
    let answer = sync(&bob, &before).await;
    let room_told = room_in(&answer["rooms"], &room);
    assert_eq!(
        told(room_told),
        [
            "5 receive_message",
            "6 message.updated",
            "7 message.deleted",
            "8 member.joined",
            "9 member.left",
            "10 receive_message"
        ]
    );
    assert_eq!(room_told["recovered"], true);
    assert_eq!(
        (&room_told["last_seq"], &room_told["room"]["last_seq"]),
        (&json!(10), &json!(10))
    );
    let log = bob.get(&format!("/v1/rooms/{room}/events?after=4")).await;
    assert_eq!(room_told["events"], log.body["events"]);
    // What was deleted is not told any more.
    assert_eq!(room_told["events"][0]["data"]["content"], "");
    assert_eq!(room_told["events"][1]["data"]["content"], "changed");
}

#[tokio::test]
async fn a_room_that_was_left_is_told_to_its_end_and_one_that_was_joined_is_new() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut rooms = Vec::new();
    for name in ["Left", "Removed", "Deleted", "Back", "Quiet"] {
        rooms.push(ann.room(name, &[&bob]).await);
    }
    let [left, removed, deleted, back, _] = &rooms[..] else {
        panic!("five rooms");
    };
    let before = cursor(&bob).await;
    for room in [left, removed, deleted] {
        ann.say(room, "while you were in").await;
    }
    put_out(&bob, left, &bob).await;
    put_out(&ann, removed, &bob).await;
    assert_eq!(
        ann.delete(&format!("/v1/rooms/{deleted}")).await.status,
        204
    );
    for room in [left, removed] {
        ann.say(room, "now that you are out").await;
    }
    put_out(&ann, back, &bob).await;
    let_in(&ann, back, &bob).await;
    let joined = ann.room("Joined", &[&bob]).await;
    let answer = sync(&bob, &before).await;
    for (room, reason, end) in [
        (left, "left", "member.left"),
        (removed, "removed", "member.left"),
        (deleted, "room_deleted", "room.deleted"),
    ] {
        let gone = room_in(&answer["removed"], room);
        let events = ["4 receive_message".to_owned(), format!("5 {end}")];
        assert_eq!(told(gone), events, "{reason}");
        assert_eq!(gone["events"][0]["data"]["content"], "while you were in");
        let rest = (&gone["reason"], &gone["last_seq"], &gone["recovered"]);
        assert_eq!(rest, (&json!(reason), &json!(5), &json!(true)));
    }
    assert_eq!(answer["removed"].as_array().unwrap().len(), 3);
    let room_told = room_in(&answer["rooms"], back);
    assert_eq!(told(room_told), ["4 member.left", "5 member.joined"]);
    let new = room_in(&answer["rooms"], &joined);
    assert_eq!(
        (&new["recovered"], &new["events"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(answer["rooms"].as_array().unwrap().len(), 2, "{answer:#}");
    // An end is told once.
    let quiet = sync(&bob, next(&answer)).await;
    assert_eq!(
        (&quiet["rooms"], &quiet["removed"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn a_message_that_was_sent_during_a_sync_is_in_it_or_in_the_next_one() {
    let server = Start::default()
        .with("RATE_REST_USER", "off")
        .with("RATE_MESSAGES_USER", "off")
        .start()
        .await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let (one, other) = (
        ann.room("One", &[&bob]).await,
        ann.room("Other", &[&bob]).await,
    );
    let mut since = cursor(&bob).await;
    let sending = async {
        for i in 0..40 {
            let body = json!({"content": format!("{i}")});
            let sent = ann
                .post(&messages_of(if i % 2 == 0 { &one } else { &other }), body)
                .await;
            assert_eq!(sent.status, 201, "{sent:?}");
        }
    };
    let mut heard = [Vec::new(), Vec::new()];
    let reading = async {
        while heard.iter().map(Vec::len).sum::<usize>() < 40 {
            let answer = ask(&bob, &since).await.body;
            for (room, heard) in [&one, &other].into_iter().zip(&mut heard) {
                let is_it = |told: &&Value| told["room"]["id"] == **room;
                let told = answer["rooms"].as_array().unwrap().iter().find(is_it);
                for event in told
                    .into_iter()
                    .flat_map(|told| told["events"].as_array().unwrap())
                {
                    heard.push(event["seq"].as_u64().unwrap());
                }
            }
            since = next(&answer).to_owned();
        }
    };
    let both = async { tokio::join!(sending, reading) };
    let done = timeout(PATIENCE, both).await;
    assert!(done.is_ok(), "something is never told: {heard:?}");
    for heard in heard {
        assert_eq!(heard, (4..24).collect::<Vec<_>>());
    }
}
