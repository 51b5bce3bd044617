//! Sockets of the dialects, and what is done on the native side of their rooms.

mod flat_guest;
mod stream_guest;

pub use flat_guest::{FlatGuest, assert_flat, refusal, told};
pub use stream_guest::StreamGuest;

use reqwest::Url;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    api::Client,
    server::{Server, eventually},
    socket::Socket,
};

/// A well-formed id that nothing has.
pub const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// What somebody is known by, and their name.
pub type Who<'a> = (&'a str, &'a str);

pub const ALICE: Who<'static> = ("alice", "Alice");
pub const BOB: Who<'static> = ("bob", "Bob");

/// The next text frame. What stands in it twice is lost in the value, and would be found by its length.
async fn next_frame(socket: &mut Socket) -> Value {
    loop {
        match socket.next_message().await {
            Some(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(frame.to_string().len(), text.len(), "{text}");
                return frame;
            }
            Some(Message::Ping(_) | Message::Pong(_)) => {}
            other => panic!("a frame was expected: {other:?}"),
        }
    }
}

/// The names of an object's fields, in alphabetical order.
#[track_caller]
fn fields(object: &Value) -> Vec<&str> {
    let fields = object.as_object();
    let fields = fields.unwrap_or_else(|| panic!("not an object: {object}"));
    let mut names: Vec<_> = fields.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// These pairs as a query.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://host/", pairs).unwrap();
    url.query().unwrap().to_owned()
}

/// A room of this account's that guests may come into.
pub async fn open_room(owner: &Client, name: &str) -> String {
    let body = json!({"name": name, "visibility": "public", "guests": true});
    let made = owner.post("/v1/rooms", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// The public rooms of this name that an account finds.
pub async fn find_rooms(account: &Client, name: &str) -> Vec<Value> {
    let path = format!("/v1/rooms?{}", query(&[("scope", "public"), ("q", name)]));
    let found = account.get(&path).await;
    assert_eq!(found.status, 200, "{found:?}");
    let mut rooms = found.body["rooms"].as_array().unwrap().clone();
    rooms.retain(|room| room["name"] == name);
    rooms
}

/// Lets an account join the room that guests know by this name; the room's id.
pub async fn join_room(account: &Client, name: &str) -> String {
    let rooms = find_rooms(account, name).await;
    assert_eq!(rooms.len(), 1, "{rooms:#?}");
    let room = rooms[0]["id"].as_str().unwrap().to_owned();
    let body = json!({"user_id": account.id()});
    let joined = account
        .post(&format!("/v1/rooms/{room}/members"), body)
        .await;
    assert_eq!(joined.status, 201, "{joined:?}");
    room
}

/// The member of the room with this name, as another member sees them.
pub async fn member(account: &Client, room: &str, name: &str) -> Value {
    let listed = account.get(&format!("/v1/rooms/{room}/members")).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let mut members = listed.body.as_array().unwrap().iter();
    let found = members.find(|member| member["username"] == name);
    found
        .unwrap_or_else(|| panic!("{name}: {listed:?}"))
        .clone()
}

/// Waits until the node counts so many sockets.
pub async fn wait_for_sockets(server: &Server, count: usize) {
    let client = server.client();
    eventually("the sockets are counted", async || {
        let clients = client.get("/health").await.body["clients"].clone();
        (clients == count).then_some(())
    })
    .await;
}
