use serde_json::json;

use super::{NOBODY, assert_message, assert_refused, at, contents, messages_of, with_query};
use crate::{
    api::{Answer, Client},
    server::Server,
};

async fn search(client: &Client, pairs: &[(&str, &str)]) -> Answer {
    client.get(&with_query("/v1/messages/search", pairs)).await
}

#[tokio::test]
async fn a_search_finds_in_ones_own_rooms_alone_newest_first() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let shared = ann.room("Shared", &[&bob]).await;
    let other = bob.room("Bob's", &[]).await;
    ann.say(&shared, "the first apple").await;
    bob.say(&other, "an apple of my own").await;
    let newest = bob.say(&shared, "another APPLE").await;
    let anns = search(&ann, &[("q", "apple")]).await;
    assert_eq!(contents(&anns), ["another APPLE", "the first apple"]);
    assert_message(
        &anns.body["messages"][0],
        &shared,
        (bob.id(), "Bob"),
        "another APPLE",
    );
    assert_eq!(anns.body["messages"][0], newest);
    assert_eq!(contents(&search(&bob, &[("q", "apple")]).await).len(), 3);
    let there = search(&bob, &[("q", "apple"), ("room_id", &other)]).await;
    assert_eq!(contents(&there), ["an apple of my own"]);
    let hidden = search(&ann, &[("q", "apple"), ("room_id", &other)]).await;
    hidden.assert_problem(404, "room_not_found");
    let unknown = search(&ann, &[("q", "apple"), ("room_id", NOBODY)]).await;
    unknown.assert_problem(404, "room_not_found");
    let malformed = search(&ann, &[("q", "apple"), ("room_id", "x")]).await;
    assert_refused(&malformed, "room_id", "not_an_id");
}

#[tokio::test]
async fn every_character_of_a_search_stands_for_itself() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for text in [
        "100% of it",
        "snake_case",
        "she said \"hello\"",
        "it's here",
        "2 * 3 * 4",
        "a AND b OR NOT c NEAR d",
        "x-y (z) ^w {v} [u]:t",
        "back\\slash",
        "😀 smile",
        "日本語のテキスト",
        "naïve café",
    ] {
        ann.say(&room, text).await;
    }
    for (q, expected) in [
        ("%", vec!["100% of it"]),
        ("00%", vec!["100% of it"]),
        ("_", vec!["snake_case"]),
        ("snake_case", vec!["snake_case"]),
        ("snake-case", vec![]),
        ("\"", vec!["she said \"hello\""]),
        ("\"hello\"", vec!["she said \"hello\""]),
        ("\"hell", vec!["she said \"hello\""]),
        ("'", vec!["it's here"]),
        ("it's", vec!["it's here"]),
        ("*", vec!["2 * 3 * 4"]),
        ("snak*", vec![]),
        ("AND", vec!["a AND b OR NOT c NEAR d"]),
        ("NOT NEAR", vec!["a AND b OR NOT c NEAR d"]),
        ("NEAR(", vec![]),
        ("(z)", vec!["x-y (z) ^w {v} [u]:t"]),
        ("[u]:t", vec!["x-y (z) ^w {v} [u]:t"]),
        ("content:snake", vec![]),
        ("\\", vec!["back\\slash"]),
        ("😀", vec!["😀 smile"]),
        ("本語の", vec!["日本語のテキスト"]),
        ("語", vec!["日本語のテキスト"]),
        ("café", vec!["naïve café"]),
        ("CAFÉ", vec!["naïve café"]),
        ("here it's", vec!["it's here"]),
        ("SNAKE_CASE", vec!["snake_case"]),
        ("nak", vec!["snake_case"]),
        ("; DROP TABLE messages; --", vec![]),
    ] {
        let found = search(&ann, &[("q", q)]).await;
        assert_eq!(contents(&found), expected, "{q}");
    }
}

#[tokio::test]
async fn a_search_needs_words_and_takes_a_limit() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for i in 0..22 {
        ann.say(&room, &format!("word {i}")).await;
    }
    let missing = ann.get("/v1/messages/search").await;
    assert_refused(&missing, "q", "missing");
    for (q, code) in [
        ("", "empty"),
        ("   ", "empty"),
        ("a\0b", "nul"),
        ("a\nb", "control_character"),
        (&*"x".repeat(201), "too_long"),
    ] {
        assert_refused(&search(&ann, &[("q", q)]).await, "q", code);
    }
    let longest = search(&ann, &[("q", &"😀".repeat(200))]).await;
    assert!(contents(&longest).is_empty());
    let many = search(&ann, &[("q", &"a ".repeat(100))]).await;
    assert!(contents(&many).is_empty());
    assert_eq!(contents(&search(&ann, &[("q", "word")]).await).len(), 20);
    for (limit, count) in [("1", 1), ("22", 22), ("100", 22)] {
        let found = search(&ann, &[("q", "word"), ("limit", limit)]).await;
        assert_eq!(contents(&found).len(), count);
    }
    for bad in ["0", "101"] {
        let refused = search(&ann, &[("q", "word"), ("limit", bad)]).await;
        assert_refused(&refused, "limit", "out_of_range");
    }
    let word = search(&ann, &[("q", "word"), ("limit", "many")]).await;
    word.assert_problem(400, "invalid_query");
}

#[tokio::test]
async fn a_search_sees_edits_and_deletions() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let message = ann.say(&room, "a pear").await;
    let edited = ann.patch(&at(&message), json!({"content": "a plum"})).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    assert!(contents(&search(&ann, &[("q", "pear")]).await).is_empty());
    assert_eq!(contents(&search(&ann, &[("q", "plum")]).await), ["a plum"]);
    assert_eq!(ann.delete(&at(&message)).await.status, 204);
    assert!(contents(&search(&ann, &[("q", "plum")]).await).is_empty());
    ann.say(&room, "a plum again").await;
    assert_eq!(ann.delete(&format!("/v1/rooms/{room}")).await.status, 204);
    assert!(contents(&search(&ann, &[("q", "plum")]).await).is_empty());
    assert_eq!(ann.get(&messages_of(&room)).await.status, 404);
}
