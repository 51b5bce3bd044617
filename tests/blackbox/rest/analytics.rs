//! What is counted, over REST: for admins, and for the owner of a room.

mod admins;
mod recount;
mod refusals;

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};

use super::{assert_refused, at, with_query};
use crate::{
    api::{Answer, Client},
    server::Server,
};

/// The admin whom the first start of a development server has made.
pub async fn first_admin(server: &Server) -> Client {
    let told = server.wait_for_log("the first admin");
    let field = |name: &str| told["fields"][name].as_str().unwrap().to_owned();
    let client = server.client();
    client.log_in(&field("email"), &field("password")).await
}

const OVERVIEW: &str = "/v1/analytics/overview";
const LATENCY: &str = "/v1/analytics/latency";
const MESSAGES: &str = "/v1/analytics/messages";
const ACTIVE: &str = "/v1/analytics/users/active";
const TOP_USERS: &str = "/v1/analytics/users/top";
const TOP_ROOMS: &str = "/v1/analytics/rooms/top";

fn report_of(room: &str) -> String {
    format!("/v1/analytics/rooms/{room}")
}

async fn good(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.body
}

async fn of_room(client: &Client, path: &str, room: &str) -> Answer {
    client.get(&with_query(path, &[("room_id", room)])).await
}

/// The lines of an answer as CSV.
async fn csv(client: &Client, path: &str, accept: &str) -> Vec<String> {
    let request = client.request(Method::GET, path).header(ACCEPT, accept);
    // Not through the client's own check, which keeps bodies of JSON alone.
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(
        answer.headers()["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let text = answer.text().await.unwrap();
    assert!(text.ends_with('\n'), "{text:?}");
    text.lines().map(str::to_owned).collect()
}

/// A room of Ann's with three messages of hers and one of Bob's, and one that anybody may find with one of Bob's.
struct Talk {
    admin: Client,
    ann: Client,
    bob: Client,
    private: String,
    public: String,
    last: Value,
}

async fn talk(server: &Server) -> Talk {
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let private = ann.room("Secrets", &[&bob]).await;
    let body = json!({"name": "General", "visibility": "public"});
    let made = bob.post("/v1/rooms", body).await;
    let public = made.body["id"].as_str().unwrap().to_owned();
    let mut last = Value::Null;
    for text in ["one", "two", "three"] {
        last = ann.say(&private, text).await;
    }
    bob.say(&private, "four").await;
    bob.say(&public, "five").await;
    Talk {
        admin: first_admin(server).await,
        ann,
        bob,
        private,
        public,
        last,
    }
}

#[tokio::test]
async fn the_overview_counts_all_that_there_is() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    let socket = talk.bob.socket(&server, &[]).await;
    let expected = json!({
        "messages": 5,
        "senders": 2,
        "accounts": 3,
        "messages_today": 5,
        "new_accounts_today": 3,
        "daily_active_users": 2,
        "weekly_active_users": 2,
        "monthly_active_users": 2,
        "sockets": 1,
        "users_online": 1,
        "peak_sockets": 1,
        "nodes": 1,
    });
    let told = good(&talk.admin, OVERVIEW).await;
    let of_expected = expected.as_object().unwrap().iter();
    for (name, value) in of_expected {
        assert_eq!(&told[name], value, "{name}");
    }
    // How these stand is not this test's to say.
    let others = [
        "nodes_connected",
        "queued_bytes",
        "slow_closes",
        "resumes",
        "gaps_healed",
        "messages_last_minute",
    ];
    assert!(others.iter().all(|name| told[name].is_u64()), "{told}");
    let commits = told["commits"].as_object().unwrap();
    assert!(
        commits["changes"].is_u64() && commits["count"].is_u64(),
        "{told}"
    );
    let sizes = ["size_p50", "size_p99"];
    assert!(
        sizes.iter().all(|name| commits.contains_key(*name)),
        "{told}"
    );
    assert_eq!(commits.len(), 4, "{told}");
    let hours = told["busiest_hours"].as_array().unwrap().iter();
    let in_hours = hours.map(|hour| hour["messages"].as_u64().unwrap());
    assert_eq!(in_hours.sum::<u64>(), 5, "{told}");
    let names = expected.as_object().unwrap().len() + others.len() + 2;
    assert_eq!(told.as_object().unwrap().len(), names);
    socket.close().await;
    let lines = csv(&talk.admin, OVERVIEW, "text/csv").await;
    assert_eq!(
        lines[0],
        "messages,senders,accounts,messages_today,new_accounts_today,daily_active_users,\
         weekly_active_users,monthly_active_users,sockets,users_online,peak_sockets,nodes,nodes_connected,queued_bytes,\
         slow_closes,resumes,gaps_healed,messages_last_minute,committed_changes,commits,commit_size_p50,commit_size_p99"
    );
    assert!(lines[1].starts_with("5,2,3,5,3,2,2,2,"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn how_long_messages_take_is_told_to_admins_as_json_and_as_csv() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    let nothing = json!({"deliveries": 0, "p50_ms": null, "p95_ms": null, "p99_ms": null});
    assert_eq!(good(&admin, LATENCY).await, nothing);
    let bob = server.user("Bob").await;
    let room = bob.room("A room", &[]).await;
    let mut socket = bob.socket(&server, &[]).await;
    socket.say(&room, "hi").await;
    socket.hear("receive_message").await;
    let told = good(&admin, LATENCY).await;
    assert_eq!(told["deliveries"], 1);
    let latency = ["p50_ms", "p95_ms", "p99_ms"].map(|name| told[name].as_f64().unwrap());
    // It took some time, and less than this test may.
    assert!(latency[0] > 0.0 && latency[2] < 60_000.0, "{told}");
    assert!(latency.is_sorted(), "{told}");
    let lines = csv(&admin, LATENCY, "text/csv").await;
    assert_eq!(lines[0], "deliveries,p50_ms,p95_ms,p99_ms");
    assert!(lines[1].starts_with("1,"), "{lines:?}");
    bob.get(LATENCY).await.assert_problem(403, "not_allowed");
}

#[tokio::test]
async fn messages_are_counted_by_the_interval_with_those_in_which_nothing_was_sent() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    for (query, interval, points) in [
        ("?interval=minute", "minute", 60),
        ("?interval=hour", "hour", 48),
        ("", "hour", 48),
        ("?interval=day", "day", 30),
    ] {
        let body = good(&talk.admin, &format!("{MESSAGES}{query}")).await;
        assert_eq!(body["interval"], interval);
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
        let told = body["points"].as_array().unwrap();
        assert_eq!(told.len(), points);
        let sum: u64 = told.iter().map(|it| it["messages"].as_u64().unwrap()).sum();
        assert_eq!(sum, 5, "{query}: {body}");
        assert_eq!(
            told[0],
            json!({"at": told[0]["at"], "messages": 0, "senders": 0})
        );
        let starts = told.iter().map(|it| it["at"].as_str().unwrap());
        assert!(starts.is_sorted());
    }
    let of_public = of_room(&talk.admin, MESSAGES, &talk.public).await;
    let told = of_public.body["points"].as_array().unwrap();
    let sum: u64 = told.iter().map(|it| it["messages"].as_u64().unwrap()).sum();
    assert_eq!(sum, 1);

    // The day of the message, by itself.
    let day = &talk.last["created_at"].as_str().unwrap()[..10];
    let (from, to) = (
        format!("{day}T00:00:00Z"),
        format!("{day}T00:00:00.000001Z"),
    );
    let query = [
        ("from", from.as_str()),
        ("to", to.as_str()),
        ("interval", "day"),
    ];
    let body = good(&talk.admin, &with_query(MESSAGES, &query)).await;
    let expected =
        json!({"interval": "day", "points": [{"at": from, "messages": 5, "senders": 2}]});
    assert_eq!(body, expected);
    let path = with_query(MESSAGES, &query);
    let lines = csv(&talk.admin, &path, "text/csv").await;
    assert_eq!(lines, ["at,messages,senders", &format!("{from},5,2")]);
}

#[tokio::test]
async fn active_users_are_counted_in_a_window_that_ends_today() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    for (query, window) in [
        ("", "day"),
        ("?window=day", "day"),
        ("?window=week", "week"),
        ("?window=month", "month"),
    ] {
        let body = good(&talk.admin, &format!("{ACTIVE}{query}")).await;
        let from = body["from"].clone();
        assert!(from.as_str().unwrap().ends_with("T00:00:00Z"), "{body}");
        let expected =
            json!({"window": window, "from": from, "users": 2, "messages": 5, "new_accounts": 3});
        assert_eq!(body, expected);
    }
    let body = of_room(&talk.admin, ACTIVE, &talk.public).await.body;
    assert_eq!((&body["users"], &body["messages"]), (&json!(1), &json!(1)));
    let lines = csv(&talk.admin, ACTIVE, "text/csv").await;
    assert_eq!(lines[0], "window,from,users,messages,new_accounts");
    assert!(lines[1].starts_with("day,") && lines[1].ends_with("T00:00:00Z,2,5,3"));
}

#[tokio::test]
async fn rooms_and_users_are_ranked_and_a_private_room_has_no_name() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    let rooms = json!({"rooms": [
        {"room_id": talk.private, "name": null, "visibility": "private", "messages": 4, "senders": 2},
        {"room_id": talk.public, "name": "General", "visibility": "public", "messages": 1, "senders": 1},
    ]});
    let (ann, bob) = (talk.ann.id(), talk.bob.id());
    let users = json!({"users": [
        {"user_id": ann, "username": "Ann", "guest_id": null, "messages": 3},
        {"user_id": bob, "username": "Bob", "guest_id": null, "messages": 2},
    ]});
    for query in ["", "?window=day", "?window=month&limit=100"] {
        let body = good(&talk.admin, &format!("{TOP_ROOMS}{query}")).await;
        assert_eq!(body, rooms, "{query}");
        assert!(!body.to_string().contains("Secrets"));
        let body = good(&talk.admin, &format!("{TOP_USERS}{query}")).await;
        assert_eq!(body, users, "{query}");
    }
    let first = good(&talk.admin, &format!("{TOP_ROOMS}?limit=1")).await;
    assert_eq!(first["rooms"], json!([rooms["rooms"][0]]));
    let there = of_room(&talk.admin, TOP_USERS, &talk.public).await.body;
    let only_bob = json!({"user_id": bob, "username": "Bob", "guest_id": null, "messages": 1});
    assert_eq!(there, json!({"users": [only_bob]}));

    let lines = csv(&talk.admin, TOP_ROOMS, "text/csv").await;
    let private = format!("{},,private,4,2", talk.private);
    let public = format!("{},General,public,1,1", talk.public);
    let header = "room_id,name,visibility,messages,senders";
    assert_eq!(lines, [header, &private, &public]);
    let lines = csv(&talk.admin, TOP_USERS, "text/csv").await;
    let (ann, bob) = (format!("{ann},Ann,,3"), format!("{bob},Bob,,2"));
    assert_eq!(lines, ["user_id,username,guest_id,messages", &ann, &bob]);
}

