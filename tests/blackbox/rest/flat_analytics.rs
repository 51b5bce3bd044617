use serde_json::{Value, json};

use super::raw;
use crate::{
    server::{Server, Start, eventually},
    socket::Socket,
};

/// Asks as a client of the dialect does: without a token, and with nothing of this suite in between.
async fn ask(server: &Server) -> Value {
    let request = b"GET /api/analytics HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(server, request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_contract(&answer.body);
    answer.body
}

/// Fails unless these are the fields of the contract, and no others, of the right types.
#[track_caller]
fn assert_contract(body: &Value) {
    let fields = |object: &Value| {
        let mut names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    let expected = [
        "activeConnections",
        "activeUserDetails",
        "activeUsers",
        "latencyP50Ms",
        "latencyP95Ms",
        "latencyP99Ms",
        "messagesPerMinute",
        "peakConnections",
        "serverStartTime",
        "totalMessages",
        "uptimeSeconds",
    ];
    assert_eq!(fields(body), expected);
    for count in [
        "totalMessages",
        "activeConnections",
        "activeUsers",
        "peakConnections",
        "uptimeSeconds",
    ] {
        assert!(body[count].is_u64(), "{count}: {body}");
    }
    let minutes = body["messagesPerMinute"].as_array().unwrap();
    assert_eq!(minutes.len(), 15, "{body}");
    assert!(minutes.iter().all(Value::is_u64), "{body}");
    let latency = ["latencyP50Ms", "latencyP95Ms", "latencyP99Ms"];
    let latency = latency.map(|name| body[name].as_f64().unwrap());
    assert!(latency[0] >= 0.0 && latency.is_sorted(), "{body}");
    let is_time = |value: &Value| {
        let text = value.as_str().unwrap();
        text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
    };
    assert!(is_time(&body["serverStartTime"]), "{body}");
    for user in body["activeUserDetails"].as_array().unwrap() {
        assert_eq!(fields(user), ["joinedAt", "userId", "username"]);
        assert!(user["userId"].is_string() && user["username"].is_string());
        assert!(is_time(&user["joinedAt"]), "{user}");
    }
}

/// Who is there: what each is known by, and their name, in the order of the answer.
fn present(body: &Value) -> Vec<(&str, &str)> {
    let users = body["activeUserDetails"].as_array().unwrap();
    users
        .iter()
        .map(|user| {
            let field = |name: &str| user[name].as_str().unwrap();
            (field("userId"), field("username"))
        })
        .collect()
}

fn sent_lately(body: &Value) -> u64 {
    let minutes = body["messagesPerMinute"].as_array().unwrap();
    minutes.iter().map(|count| count.as_u64().unwrap()).sum()
}

/// A guest in `global`, who is told to have joined.
async fn guest(server: &Server, id: &str, name: &str) -> Socket {
    let query = format!("userId={id}&username={name}");
    let mut socket = Socket::connect(server, &query).await.unwrap();
    socket
        .take(|frame| frame["type"] == "join" && frame["userId"] == id)
        .await;
    socket
}

async fn say(socket: &mut Socket, content: &str) {
    socket
        .send(json!({"type": "chat", "content": content}))
        .await;
    hear(socket, content).await;
}

async fn hear(socket: &mut Socket, content: &str) {
    let is_wanted = |frame: &Value| frame["type"] == "chat" && frame["content"] == content;
    socket.take(is_wanted).await;
}

#[tokio::test]
async fn a_server_on_which_nothing_happens_counts_nothing() {
    let server = Server::start().await;
    let body = ask(&server).await;
    // Two lines of its log lie around it; that is written to the microsecond.
    let logged = |message: &str| server.wait_for_log(message)["timestamp"].clone();
    let time = |value: &Value| -> jiff::Timestamp { value.as_str().unwrap().parse().unwrap() };
    let (before, after) = (time(&logged("starting")), time(&logged("listening")));
    let started = time(&body["serverStartTime"]);
    assert!(before <= started && started <= after, "{body}");
    for count in ["totalMessages", "activeConnections", "peakConnections"] {
        assert_eq!(body[count], 0, "{count}: {body}");
    }
    assert_eq!((present(&body), sent_lately(&body)), (vec![], 0));
    assert_eq!(body["latencyP99Ms"], 0.0);
}

#[tokio::test]
async fn guests_and_their_messages_are_counted_as_they_come() {
    let server = Server::start().await;
    let mut alice = guest(&server, "alice", "Alice").await;
    let mut bob = guest(&server, "bob", "Bob").await;
    for content in ["one", "two", "three"] {
        say(&mut alice, content).await;
        hear(&mut bob, content).await;
    }
    let body = ask(&server).await;
    assert_eq!(body["totalMessages"], 3);
    assert_eq!(sent_lately(&body), 3);
    for count in ["activeConnections", "activeUsers", "peakConnections"] {
        assert_eq!(body[count], 2, "{count}: {body}");
    }
    assert_eq!(present(&body), [("alice", "Alice"), ("bob", "Bob")]);
    assert!(body["latencyP50Ms"].as_f64() > Some(0.0), "{body}");
    let started = &body["serverStartTime"];
    bob.close().await;
    let body = eventually("bob is gone", async || {
        let body = ask(&server).await;
        (present(&body) == [("alice", "Alice")] && body["activeConnections"] == 1).then_some(body)
    })
    .await;
    assert_eq!(body["peakConnections"], 2);
    assert_eq!(&body["serverStartTime"], started);
    // The documented answer is this one.
    let documented = server.client().get("/api/analytics").await;
    assert_eq!(documented.status, 200, "{documented:?}");
}

#[tokio::test]
async fn of_private_rooms_messages_are_counted_and_nobody_is_named() {
    let server = Server::start().await;
    let _alice = guest(&server, "alice", "Alice").await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let private = ann.room("Private", &[&bob]).await;
    let body = json!({"name": "Open", "visibility": "public", "guests": true});
    let open = ann.post("/v1/rooms", body).await.body;
    let open = open["id"].as_str().unwrap().to_owned();
    let _sockets = (
        bob.socket(&server, &[&private]).await,
        ann.socket(&server, &[&open]).await,
    );
    ann.say(&private, "a secret").await;
    ann.say(&open, "hello").await;
    let body = ask(&server).await;
    assert_eq!(body["totalMessages"], 2);
    assert_eq!(
        (&body["activeConnections"], &body["activeUsers"]),
        (&json!(3), &json!(3))
    );
    let mut there = present(&body);
    there.sort_unstable();
    let mut expected = [("alice", "Alice"), (ann.id(), "Ann")];
    expected.sort_unstable();
    assert_eq!(there, expected);
}

#[tokio::test]
async fn where_guests_are_not_allowed_nothing_is_told() {
    let server = Start::default().with("GUESTS", "off").start().await;
    let answer = server.client().get("/api/analytics").await;
    answer.assert_problem(403, "guests_not_allowed");
}

#[tokio::test]
async fn questions_are_limited_by_address() {
    let start = Start::default().with("RATE_GUESTS_IP", "2/1h");
    let server = start.start().await;
    let client = server.client();
    for _ in 0..2 {
        assert_eq!(client.get("/api/analytics").await.status, 200);
    }
    let answer = client.get("/api/analytics").await;
    answer.assert_problem(429, "rate_limited");
}
