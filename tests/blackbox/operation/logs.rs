use serde_json::{Value, json};

use crate::{
    server::{Server, Start},
    socket::Socket,
};

/// What somebody who uses the node gives away to it.
async fn busy_run(server: &Server) -> (Vec<String>, Vec<(String, u16)>) {
    let ann = server.user("Ann").await;
    let bob = server.user("Bob").await;
    let room = ann.room("General", &[&bob]).await;
    let mut answers = Vec::new();
    let messages = format!("/v1/rooms/{room}/messages");
    answers.push(
        ann.post(&messages, json!({"content": "a private word"}))
            .await,
    );
    answers.push(ann.get(&format!("{messages}?limit=1")).await);
    answers.push(ann.get("/v1/messages/search?q=private-search-term").await);
    answers.push(ann.get("/v1/users?email=bob@example.org").await);
    answers.push(ann.get("/v1/rooms/not-an-id").await);
    answers.push(
        ann.post(
            "/v1/auth/login",
            json!({"email": "ann@example.org", "password": "wrong horse"}),
        )
        .await,
    );
    let mut socket = bob.socket(server, &[]).await;
    let a = ann.socket(server, &[]).await;
    socket.say(&room, "a private word").await;
    a.close().await;
    let refused = Socket::connect(server, "access_token=forged.token.value").await;
    assert_eq!(refused.err().unwrap().status, 401);
    let mut header = ann.request(reqwest::Method::GET, "/v1/rooms");
    header = header.header("cookie", "cs_access=cookie.token.value");
    answers.push(ann.send(header).await);
    let renewed = ann
        .post(
            "/v1/auth/refresh",
            json!({"refresh_token": ann.refresh_token()}),
        )
        .await;
    let of_renewed = |name: &str| renewed.body[name].as_str().unwrap().to_owned();
    let mut secrets: Vec<String> = [
        "correct horse",
        "wrong horse",
        "private",
        "forged.token",
        "cookie.token",
        "access_token=",
        "example.org",
    ]
    .map(str::to_owned)
    .into();
    secrets.extend([ann.access_token().into(), ann.refresh_token().into()]);
    secrets.extend([of_renewed("access_token"), of_renewed("refresh_token")]);
    answers.push(
        ann.post(
            "/v1/auth/logout",
            json!({"refresh_token": renewed.body["refresh_token"]}),
        )
        .await,
    );
    let told = answers.iter().map(|answer| {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        (id.to_owned(), answer.status)
    });
    let told = told.collect();
    (secrets, told)
}

#[tokio::test]
async fn the_log_holds_no_secret_and_every_request_by_its_id() {
    let start = Start::default().with("LOG_LEVEL", "debug");
    let mut server = start.start().await;
    let (secrets, requests) = busy_run(&server).await;
    server.signal("TERM");
    server.ended().await;
    server.wait_for_log("gone");
    let log = server.log_text();
    for secret in &secrets {
        assert!(
            !log.contains(secret.as_str()),
            "{secret:?} is in the log:\n{log}"
        );
    }
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines
        .iter()
        .filter(|line| line["fields"]["message"] == "answered");
    let spans: Vec<_> = answered.map(|line| &line["spans"][0]).collect();
    assert!(
        spans
            .iter()
            .all(|span| span["request_id"].as_str().is_some_and(|id| !id.is_empty()))
    );
    for (id, status) in requests {
        let of_request: Vec<_> = spans
            .iter()
            .filter(|span| span["request_id"] == id)
            .collect();
        assert_eq!(of_request.len(), 1, "{id}");
        assert_eq!(of_request[0]["status"], status);
    }
    assert!(
        spans
            .iter()
            .any(|span| span["path"] == "/ws" && span["status"] == 101)
    );
}
