use futures_util::future::join_all;
use serde_json::json;

use super::{assert_message, assert_refused, contents, messages_of};
use crate::server::Server;

#[tokio::test]
async fn a_message_is_answered_with_everything_about_it() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let body = json!({"content": " hi\nthere ", "mentions": ["x"]});
    let sent = ann.post(&messages_of(&room), body).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    assert_message(&sent.body, &room, (ann.id(), "Ann"), " hi\nthere ");
    assert_eq!(sent.body["status"], "SENT");
    assert_eq!(sent.body["attachments"], json!([]));
    assert_eq!(sent.body["created_at"], sent.body["updated_at"]);
    let next = ann.say(&room, "next").await;
    assert_eq!(
        next["seq"].as_u64().unwrap(),
        sent.body["seq"].as_u64().unwrap() + 1
    );
    let listed = ann.get(&messages_of(&room)).await;
    assert_eq!(listed.body["messages"], json!([next, sent.body]));
}

#[tokio::test]
async fn a_repeat_answers_the_first_message_and_sends_nothing() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let room = ann.room("General", &[&bob]).await;
    let path = messages_of(&room);
    let body = json!({"content": "once", "client_msg_id": "c-1"});
    let first = ann.post(&path, body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.body["client_msg_id"], "c-1");
    for content in ["once", "something else"] {
        let body = json!({"content": content, "client_msg_id": "c-1"});
        let again = ann.post(&path, body).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    // The reference is the sender's and the room's, and as it was written.
    assert_eq!(bob.post(&path, body.clone()).await.status, 201);
    let other = ann.room("Other", &[]).await;
    assert_eq!(ann.post(&messages_of(&other), body).await.status, 201);
    for reference in ["C-1", " c-1", "c-1 ", "1", &"😀".repeat(64)] {
        let body = json!({"content": "x", "client_msg_id": reference});
        assert_eq!(ann.post(&path, body).await.status, 201, "{reference}");
    }
    assert_eq!(contents(&ann.get(&path).await).len(), 7);
}

#[tokio::test]
async fn of_twenty_repeats_at_once_one_sends() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    let body = json!({"content": "once", "client_msg_id": "c-1"});
    let answers = join_all((0..20).map(|_| ann.post(&path, body.clone()))).await;
    let of_status = |status| answers.iter().filter(|a| a.status == status).count();
    assert_eq!((of_status(201), of_status(200)), (1, 19));
    assert!(answers.iter().all(|a| a.body == answers[0].body));
    assert_eq!(contents(&ann.get(&path).await), ["once"]);
}

#[tokio::test]
async fn many_messages_at_once_are_numbered_without_a_gap() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let texts: Vec<_> = (0..40).map(|i| i.to_string()).collect();
    let sent = join_all(texts.iter().map(|text| ann.say(&room, text))).await;
    let mut seqs: Vec<_> = sent.iter().map(|m| m["seq"].as_u64().unwrap()).collect();
    seqs.sort_unstable();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1));
}

#[tokio::test]
async fn a_reference_has_1_to_64_characters() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for (reference, code) in [
        (String::new(), "empty"),
        ("é".repeat(65), "too_long"),
        ("a\0".into(), "nul"),
    ] {
        let body = json!({"content": "x", "client_msg_id": reference});
        let refused = ann.post(&messages_of(&room), body).await;
        assert_refused(&refused, "client_msg_id", code);
    }
    let body = json!({"content": "x", "client_msg_id": 7});
    let refused = ann.post(&messages_of(&room), body).await;
    refused.assert_problem(400, "invalid_body");
}

