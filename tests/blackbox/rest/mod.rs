//! Section 1 of the contract, row by row.

pub mod analytics;
mod auth;
mod bad_input;
mod cookies;
mod cors;
mod direct_rooms;
mod events;
mod flat_analytics;
mod fuzz;
mod health;
mod hidden_rooms;
mod history;
mod limits;
mod logout;
mod members;
mod messages;
mod raw;
mod reactions;
mod receipts;
mod refresh;
mod revocation;
mod rooms;
mod routing;
mod search;
mod sending;
mod streams;
mod sync;
mod tokens;
mod users;

use reqwest::Url;
use serde_json::Value;
use uuid::Uuid;

use crate::api::Answer;

/// A well-formed id that nothing has.
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// A path with a query, encoded.
fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params(&format!("http://host{path}"), pairs).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap())
}

/// Where a room's messages are.
fn messages_of(room: &str) -> String {
    format!("/v1/rooms/{room}/messages")
}

/// Where a message is.
fn at(message: &Value) -> String {
    let id = |name: &str| message[name].as_str().unwrap().to_owned();
    format!("{}/{}", messages_of(&id("room_id")), id("id"))
}

/// What the messages of an answer say, in their order.
#[track_caller]
fn contents(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let messages = answer.body["messages"].as_array().unwrap();
    messages
        .iter()
        .map(|m| m["content"].as_str().unwrap())
        .collect()
}

/// The names of the rooms of an answer, in their order.
#[track_caller]
fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let rooms = answer.body["rooms"].as_array().unwrap();
    rooms.iter().map(|r| r["name"].as_str().unwrap()).collect()
}

/// Asserts a refusal of this field for this reason.
#[track_caller]
fn assert_refused(answer: &Answer, field: &str, code: &str) {
    answer.assert_problem(400, "validation_failed");
    let errors = answer.body["errors"].as_array().unwrap();
    let told = errors
        .iter()
        .any(|e| e["field"] == field && e["code"] == code && e["message"].is_string());
    assert!(told, "{field} {code}: {answer:?}");
}

/// Asserts ids of version 7, and times of RFC 3339 in UTC.
#[track_caller]
fn assert_ids_and_times(value: &Value, ids: &[&str], times: &[&str]) {
    for name in ids {
        let id: Uuid = value[name].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7, "{name}: {value}");
    }
    for name in times {
        let time = value[name].as_str().unwrap();
        assert!(time.ends_with('Z'), "{name}: {value}");
        time.parse::<jiff::Timestamp>().unwrap();
    }
}

#[track_caller]
fn assert_user(user: &Value, name: &str, email: &str) {
    assert_ids_and_times(user, &["id"], &["created_at"]);
    assert_eq!(user["username"], name, "{user}");
    assert_eq!(user["name"], name, "{user}");
    assert_eq!(user["email"], email, "{user}");
    assert!(
        ["ONLINE", "OFFLINE"].contains(&user["status"].as_str().unwrap()),
        "{user}"
    );
    let fields = user.as_object().unwrap();
    assert!(!fields.keys().any(|k| k.contains("password")), "{user}");
}

#[track_caller]
fn assert_room(room: &Value, name: &str, created_by: &str) {
    assert_ids_and_times(room, &["id", "created_by"], &["created_at"]);
    assert_eq!(room["name"], name, "{room}");
    assert_eq!(room["created_by"], created_by, "{room}");
    assert!(room["description"].is_string(), "{room}");
    assert!(room["is_group"].is_boolean(), "{room}");
}

#[track_caller]
fn assert_message(message: &Value, room: &str, sender: (&str, &str), content: &str) {
    let ids = ["id", "room_id", "sender_id"];
    assert_ids_and_times(message, &ids, &["created_at", "updated_at"]);
    assert_eq!(message["room_id"], room, "{message}");
    assert_eq!(message["sender_id"], sender.0, "{message}");
    assert_eq!(message["username"], sender.1, "{message}");
    assert_eq!(message["content"], content, "{message}");
    assert!(message["attachments"].is_array(), "{message}");
    assert!(message["seq"].is_u64(), "{message}");
    assert!(
        ["SENT", "DELIVERED", "READ"].contains(&message["status"].as_str().unwrap()),
        "{message}"
    );
}
