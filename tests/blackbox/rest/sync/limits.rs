//! How much one answer tells.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{ask, cursor, names, next, put_out, room_in, sync, told};
use crate::server::{PATIENCE, Start};

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
