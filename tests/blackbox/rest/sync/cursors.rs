//! What a cursor is good for.

use serde_json::json;

use super::{ask, cursor, names, next, room_in, sync};
use crate::server::{Server, Start};

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
