use reqwest::Method;
use serde_json::Value;

use super::{NOBODY, assert_refused, contents, messages_of};
use crate::{
    api::{Answer, Client},
    server::Server,
};

/// A room with the messages "1" to this number, and those messages.
async fn room_of(ann: &Client, count: usize) -> (String, Vec<Value>) {
    let room = ann.room("General", &[]).await;
    let mut sent = Vec::new();
    for i in 1..=count {
        sent.push(ann.say(&room, &i.to_string()).await);
    }
    (room, sent)
}

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

/// The numbers that are told, and whether there are more.
#[track_caller]
fn told(answer: &Answer) -> (Vec<usize>, bool) {
    let contents = contents(answer);
    let numbers = contents.iter().map(|c| c.parse().unwrap());
    (
        numbers.collect(),
        answer.body["has_more"].as_bool().unwrap(),
    )
}

#[tokio::test]
async fn pages_go_from_the_newest_to_the_oldest() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, sent) = room_of(&ann, 7).await;
    let page = async |query: &str| told(&ann.get(&format!("{}{query}", messages_of(&room))).await);
    assert_eq!(page("").await, (vec![7, 6, 5, 4, 3, 2, 1], false));
    assert_eq!(page("?limit=3").await, (vec![7, 6, 5], true));
    assert_eq!(page("?page=1&limit=3").await, (vec![7, 6, 5], true));
    assert_eq!(page("?page=2&limit=3").await, (vec![4, 3, 2], true));
    assert_eq!(page("?page=3&limit=3").await, (vec![1], false));
    assert_eq!(page("?page=4&limit=3").await, (vec![], false));
    assert_eq!(page("?limit=7").await, (vec![7, 6, 5, 4, 3, 2, 1], false));
    assert_eq!(page("?page=4294967295&limit=200").await, (vec![], false));
    assert_eq!(page("?page=2&limit=1&colour=red").await, (vec![6], true));
    let answer = ann.get(&messages_of(&room)).await;
    assert_eq!(answer.body["last_seq"], sent[6]["seq"]);
}

#[tokio::test]
async fn a_page_has_50_messages_if_nothing_is_said_and_200_at_most() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, _) = room_of(&ann, 51).await;
    let page = async |query: &str| told(&ann.get(&format!("{}{query}", messages_of(&room))).await);
    let (numbers, more) = page("").await;
    assert_eq!((numbers.len(), more), (50, true));
    let (numbers, more) = page("?limit=200").await;
    assert_eq!((numbers.len(), more), (51, false));
    for bad in ["0", "201", "4294967295"] {
        let answer = ann
            .get(&format!("{}?limit={bad}", messages_of(&room)))
            .await;
        assert_refused(&answer, "limit", "out_of_range");
    }
    for bad in [
        "limit=x",
        "limit=-1",
        "limit=",
        "limit=4294967296",
        "page=x",
        "page=-1",
        "page=1.0",
        "limit=1&limit=2",
    ] {
        let answer = ann.get(&format!("{}?{bad}", messages_of(&room))).await;
        answer.assert_problem(400, "invalid_query");
    }
    let zero = ann.get(&format!("{}?page=0", messages_of(&room))).await;
    assert_refused(&zero, "page", "out_of_range");
}