#[tokio::test]
async fn a_text_is_kept_as_it_is_up_to_4000_characters() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    for text in [
        "😀".repeat(4_000),
        "a".repeat(4_000),
        "e\u{301} ≠ é".into(),
        "👩‍👩‍👧‍👦 🏳️‍🌈".into(),
        "\u{202e}right to left\u{202c} \u{feff}\u{fffd}\u{10ffff}".into(),
        "\u{1}\u{7f}\t\r\n".into(),
        "<script>alert(1)</script> & \\ ' \" `; DROP TABLE users; --".into(),
        "null".into(),
    ] {
        let sent = ann.say(&room, &text).await;
        assert_eq!(sent["content"], *text);
        let listed = ann.get(&messages_of(&room)).await;
        assert_eq!(contents(&listed)[0], text);
    }
    for (text, code) in [
        ("😀".repeat(4_001), "too_long"),
        (String::new(), "empty"),
        (" \n\t\u{3000}".into(), "empty"),
        ("a\0b".into(), "nul"),
    ] {
        let refused = ann
            .post(&messages_of(&room), json!({"content": text}))
            .await;
        assert_refused(&refused, "content", code);
    }
    let missing = ann.post(&messages_of(&room), json!({})).await;
    assert_refused(&missing, "content", "missing");
}

#[tokio::test]
async fn attachments_are_kept_in_their_order() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let attachment = |i: u64| json!({"url": format!("https://files.example/{i}.png?a=b#c"), "mime_type": "image/png", "size_bytes": i});
    let ten: Vec<_> = (0..10).map(attachment).collect();
    let body = json!({"content": "", "attachments": ten});
    let sent = ann.post(&messages_of(&room), body).await;
    assert_eq!(sent.status, 201, "{sent:?}");
    assert_eq!(sent.body["attachments"], json!(ten));
    assert_eq!(sent.body["content"], "");
    let listed = ann.get(&messages_of(&room)).await;
    assert_eq!(listed.body["messages"][0], sent.body);
    let largest = json!({"url": "http://x", "mime_type": "text/plain; charset=utf-8", "size_bytes": i64::MAX, "name": "x"});
    let body = json!({"content": "x", "attachments": [largest]});
    assert_eq!(ann.post(&messages_of(&room), body).await.status, 201);
    let none = json!({"content": "x", "attachments": null, "client_msg_id": null});
    assert_eq!(ann.post(&messages_of(&room), none).await.status, 201);
}

#[tokio::test]
async fn an_attachment_that_breaks_a_rule_is_named_with_its_place() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let good = json!({"url": "https://files.example/a", "mime_type": "image/png", "size_bytes": 1});
    let send = async |attachments| {
        let body = json!({"content": "x", "attachments": attachments});
        ann.post(&messages_of(&room), body).await
    };
    for (field, value, code) in [
        ("url", json!("javascript:alert(1)"), "not_a_url"),
        ("url", json!("/etc/passwd"), "not_a_url"),
        ("url", json!(""), "empty"),
        (
            "url",
            json!(format!("https://{}", "x".repeat(2_041))),
            "too_long",
        ),
        ("url", json!("https://a\0"), "nul"),
        ("mime_type", json!("png"), "not_a_mime_type"),
        ("size_bytes", json!(u64::MAX), "out_of_range"),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = send(json!([good, bad])).await;
        assert_refused(&refused, &format!("attachments[1].{field}"), code);
    }
    let eleven = send(json!(vec![good.clone(); 11])).await;
    assert_refused(&eleven, "attachments", "too_many_attachments");
    for bad in [
        json!([{"url": "https://x", "mime_type": "a/b"}]),
        json!([{"url": "https://x", "mime_type": "a/b", "size_bytes": -1}]),
        json!([{"url": "https://x", "mime_type": "a/b", "size_bytes": 1.5}]),
        json!([{"url": "https://x", "mime_type": "a/b", "size_bytes": "1"}]),
        json!([["https://x", "a/b", 1]]),
        json!([null]),
        json!(["https://x"]),
        json!({}),
        json!("https://x"),
    ] {
        let refused = send(bad.clone()).await;
        refused.assert_problem(400, "invalid_body");
        let field = refused.body["errors"][0]["field"].as_str().unwrap();
        assert!(field.starts_with("attachments"), "{bad}: {refused:?}");
    }
    assert!(contents(&ann.get(&messages_of(&room)).await).is_empty());
}
