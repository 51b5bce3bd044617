use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, assert_ids_and_times, assert_refused, at, messages_of};
use crate::{
    api::{Answer, Client, reaction, reactions},
    server::{Server, Start},
};

/// A family of four, with the joiners between them.
const FAMILY: &str = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}";

/// Who reacted and how, as the list of an answer says it.
#[track_caller]
fn listed(answer: &Answer) -> Vec<(&str, &str)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let reactions = answer.body["reactions"].as_array().unwrap().iter();
    reactions
        .map(|it| {
            let text = |name: &str| it[name].as_str().unwrap();
            (text("username"), text("emoji"))
        })
        .collect()
}

/// The emojis of a message and how often each stands there, in their order.
fn counts(message: &Value) -> Vec<(&str, u64)> {
    let reactions = message["reactions"].as_array().unwrap().iter();
    reactions
        .map(|it| (it["emoji"].as_str().unwrap(), it["count"].as_u64().unwrap()))
        .collect()
}

/// The message as its room's history shows it.
async fn shown(client: &Client, message: &Value) -> Value {
    let room = message["room_id"].as_str().unwrap();
    let history = client.get(&messages_of(room)).await;
    let messages = history.body["messages"].as_array().unwrap();
    let found = messages.iter().find(|it| it["id"] == message["id"]);
    found.expect("the message is shown").clone()
}

async fn last_seq(client: &Client, room: &str) -> Value {
    let room = client.get(&format!("/v1/rooms/{room}")).await;
    room.body["last_seq"].clone()
}

#[tokio::test]
async fn a_reaction_stands_once_however_often_it_is_added_and_is_gone_once_it_is_taken_back() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let message = ann.say(&room, "soup").await;
    bob.react(&message, "👍").await;
    bob.react(&message, "👍").await;
    ann.react(&message, "👍").await;
    bob.react(&message, "🎉").await;
    assert_eq!(last_seq(&ann, &room).await, 7);
    let list = ann.get(&reactions(&message)).await;
    let all = [("Bob", "👍"), ("Ann", "👍"), ("Bob", "🎉")];
    assert_eq!(listed(&list), all);
    let first = &list.body["reactions"][0];
    assert_ids_and_times(first, &["user_id"], &["created_at"]);
    assert_eq!(
        (
            &first["user_id"],
            &first["seq"],
            first.as_object().unwrap().len()
        ),
        (&json!(bob.id()), &json!(5), 5)
    );
    assert_eq!(list.body["has_more"], false);

    bob.unreact(&message, "👍").await;
    bob.unreact(&message, "👍").await;
    // What was never there is as good as taken back.
    ann.unreact(&message, "🎉").await;
    ann.unreact(&message, "🤷").await;
    assert_eq!(last_seq(&ann, &room).await, 8);
    assert_eq!(
        shown(&bob, &message).await["reactions"],
        json!([
            {"emoji": "👍", "count": 1, "user_ids": [ann.id()], "last_seq": 8},
            {"emoji": "🎉", "count": 1, "user_ids": [bob.id()], "last_seq": 7},
        ])
    );
    // Who comes back comes last, and so does an emoji that nobody had kept.
    bob.react(&message, "👍").await;
    ann.unreact(&message, "👍").await;
    bob.unreact(&message, "👍").await;
    assert_eq!(counts(&shown(&ann, &message).await), [("🎉", 1)]);
    ann.react(&message, "👍").await;
    bob.react(&message, "👍").await;
    assert_eq!(counts(&shown(&ann, &message).await), [("🎉", 1), ("👍", 2)]);
    let list = bob.get(&reactions(&message)).await;
    let all = [("Bob", "🎉"), ("Ann", "👍"), ("Bob", "👍")];
    assert_eq!(listed(&list), all);
}

