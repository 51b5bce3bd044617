use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{NOBODY, assert_refused, at, messages_of};
use crate::{
    api::{Answer, Client},
    server::{Server, Start},
    socket::Socket,
};

/// Where a room's log is.
fn events_of(room: &str) -> String {
    format!("/v1/rooms/{room}/events")
}

fn members_of(room: &str) -> String {
    format!("/v1/rooms/{room}/members")
}

/// The numbers and the names of the events of an answer, in their order.
#[track_caller]
fn told(answer: &Answer) -> Vec<(u64, &str)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let events = answer.body["events"].as_array().unwrap();
    events
        .iter()
        .map(|e| (e["seq"].as_u64().unwrap(), e["event"].as_str().unwrap()))
        .collect()
}

/// The next durable frame of a socket, to the byte.
async fn durable(socket: &mut Socket) -> String {
    loop {
        match socket.next_message().await {
            Some(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["seq"].is_u64() {
                    return text.to_string();
                }
            }
            Some(_) => {}
            None => panic!("the socket has ended"),
        }
    }
}

/// A body, to the byte.
async fn body_of(client: &Client, path: &str) -> String {
    let answer = client.request(Method::GET, path).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn an_event_is_the_very_object_that_a_socket_got() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[]).await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let mut seq = 2;
    let mut is_the_same = async |what: &str| {
        seq += 1;
        let frame = durable(&mut socket).await;
        let path = format!("{}?after={}&limit=1", events_of(&room), seq - 1);
        let expected = format!(r#"{{"events":[{frame}],"has_more":false,"last_seq":{seq}}}"#);
        assert_eq!(body_of(&ann, &path).await, expected, "{what}");
    };
    let joined = json!({"user_id": bob.id()});
    assert_eq!(ann.post(&members_of(&room), joined).await.status, 201);
    is_the_same("a member who came").await;
    let file = json!({"url": "https://x.org/\u{2028}é", "mime_type": "image/png", "size_bytes": 7});
    let body = json!({"content": "\"soup\"\n\u{1f372} </b>", "attachments": [file], "client_msg_id": "c-1"});
    let sent = bob.post(&messages_of(&room), body).await;
    is_the_same("a message").await;
    let changed = json!({"content": "salad"});
    assert_eq!(bob.patch(&at(&sent.body), changed).await.status, 200);
    is_the_same("an edit").await;
    ann.react(&sent.body, "\u{2764}\u{fe0f}").await;
    is_the_same("a reaction").await;
    ann.unreact(&sent.body, "\u{2764}\u{fe0f}").await;
    is_the_same("a reaction that was taken back").await;
    assert_eq!(ann.delete(&at(&sent.body)).await.status, 204);
    is_the_same("a deletion").await;
    let bobs = format!("{}/{}", members_of(&room), bob.id());
    assert_eq!(bob.delete(&bobs).await.status, 204);
    is_the_same("a member who left").await;
}

#[tokio::test]
async fn a_walk_through_the_log_passes_every_event_once_and_in_order() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[]).await;
    let first = ann.say(&room, "first").await;
    let changed = json!({"content": "changed"});
    assert_eq!(ann.patch(&at(&first), changed).await.status, 200);
    let second = ann.say(&room, "second").await;
    assert_eq!(ann.delete(&at(&second)).await.status, 204);
    // Bob comes late, and reads it all.
    let joined = json!({"user_id": bob.id()});
    assert_eq!(ann.post(&members_of(&room), joined).await.status, 201);
    let all = [
        (1, "room.created"),
        (2, "member.joined"),
        (3, "receive_message"),
        (4, "message.updated"),
        (5, "receive_message"),
        (6, "message.deleted"),
        (7, "member.joined"),
    ];
    for limit in [1, 3, 7, 200] {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let path = format!("{}?after={after}&limit={limit}", events_of(&room));
            let page = bob.get(&path).await;
            assert_eq!(page.body["last_seq"], 7, "{page:?}");
            let events = told(&page);
            assert!(events.len() <= limit, "{page:?}");
            seen.extend(events.iter().map(|(seq, name)| (*seq, (*name).to_owned())));
            after = seen.last().unwrap().0;
            if page.body["has_more"] == false {
                break;
            }
        }
        let seen: Vec<_> = seen.iter().map(|(seq, name)| (*seq, &**name)).collect();
        assert_eq!(seen, all, "{limit} at a time");
    }
    let whole = bob.get(&events_of(&room)).await;
    assert_eq!(told(&whole), all);
    // It tells the present text, and nothing of what was deleted.
    assert_eq!(whole.body["events"][2]["data"]["content"], "changed");
    assert_eq!(whole.body["events"][4]["data"]["content"], "");
    assert_eq!(whole.body["events"][5]["data"]["id"], second["id"]);
}

