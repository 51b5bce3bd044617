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
async fn of_more_than_is_told_nothing_is_and_the_client_reads_the_room_anew() {
    let server = Start::default()
        .with("RESUME_MAX_EVENTS", "3")
        .start()
        .await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let (some, many) = (
        ann.room("Some", &[&bob]).await,
        ann.room("Many", &[&bob]).await,
    );
    let out = ann.room("Out", &[&bob]).await;
    let before = cursor(&bob).await;
    for i in 0..3 {
        ann.say(&some, &format!("{i}")).await;
        ann.say(&many, &format!("{i}")).await;
        ann.say(&out, &format!("{i}")).await;
    }
    ann.say(&many, "one too many").await;
    put_out(&ann, &out, &bob).await;
    let answer = sync(&bob, &before).await;
    assert_eq!(told(room_in(&answer["rooms"], &some)).len(), 3);
    let many = room_in(&answer["rooms"], &many);
    assert_eq!(
        (
            &many["recovered"],
            &many["events"],
            &many["last_seq"],
            &many["unread"]
        ),
        (&json!(false), &json!([]), &json!(7), &json!(4))
    );
    assert_eq!(
        *room_in(&answer["removed"], &out),
        json!({"room_id": out, "reason": "removed", "last_seq": 7, "recovered": false, "events": []})
    );
    let quiet = sync(&bob, next(&answer)).await;
    assert_eq!(
        (&quiet["rooms"], &quiet["removed"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn a_long_answer_comes_in_parts_that_split_no_room() {
    let server = Start::default().with("SYNC_MAX_EVENTS", "3").start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut rooms = Vec::new();
    for (name, missed) in [("One", 1), ("Two", 2), ("Five", 5), ("Quiet", 0)] {
        rooms.push((ann.room(name, &[&bob]).await, missed));
    }
    let out = ann.room("Out", &[&bob]).await;
    let mut since = cursor(&bob).await;
    for (room, missed) in &rooms {
        for i in 0..*missed {
            ann.say(room, &format!("{i}")).await;
        }
    }
    put_out(&ann, &out, &bob).await;
    let (mut told_rooms, mut parts) = (Vec::new(), Vec::new());
    let last = loop {
        let part = sync(&bob, &since).await;
        let rooms = ["rooms", "removed"].map(|kind| part[kind].as_array().unwrap().clone());
        parts.push(
            rooms
                .iter()
                .flatten()
                .map(|room| told(room).len())
                .sum::<usize>(),
        );
        told_rooms.extend(rooms.into_iter().flatten());
        since = next(&part).to_owned();
        if part["has_more"] == false {
            break part;
        }
    };
    assert_eq!(parts, [5, 3, 1]);
    let told_rooms = Value::from(told_rooms);
    assert_eq!(
        told_rooms.as_array().unwrap().len(),
        4,
        "each once: {told_rooms:#}"
    );
    for (room, missed) in rooms.iter().filter(|(_, missed)| *missed > 0) {
        let room = room_in(&told_rooms, room);
        let expected: Vec<_> = (4..4 + missed)
            .map(|seq| format!("{seq} receive_message"))
            .collect();
        assert_eq!(told(room), expected);
    }
    assert_eq!(told(room_in(&told_rooms, &out)), ["4 member.left"]);
    let quiet = sync(&bob, next(&last)).await;
    assert_eq!(
        (&quiet["rooms"], &quiet["removed"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn an_answer_bears_so_many_bytes_and_a_room_of_more_is_read_anew() {
    let server = Start::default()
        .with("SYNC_MAX_BYTES", "11000")
        .start()
        .await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut rooms = Vec::new();
    for name in ["Some", "Much", "Too much"] {
        rooms.push(ann.room(name, &[&bob]).await);
    }
    let [some, much, too_much] = &rooms[..] else {
        unreachable!()
    };
    let since = cursor(&bob).await;
    let long = "x".repeat(4_000);
    for (room, count) in [(some, 1), (much, 2), (too_much, 3)] {
        for _ in 0..count {
            ann.say(room, &long).await;
        }
    }
    let first = sync(&bob, &since).await;
    let told_of = |answer: &Value, room| {
        let room = room_in(&answer["rooms"], room);
        (told(room).len(), room["recovered"].as_bool().unwrap())
    };
    assert_eq!(first["has_more"], true);
    assert_eq!(names(&first["rooms"]), ["Too much", "Much"]);
    assert_eq!(told_of(&first, too_much), (0, false));
    assert_eq!(told_of(&first, much), (2, true));
    let second = sync(&bob, next(&first)).await;
    assert_eq!(names(&second["rooms"]), ["Some"]);
    assert_eq!(told_of(&second, some), (1, true));
    assert_eq!(second["has_more"], false);
    assert_eq!(sync(&bob, next(&second)).await["rooms"], json!([]));
}

#[tokio::test]
async fn a_node_works_on_so_many_syncs_at_once_and_refuses_others_for_a_moment() {
    let server = Start::default()
        .with("SYNC_AT_ONCE", "1")
        .with("SYNC_QUEUE", "0")
        .with("RATE_REST_USER", "off")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let refused = async {
        loop {
            let calls = (0..16).map(|_| ask(&ann, ""));
            let answers = futures_util::future::join_all(calls).await;
            assert!(answers.iter().any(|answer| answer.status == 200));
            let others = answers.into_iter().filter(|answer| answer.status != 200);
            if let Some(refused) = others.last() {
                break refused;
            }
        }
    };
    let refused = timeout(PATIENCE, refused).await.unwrap();
    refused.assert_problem(503, "overloaded");
    assert_eq!(refused.headers["retry-after"], "1");
    // Each turn is given back.
    let all = sync(&ann, "").await;
    assert_eq!(room_in(&all["rooms"], &room)["last_seq"], 2);
}

#[tokio::test]
async fn a_cursor_gives_no_right() {
    let server = Server::start().await;
    let (ann, eve) = (server.user("Ann").await, server.user("Eve").await);
    let secret = ann.room("Secret", &[]).await;
    let eves = eve.room("Eve's", &[]).await;
    let of_ann = cursor(&ann).await;
    ann.say(&secret, "not for Eve").await;
    let answer = sync(&eve, &of_ann).await;
    assert_eq!(
        answer["removed"],
        json!([{"room_id": secret, "reason": "removed"}])
    );
    assert_eq!(names(&answer["rooms"]), ["Eve's"]);
    assert_eq!(room_in(&answer["rooms"], &eves)["events"], json!([]));
    let stranger = server.client();
    for answer in [
        ask(&stranger, &of_ann).await,
        stranger.post("/v1/sync", json!({})).await,
    ] {
        answer.assert_problem(401, "token_missing");
    }
}

#[tokio::test]
async fn what_is_no_cursor_of_this_server_is_refused() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    ann.room("General", &[]).await;
    let good = cursor(&ann).await;
    for bad in [
        "x",
        "A",
        "AA",
        "Ag",
        "AQ%3D%3D",
        "AQ+",
        "%00",
        "%F0%9F%98%80",
        &good[1..],
        &good[..good.len() - 2],
        &format!("{good}AA"),
    ] {
        let refused = ann.get(&format!("/v1/sync?since={bad}")).await;
        refused.assert_problem(400, "invalid_cursor");
    }
    ann.get("/v1/sync?since=")
        .await
        .assert_problem(400, "invalid_cursor");
    for bad in ["", "x", "AQ==", "\u{0}", "\u{1f600}"] {
        let refused = ann.post("/v1/sync", json!({"since": bad})).await;
        refused.assert_problem(400, "invalid_cursor");
    }
    for wrong in [
        json!({"since": 7}),
        json!({"since": []}),
        json!([good]),
        json!(null),
    ] {
        ann.post("/v1/sync", wrong)
            .await
            .assert_problem(400, "invalid_body");
    }
    ann.poke("/v1/sync")
        .await
        .assert_problem(415, "unsupported_media_type");
    let all = sync(&ann, "").await;
    for none in [json!({}), json!({"since": null}), json!({"other": 1})] {
        assert_eq!(ann.post("/v1/sync", none).await.body, all);
    }
}

#[tokio::test]
async fn a_cursor_that_is_too_long_for_a_url_goes_into_a_body() {
    let server = Start::default().with("RATE_REST_USER", "off").start().await;
    let ann = server.user("Ann").await;
    // Each is some twenty-four bytes of a cursor.
    for i in 0..60 {
        ann.room(&format!("Room {i}"), &[]).await;
    }
    let all = ann.post("/v1/sync", json!({})).await.body;
    assert_eq!(all["rooms"].as_array().unwrap().len(), 60);
    let long = next(&all);
    assert!((1_300..1_500).contains(&long.len()), "{}", long.len());
    let quiet = ann.post("/v1/sync", json!({"since": long})).await.body;
    assert_eq!((&quiet["rooms"], next(&quiet)), (&json!([]), long));
}

#[tokio::test]
async fn a_cursor_names_so_many_rooms_and_no_more() {
    let server = Server::start().await;
    let small = Start::default().with("SYNC_MAX_ROOMS", "2").start().await;
    let (ann, anns) = (server.user("Ann").await, small.user("Ann").await);
    for name in ["One", "Two", "Three"] {
        ann.room(name, &[]).await;
        anns.room(name, &[]).await;
    }
    let long = cursor(&ann).await;
    ask(&anns, &long)
        .await
        .assert_problem(400, "invalid_cursor");
    // A room that finds no place in it is told as a new one each time, and none is forgotten.
    let all = sync(&anns, "").await;
    assert_eq!(names(&all["rooms"]), ["Three", "Two", "One"]);
    let again = sync(&anns, next(&all)).await;
    assert_eq!(names(&again["rooms"]), ["Three"]);
    assert_eq!(
        (next(&again), &again["has_more"]),
        (next(&all), &json!(false))
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
