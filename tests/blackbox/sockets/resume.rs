use serde_json::{Value, json};

use super::{Scene, events};
use crate::{
    api::Client,
    server::{Server, Start},
    socket::Socket,
};

/// A socket that says what it has of its rooms, past its `ready`.
async fn come_back(server: &Server, client: &Client, since: &[(&str, u64)]) -> Socket {
    let mut query = format!("access_token={}", client.access_token());
    for (room, seq) in since {
        query.push_str(&format!("&since={room}:{seq}"));
    }
    let mut socket = Socket::connect(server, &query).await.unwrap();
    socket.ready = socket.expect("ready").await["data"].clone();
    socket
}

/// The durable frames of a room and what is said of its resumption, up to and with that.
async fn until_resumed(socket: &mut Socket, room: &str) -> Vec<Value> {
    let mut frames = Vec::new();
    loop {
        let is_of_room = |frame: &Value| {
            frame["data"]["room_id"] == room
                && (frame["seq"].is_u64() || frame["event"] == "resumed")
        };
        let frame = socket.take(is_of_room).await;
        let is_last = frame["event"] == "resumed";
        frames.push(frame);
        if is_last {
            return frames;
        }
    }
}

fn numbers(frames: &[Value]) -> Vec<u64> {
    let numbers = frames.iter().filter_map(|frame| frame["seq"].as_u64());
    numbers.collect()
}

async fn last_seq(client: &Client, room: &str) -> u64 {
    let shown = client.get(&format!("/v1/rooms/{room}")).await;
    shown.body["last_seq"].as_u64().unwrap()
}

#[tokio::test]
async fn who_comes_back_is_told_all_it_missed_in_order_and_then_goes_on_live() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let cat = server.user("Cat").await;
    let mut live = ann.socket(&server, &[]).await;
    let edited = ann.say(&room, "to be edited").await;
    let deleted = ann.say(&room, "to be deleted").await;
    let path = format!("/v1/rooms/{room}/messages");
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    let edit = json!({"content": "edited"});
    let edit = ann.patch(&format!("{path}/{}", id(&edited)), edit).await;
    assert_eq!(edit.status, 200);
    let gone = ann.delete(&format!("{path}/{}", id(&deleted))).await;
    assert_eq!(gone.status, 204);
    let members = format!("/v1/rooms/{room}/members");
    ann.post(&members, json!({"user_id": cat.id()})).await;
    ann.delete(&format!("{members}/{}", cat.id())).await;

    let mut back = come_back(&server, &bob, &[(&room, 3)]).await;
    let told = until_resumed(&mut back, &room).await;
    assert_eq!(
        events(&told),
        [
            "receive_message",
            "receive_message",
            "message.updated",
            "message.deleted",
            "member.joined",
            "member.left",
            "resumed"
        ]
    );
    assert_eq!(numbers(&told), [4, 5, 6, 7, 8, 9]);
    assert_eq!(
        told[6]["data"],
        json!({"room_id": room, "from": 3, "to": 9, "recovered": true})
    );
    // What was deleted since is not shown, and what was edited is as it is now.
    assert_eq!(told[0]["data"]["content"], "edited");
    assert_eq!(told[1]["data"]["content"], "");
    // From the edit on, they are the frames that others saw live, to the letter.
    let mut seen = Vec::new();
    for _ in 4..=9 {
        seen.push(live.take(|frame| frame["seq"].is_u64()).await);
    }
    assert_eq!(told[2..6], seen[2..6]);
    ann.say(&room, "live again").await;
    let heard = back.until("live again").await;
    assert_eq!(numbers(&heard), [10]);
}

#[tokio::test]
async fn who_missed_nothing_is_told_so() {
    let Scene {
        server, bob, room, ..
    } = Scene::new().await;
    let mut back = come_back(&server, &bob, &[(&room, 3)]).await;
    let resumed = back.hear("resumed").await;
    assert_eq!(
        resumed["data"],
        json!({"room_id": room, "from": 3, "to": 3, "recovered": true})
    );
}