#[tokio::test]
async fn fifty_events_are_a_page_and_two_hundred_at_most() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for i in 0..49 {
        ann.say(&room, &format!("{i}")).await;
    }
    let page = ann.get(&events_of(&room)).await;
    assert_eq!(told(&page).len(), 50);
    assert_eq!(page.body["has_more"], true);
    let rest = ann.get(&format!("{}?after=50", events_of(&room))).await;
    assert_eq!(told(&rest), [(51, "receive_message")]);
    for after in [51, 52, u64::MAX, i64::MAX as u64, i64::MAX as u64 + 1] {
        let none = ann
            .get(&format!("{}?after={after}", events_of(&room)))
            .await;
        assert_eq!(told(&none), [], "after {after}");
        assert_eq!(
            (&none.body["has_more"], &none.body["last_seq"]),
            (&json!(false), &json!(51))
        );
    }
    for limit in ["0", "201", "4294967295"] {
        let refused = ann
            .get(&format!("{}?limit={limit}", events_of(&room)))
            .await;
        assert_refused(&refused, "limit", "out_of_range");
    }
    for query in [
        "limit=x",
        "limit=-1",
        "after=x",
        "after=-1",
        "after=",
        "after=1.5",
        "after=18446744073709551616",
    ] {
        let refused = ann.get(&format!("{}?{query}", events_of(&room))).await;
        refused.assert_problem(400, "invalid_query");
    }
}

#[tokio::test]
async fn a_page_ends_before_it_grows_too_long() {
    let server = Start::default()
        .with("SYNC_MAX_BYTES", "11000")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let file = json!({"url": format!("https://x.org/{}", "y".repeat(2_000)), "mime_type": "image/png", "size_bytes": 7});
    let huge = json!({"content": "x", "attachments": vec![file; 10]});
    for body in vec![json!({"content": "x".repeat(4_000)}); 3]
        .into_iter()
        .chain([huge])
    {
        let sent = ann.post(&messages_of(&room), body).await;
        assert_eq!(sent.status, 201, "{sent:?}");
    }
    // One that is too long for any page is a page by itself.
    let pages = [
        (0, vec![1, 2, 3, 4], true),
        (4, vec![5], true),
        (5, vec![6], false),
    ];
    for (after, shown, has_more) in pages {
        let path = format!("{}?after={after}&limit=200", events_of(&room));
        let page = ann.get(&path).await;
        let seqs: Vec<_> = told(&page).into_iter().map(|(seq, _)| seq).collect();
        assert_eq!(seqs, shown);
        assert_eq!(
            (&page.body["has_more"], &page.body["last_seq"]),
            (&json!(has_more), &json!(6))
        );
    }
}

#[tokio::test]
async fn a_log_is_for_the_members_alone() {
    let server = Server::start().await;
    let (ann, bob, eve) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Eve").await,
    );
    let secret = ann.room("Secret", &[&bob]).await;
    let open = json!({"name": "Square", "visibility": "public"});
    let open = ann.post("/v1/rooms", open).await.body["id"].clone();
    assert_eq!(told(&bob.get(&events_of(&secret)).await).len(), 3);
    for room in [&*secret, NOBODY, open.as_str().unwrap()] {
        let refused = eve.get(&events_of(room)).await;
        refused.assert_problem(404, "room_not_found");
    }
    eve.get(&events_of("x"))
        .await
        .assert_problem(400, "invalid_id");
    let stranger = server.client().get(&events_of(&secret)).await;
    stranger.assert_problem(401, "token_missing");
    let bobs = format!("{}/{}", members_of(&secret), bob.id());
    assert_eq!(ann.delete(&bobs).await.status, 204);
    let out = bob.get(&events_of(&secret)).await;
    out.assert_problem(404, "room_not_found");
    assert_eq!(ann.delete(&format!("/v1/rooms/{secret}")).await.status, 204);
    let gone = ann.get(&events_of(&secret)).await;
    gone.assert_problem(404, "room_not_found");
}