#[tokio::test]
async fn a_message_shows_the_reactions_to_it_wherever_it_is_shown() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let body = json!({"content": "soup", "client_msg_id": "c-1"});
    let message = ann.post(&messages_of(&room), body.clone()).await.body;
    assert_eq!(
        (&message["reactions"], &message["edited_seq"]),
        (&json!([]), &Value::Null)
    );
    bob.react(&message, "👍").await;
    let stands = json!([{"emoji": "👍", "count": 1, "user_ids": [bob.id()], "last_seq": 5}]);
    let mut looks = Vec::new();
    for path in [
        messages_of(&room),
        format!(
            "{}?around_message_id={}",
            messages_of(&room),
            message["id"].as_str().unwrap()
        ),
        "/v1/messages/search?q=soup".to_owned(),
    ] {
        looks.push(ann.get(&path).await.body["messages"][0].clone());
    }
    let log = ann.get(&format!("/v1/rooms/{room}/events?after=3")).await;
    looks.push(log.body["events"][0]["data"].clone());
    // The same that is sent again, and an edit, answer the message as it is now.
    looks.push(ann.post(&messages_of(&room), body).await.body);
    for look in &looks {
        assert_eq!(look["id"], message["id"], "{look}");
        assert_eq!(
            (&look["reactions"], &look["edited_seq"]),
            (&stands, &Value::Null)
        );
    }
    let edited = ann.patch(&at(&message), json!({"content": "salad"})).await;
    assert_eq!(
        (&edited.body["reactions"], &edited.body["edited_seq"]),
        (&stands, &json!(6))
    );
    // A reaction is no edit.
    ann.react(&message, "👍").await;
    let look = shown(&bob, &message).await;
    assert_eq!(
        (counts(&look), &look["edited_seq"]),
        (vec![("👍", 2)], &json!(6))
    );
    assert_eq!(look["edited_at"], edited.body["edited_at"]);
}

#[tokio::test]
async fn any_word_that_is_an_emoji_comes_back_as_it_was_put() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "soup").await;
    let longest = "😀".repeat(32);
    let all = [
        "👍",
        FAMILY,
        "❤",
        "❤\u{FE0F}",
        "+1",
        "%2B1",
        "a/b",
        "?x=1#y",
        "\"\\'",
        "Ａ",
        &longest,
    ];
    for emoji in all {
        ann.react(&message, emoji).await;
    }
    let list = ann.get(&reactions(&message)).await;
    let words: Vec<_> = listed(&list).into_iter().map(|(_, emoji)| emoji).collect();
    assert_eq!(words, all);
    let look = shown(&ann, &message).await;
    let words: Vec<_> = counts(&look).into_iter().map(|(emoji, _)| emoji).collect();
    assert_eq!(words, all);
    for emoji in all {
        ann.unreact(&message, emoji).await;
    }
    assert_eq!(shown(&ann, &message).await["reactions"], json!([]));
}

#[tokio::test]
async fn what_is_no_emoji_is_refused() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "soup").await;
    for (raw, code) in [
        ("%20".to_owned(), "white_space"),
        ("%20%F0%9F%91%8D".to_owned(), "white_space"),
        ("thumbs%20up".to_owned(), "white_space"),
        ("a%C2%A0b".to_owned(), "white_space"),
        ("a%09b".to_owned(), "white_space"),
        ("a%07b".to_owned(), "control_character"),
        ("%FF".to_owned(), "not_text"),
        ("%ED%A0%80".to_owned(), "not_text"),
        ("a%00".to_owned(), "nul"),
        ("%F0%9F%98%80".repeat(33), "too_long"),
        ("a".repeat(4_000), "too_long"),
    ] {
        let path = format!("{}/{raw}", reactions(&message));
        for answer in [ann.put(&path).await, ann.delete(&path).await] {
            assert_refused(&answer, "emoji", code);
        }
    }
    let nothing = format!("{}/", reactions(&message));
    ann.put(&nothing).await.assert_problem(404, "not_found");
    assert_eq!(last_seq(&ann, &room).await, 3);
    // A body is of no matter.
    let put = ann.request(Method::PUT, &reaction(&message, "👍"));
    let put = ann.send(put.json(&json!({"emoji": 7}))).await;
    assert_eq!(put.status, 204, "{put:?}");
}

#[tokio::test]
async fn a_message_carries_so_many_different_emojis_and_no_more() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let message = ann.say(&room, "soup").await;
    for i in 0..20 {
        let by = if i % 2 == 0 { &ann } else { &bob };
        by.react(&message, &format!("e{i}")).await;
    }
    let one_more = reaction(&message, "👍");
    for client in [&ann, &bob] {
        let refused = client.put(&one_more).await;
        refused.assert_problem(409, "too_many_emojis");
    }
    assert_eq!(last_seq(&ann, &room).await, 24);
    // One that stands there already takes no place, whoever repeats it.
    ann.react(&message, "e0").await;
    bob.react(&message, "e0").await;
    ann.unreact(&message, "e0").await;
    ann.put(&one_more)
        .await
        .assert_problem(409, "too_many_emojis");
    bob.unreact(&message, "e0").await;
    ann.react(&message, "👍").await;
    let again = bob.put(&reaction(&message, "e0")).await;
    again.assert_problem(409, "too_many_emojis");
    let look = shown(&ann, &message).await;
    assert_eq!((counts(&look).len(), counts(&look)[19]), (20, ("👍", 1)));
    // Another message has places of its own.
    let other = ann.say(&room, "salad").await;
    ann.react(&other, "e0").await;
}