#[tokio::test]
async fn who_missed_more_than_is_told_gets_no_part_of_it_and_goes_on_from_the_end() {
    let scene = Scene::with(Start::default().with("RESUME_MAX_EVENTS", "3")).await;
    let Scene {
        server,
        ann,
        bob,
        room,
    } = scene;
    for text in ["1", "2", "3", "4"] {
        ann.say(&room, text).await;
    }
    // Beyond the end is no place of this log either: the client has another one's.
    for (since, recovered) in [(3, false), (8, false), (4, true)] {
        let mut back = come_back(&server, &bob, &[(&room, since)]).await;
        let told = until_resumed(&mut back, &room).await;
        let resumed = &told.last().unwrap()["data"];
        assert_eq!(resumed["recovered"], recovered, "{since}");
        if recovered {
            assert_eq!(numbers(&told), [5, 6, 7]);
        } else {
            assert_eq!(numbers(&told), [0_u64; 0], "{since}");
            assert_eq!(resumed["last_seq"], 7);
        }
    }
    let mut back = come_back(&server, &bob, &[(&room, 1)]).await;
    ann.say(&room, "live").await;
    assert_eq!(numbers(&back.until("live").await), [8]);
}

#[tokio::test]
async fn of_rooms_that_ended_meanwhile_the_end_is_told_and_nothing_after_it() {
    let Scene {
        server,
        ann,
        bob,
        room: removed,
    } = Scene::new().await;
    let deleted = ann.room("Deleted", &[&bob]).await;
    let foreign = ann.room("Foreign", &[]).await;
    let back_again = ann.room("Back again", &[&bob]).await;
    for room in [&removed, &deleted, &back_again] {
        ann.say(room, "before the end").await;
    }
    let secret = ann.say(&removed, "to be edited").await;
    for room in [&removed, &back_again] {
        let member = format!("/v1/rooms/{room}/members/{}", bob.id());
        assert_eq!(ann.delete(&member).await.status, 204);
        ann.say(room, "after the end").await;
    }
    let gone = ann.delete(&format!("/v1/rooms/{deleted}")).await;
    assert_eq!(gone.status, 204);
    let secret = secret["id"].as_str().unwrap();
    let secret = format!("/v1/rooms/{removed}/messages/{secret}");
    let edit = json!({"content": "written after the end"});
    assert_eq!(ann.patch(&secret, edit).await.status, 200);
    let members = format!("/v1/rooms/{back_again}/members");
    ann.post(&members, json!({"user_id": bob.id()})).await;

    let since = [
        (removed.as_str(), 3),
        (deleted.as_str(), 3),
        (foreign.as_str(), 1),
        (back_again.as_str(), 3),
    ];
    let mut back = come_back(&server, &bob, &since).await;
    for (room, texts, last, reason) in [
        (
            &removed,
            &["before the end", ""][..],
            "member.left",
            "removed",
        ),
        (
            &deleted,
            &["before the end"],
            "room.deleted",
            "room_deleted",
        ),
    ] {
        let mut told = until_resumed(&mut back, room).await;
        let resumed = told.pop().unwrap();
        assert_eq!(resumed["data"]["to"], told.len() + 3);
        assert_eq!(told.pop().unwrap()["event"], last);
        let told: Vec<_> = told.iter().map(|it| &it["data"]["content"]).collect();
        assert_eq!(told, texts);
        let of_room = |frame: &Value| {
            frame["event"] == "room_removed" && frame["data"]["room_id"] == room.as_str()
        };
        let end = back.take(of_room).await;
        assert_eq!(end["data"]["reason"], reason);
    }
    let of_foreign = |frame: &Value| frame["data"]["room_id"] == foreign;
    let told = back.take(of_foreign).await;
    let unknown = json!({"room_id": foreign, "reason": "removed"});
    assert_eq!(
        (&told["event"], &told["data"]),
        (&json!("room_removed"), &unknown)
    );
    // Who is in again sees the whole log, the own absence too.
    let told = until_resumed(&mut back, &back_again).await;
    assert_eq!(numbers(&told), [4, 5, 6, 7]);
    for room in [&removed, &deleted, &foreign] {
        let nothing = json!({"room_id": room});
        back.command("typing", "typing_start", nothing).await;
        let answer = back.answer("typing").await;
        assert_eq!(answer["data"]["code"], "not_following", "{answer}");
    }
    ann.say(&removed, "unheard").await;
    ann.say(&foreign, "unheard").await;
    ann.say(&back_again, "heard").await;
    assert_eq!(events(&back.until("heard").await), ["receive_message"]);
}