#[tokio::test]
async fn a_cursor_gives_what_lies_before_or_after_it() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, sent) = room_of(&ann, 7).await;
    let page =
        async |query: String| told(&ann.get(&format!("{}?{query}", messages_of(&room))).await);
    // A cursor is a message's id or its seq.
    for name in ["id", "seq"] {
        let cursor = |i: usize| sent[i - 1][name].to_string().replace('"', "");
        let before = |i| format!("before={}", cursor(i));
        let after = |i| format!("after={}", cursor(i));
        assert_eq!(page(before(4)).await, (vec![3, 2, 1], false));
        assert_eq!(page(before(4) + "&limit=2").await, (vec![3, 2], true));
        assert_eq!(page(before(4) + "&limit=3").await, (vec![3, 2, 1], false));
        assert_eq!(page(before(1)).await, (vec![], false));
        assert_eq!(page(after(4)).await, (vec![5, 6, 7], false));
        assert_eq!(page(after(4) + "&limit=2").await, (vec![5, 6], true));
        assert_eq!(page(after(4) + "&limit=3").await, (vec![5, 6, 7], false));
        assert_eq!(page(after(7)).await, (vec![], false));
    }
    assert_eq!(page("after=0&limit=2".into()).await, (vec![1, 2], true));
    assert_eq!(page("before=0".into()).await, (vec![], false));
    for huge in [u64::MAX, i64::MAX as u64, i64::MAX as u64 + 1] {
        assert_eq!(
            page(format!("before={huge}&limit=1")).await,
            (vec![7], true)
        );
        assert_eq!(page(format!("after={huge}")).await, (vec![], false));
    }
    // A walk along cursors passes every message once.
    let mut cursor = String::from("limit=3");
    let mut seen = Vec::new();
    loop {
        let answer = ann.get(&format!("{}?{cursor}", messages_of(&room))).await;
        let (numbers, more) = told(&answer);
        seen.extend(numbers);
        if !more {
            break;
        }
        let last = answer.body["messages"].as_array().unwrap().last().cloned();
        cursor = format!("limit=3&before={}", id(&last.unwrap()));
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn a_window_around_a_message_holds_it_and_goes_from_the_oldest_to_the_newest() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, sent) = room_of(&ann, 9).await;
    let around = async |i: usize, limit: &str| {
        let path = format!(
            "{}?around_message_id={}{limit}",
            messages_of(&room),
            id(&sent[i - 1])
        );
        told(&ann.get(&path).await).0
    };
    assert_eq!(around(5, "").await, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(around(5, "&limit=1").await, [5]);
    assert_eq!(around(5, "&limit=3").await, [4, 5, 6]);
    assert_eq!(around(5, "&limit=5").await, [3, 4, 5, 6, 7]);
    for (i, limit) in [(1, 3), (9, 3), (1, 4), (9, 4), (5, 2), (5, 4), (2, 5)] {
        let window = around(i, &format!("&limit={limit}")).await;
        assert!(window.contains(&i) && window.len() <= limit, "{window:?}");
        assert!(window.is_sorted(), "{window:?}");
        assert!(window.windows(2).all(|w| w[1] == w[0] + 1), "{window:?}");
    }
}

#[tokio::test]
async fn a_place_in_the_history_must_be_one() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, sent) = room_of(&ann, 1).await;
    let get = async |query: &str| ann.get(&format!("{}?{query}", messages_of(&room))).await;
    for name in ["before", "after", "around_message_id"] {
        let unknown = get(&format!("{name}={NOBODY}")).await;
        unknown.assert_problem(404, "message_not_found");
        let code = if name == "around_message_id" {
            "not_an_id"
        } else {
            "not_a_cursor"
        };
        for bad in [
            "",
            "x",
            "-1",
            "1.5",
            "99999999999999999999",
            "%00",
            "%F0%9F%98%80",
            "1'--",
        ] {
            assert_refused(&get(&format!("{name}={bad}")).await, name, code);
        }
    }
    let message = id(&sent[0]);
    for two in [
        format!("before={message}&after={message}"),
        format!("page=1&before={message}"),
        format!("page=1&around_message_id={message}"),
        format!("around_message_id={message}&after={message}"),
    ] {
        assert_refused(&get(&two).await, "page", "exclusive");
    }
    let broken = ann.request(Method::GET, &format!("{}?before=%FF", messages_of(&room)));
    let broken = ann.send(broken).await;
    assert_eq!(broken.status, 400, "{broken:?}");
}

#[tokio::test]
async fn a_deleted_message_leaves_no_hole_in_a_page() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let (room, sent) = room_of(&ann, 6).await;
    for i in [2, 4, 6] {
        assert_eq!(ann.delete(&super::at(&sent[i - 1])).await.status, 204);
    }
    let page = async |query: &str| told(&ann.get(&format!("{}?{query}", messages_of(&room))).await);
    assert_eq!(page("limit=2").await, (vec![5, 3], true));
    assert_eq!(page("limit=2&page=2").await, (vec![1], false));
    assert_eq!(page("limit=3").await, (vec![5, 3, 1], false));
    assert_eq!(
        page(&format!("after={}&limit=1", sent[1]["seq"])).await,
        (vec![3], true)
    );
    let around = format!("around_message_id={}&limit=3", id(&sent[2]));
    assert_eq!(page(&around).await.0, [1, 3, 5]);
}