#[tokio::test]
async fn one_room_is_described() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    let body = good(&talk.admin, &report_of(&talk.private)).await;
    let hours = body["busiest_hours"].as_array().unwrap();
    let sum: u64 = hours
        .iter()
        .map(|it| it["messages"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 4);
    let expected = json!({
        "room_id": talk.private,
        "messages": 4,
        "senders": 2,
        "daily_active_users": 2,
        "weekly_active_users": 2,
        "monthly_active_users": 2,
        "busiest_hours": hours,
    });
    assert_eq!(body, expected);
    let lines = csv(&talk.admin, &report_of(&talk.private), "text/csv").await;
    assert_eq!(lines[0], "hour,messages");
    let hour = &hours[0];
    assert_eq!(lines[1], format!("{},{}", hour["hour"], hour["messages"]));
}

#[tokio::test]
async fn csv_is_for_who_accepts_it_and_not_json_and_has_its_header_without_a_row_too() {
    let server = Server::start().await;
    let admin = first_admin(&server).await;
    for (path, header) in [
        (TOP_ROOMS, "room_id,name,visibility,messages,senders"),
        (TOP_USERS, "user_id,username,guest_id,messages"),
    ] {
        for accept in ["text/csv", "text/csv, */*;q=0.1"] {
            assert_eq!(csv(&admin, path, accept).await, [header]);
        }
        for accept in ["application/json", "*/*", "application/json, text/csv", ""] {
            let request = admin.request(Method::GET, path).header(ACCEPT, accept);
            let answer = admin.send(request).await;
            assert_eq!(answer.headers["content-type"], "application/json");
        }
    }
    let request = admin
        .request(Method::GET, &format!("{TOP_ROOMS}?limit=0"))
        .header(ACCEPT, "text/csv");
    assert_refused(&admin.send(request).await, "limit", "out_of_range");
    // What somebody is called may have everything in it that CSV is made of.
    let name = "a \"b\", c";
    let ann = server.user("Ann").await;
    let room = json!({"name": name, "visibility": "public"});
    let made = ann.post("/v1/rooms", room).await;
    let room = made.body["id"].as_str().unwrap();
    ann.say(room, "hello").await;
    let lines = csv(&admin, TOP_ROOMS, "text/csv").await;
    assert_eq!(lines[1], format!("{room},\"a \"\"b\"\", c\",public,1,1"));
}

#[tokio::test]
async fn what_is_deleted_counts_no_more_at_once() {
    let server = Server::start().await;
    let talk = talk(&server).await;
    let messages = async || {
        let overview = good(&talk.admin, OVERVIEW).await;
        let report = good(&talk.admin, &report_of(&talk.public)).await;
        (overview["messages"].clone(), report["messages"].clone())
    };
    assert_eq!(messages().await, (json!(5), json!(1)));
    let deleted = talk.ann.delete(&at(&talk.last)).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(messages().await, (json!(4), json!(1)));
    talk.bob.say(&talk.public, "six").await;
    assert_eq!(messages().await, (json!(5), json!(2)));
    let deleted = talk
        .ann
        .delete(&format!("/v1/rooms/{}", talk.private))
        .await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert_eq!(messages().await, (json!(2), json!(2)));
    let rooms = good(&talk.admin, TOP_ROOMS).await;
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1);
    let gone = of_room(&talk.ann, MESSAGES, &talk.private).await;
    gone.assert_problem(404, "room_not_found");
    let users = good(&talk.admin, TOP_USERS).await;
    assert_eq!(users["users"][0]["username"], "Bob");
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
}