#[tokio::test]
async fn a_place_that_cannot_be_read_opens_no_socket() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let other = ann.room("Other", &[]).await;
    let token = ann.access_token();
    for query in [
        "since=".to_owned(),
        format!("since={room}"),
        format!("since={room}:"),
        format!("since={room}:-1"),
        format!("since={room}:x"),
        format!("since={room}:18446744073709551616"),
        "since=no-room:1".to_owned(),
        format!("room_id={room}&since={other}:1"),
    ] {
        let refused = Socket::connect(&server, &format!("access_token={token}&{query}")).await;
        let refused = refused.err().unwrap_or_else(|| panic!("{query} is taken"));
        let told = (refused.status, &refused.problem["code"]);
        assert_eq!(told, (400, &json!("invalid_query")), "{query}");
    }
    // Said twice, the less counts; the greatest number there is, is beyond the end.
    let mut back = come_back(&server, &ann, &[(&room, u64::MAX), (&room, 2)]).await;
    assert_eq!(numbers(&until_resumed(&mut back, &room).await), [3]);
    let mut back = come_back(&server, &ann, &[(&room, u64::MAX)]).await;
    let told = until_resumed(&mut back, &room).await;
    assert_eq!(told[0]["data"]["recovered"], false);
}

#[tokio::test]
async fn an_open_socket_starts_again_where_its_client_stands() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let second = ann.room("Second", &[&bob]).await;
    ann.say(&room, "first").await;
    let mut back = bob.socket(&server, &[&room]).await;
    let rooms = json!({room.as_str(): 2, second.as_str(): 1});
    back.command("r", "resume", json!({"rooms": rooms})).await;
    let ack = back.expect("ack").await;
    let mut told: Vec<_> = ack["data"]["rooms"].as_array().unwrap().clone();
    told.sort_by_key(|room| room["last_seq"].as_u64());
    assert_eq!(told.len(), 2, "{ack}");
    assert_eq!(
        (&told[0]["last_seq"], &told[1]["last_seq"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(numbers(&until_resumed(&mut back, &room).await), [3, 4]);
    // It did not follow this one before, and does now.
    assert_eq!(numbers(&until_resumed(&mut back, &second).await), [2, 3]);
    ann.say(&second, "in both").await;
    back.until("in both").await;
    for bad in [
        json!({}),
        json!({"rooms": []}),
        json!({"rooms": {"x": 1}}),
        json!({"rooms": {room.as_str(): "1"}}),
        json!({"rooms": {room.as_str(): -1}}),
    ] {
        back.command("bad", "resume", bad.clone()).await;
        let answer = back.answer("bad").await;
        assert_eq!(answer["data"]["code"], "invalid_body", "{bad}");
    }
}

#[tokio::test]
async fn far_more_than_a_queue_holds_is_told_to_who_reads_it() {
    let start = Start::default()
        .with("WS_QUEUE_BYTES", "16384")
        .with("WS_ROOMS_MAX", "32")
        .with("MAX_BODY_BYTES", "16384")
        .with("RATE_MESSAGES_USER", "off")
        .with("RATE_REST_USER", "off");
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::with(start).await;
    let second = ann.room("Second", &[&bob]).await;
    let long = "x".repeat(2_000);
    for _ in 0..100 {
        ann.say(&room, &long).await;
        ann.say(&second, &long).await;
    }
    let mut back = come_back(&server, &bob, &[(&room, 3), (&second, 3)]).await;
    for room in [&room, &second] {
        let told = until_resumed(&mut back, room).await;
        assert!(
            numbers(&told)
                .into_iter()
                .eq(4..=last_seq(&ann, room).await)
        );
    }
}