#[tokio::test]
async fn of_many_who_reacted_the_first_ten_are_named_and_all_are_listed_by_pages() {
    let server = Start::default()
        .with("RATE_REGISTER_IP", "off")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "soup").await;
    let mut crowd = Vec::new();
    for i in 0..12 {
        let member = server.user(&format!("User{i}")).await;
        let added = json!({"user_id": member.id()});
        let added = ann.post(&format!("/v1/rooms/{room}/members"), added).await;
        assert_eq!(added.status, 201, "{added:?}");
        member.react(&message, "👍").await;
        crowd.push(member);
    }
    let ids: Vec<_> = crowd.iter().map(Client::id).collect();
    let stands = &shown(&ann, &message).await["reactions"][0];
    assert_eq!(
        (&stands["count"], &stands["user_ids"]),
        (&json!(12), &json!(ids[..10]))
    );
    crowd[0].unreact(&message, "👍").await;
    let stands = &shown(&ann, &message).await["reactions"][0];
    assert_eq!(
        (&stands["count"], &stands["user_ids"]),
        (&json!(11), &json!(ids[1..11]))
    );

    for limit in [1, 4, 11, 200] {
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let path = format!("{}?after={after}&limit={limit}", reactions(&message));
            let page = ann.get(&path).await;
            let part = page.body["reactions"].as_array().unwrap();
            assert!((1..=limit).contains(&part.len()), "{page:?}");
            seen.extend(
                part.iter()
                    .map(|it| it["user_id"].as_str().unwrap().to_owned()),
            );
            after = part.last().unwrap()["seq"].as_u64().unwrap();
            if page.body["has_more"] == false {
                break;
            }
        }
        assert_eq!(seen, ids[1..], "{limit} at a time");
    }
    for after in [
        last_seq(&ann, &room).await.as_u64().unwrap(),
        i64::MAX as u64,
        u64::MAX,
    ] {
        let none = ann
            .get(&format!("{}?after={after}", reactions(&message)))
            .await;
        assert_eq!(none.body, json!({"reactions": [], "has_more": false}));
    }
    for limit in ["0", "201", "4294967295"] {
        let refused = ann
            .get(&format!("{}?limit={limit}", reactions(&message)))
            .await;
        assert_refused(&refused, "limit", "out_of_range");
    }
    for query in ["limit=x", "limit=-1", "after=x", "after=-1", "after="] {
        let refused = ann.get(&format!("{}?{query}", reactions(&message))).await;
        refused.assert_problem(400, "invalid_query");
    }
}

#[tokio::test]
async fn a_message_that_is_deleted_takes_its_reactions_away() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let body = json!({"content": "soup", "client_msg_id": "c-1"});
    let message = ann.post(&messages_of(&room), body.clone()).await.body;
    let kept = ann.say(&room, "salad").await;
    for message in [&message, &kept] {
        bob.react(message, "👍").await;
    }
    assert_eq!(ann.delete(&at(&message)).await.status, 204);
    for answer in [
        ann.get(&reactions(&message)).await,
        bob.put(&reaction(&message, "👍")).await,
        bob.put(&reaction(&message, "🎉")).await,
        bob.delete(&reaction(&message, "👍")).await,
        bob.put(&reaction(&message, "👍").replace(message["id"].as_str().unwrap(), NOBODY))
            .await,
    ] {
        answer.assert_problem(404, "message_not_found");
    }
    let repeat = ann.post(&messages_of(&room), body).await;
    assert_eq!(
        (repeat.status, &repeat.body["reactions"]),
        (200, &json!([]))
    );
    let log = ann
        .get(&format!("/v1/rooms/{room}/events?after=3&limit=1"))
        .await;
    assert_eq!(log.body["events"][0]["data"]["reactions"], json!([]));
    assert_eq!(counts(&shown(&ann, &kept).await), [("👍", 1)]);
}

#[tokio::test]
async fn who_leaves_is_still_counted_and_changes_nothing_any_more() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let message = ann.say(&room, "soup").await;
    bob.react(&message, "👍").await;
    let left = bob
        .delete(&format!("/v1/rooms/{room}/members/{}", bob.id()))
        .await;
    assert_eq!(left.status, 204, "{left:?}");
    for answer in [
        bob.delete(&reaction(&message, "👍")).await,
        bob.put(&reaction(&message, "👍")).await,
        bob.get(&reactions(&message)).await,
    ] {
        answer.assert_problem(404, "room_not_found");
    }
    assert_eq!(
        listed(&ann.get(&reactions(&message)).await),
        [("Bob", "👍")]
    );
    ann.react(&message, "👍").await;
    let stands = &shown(&ann, &message).await["reactions"][0];
    assert_eq!(stands["user_ids"], json!([bob.id(), ann.id()]));
}
