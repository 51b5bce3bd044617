use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::messages_of;
use crate::{
    api::{Answer, Client},
    server::{PATIENCE, Server, Start},
    socket::Socket,
};

const REGISTER: &str = "/v1/auth/register";
const LOGIN: &str = "/v1/auth/login";

fn account(name: &str) -> Value {
    let email = format!("{name}@example.org");
    json!({"username": name, "email": email, "password": "correct horse"})
}

/// Makes an account, with what the client or a proxy writes into X-Forwarded-For.
async fn register_from(client: &Client, forwarded: &str, name: &str) -> Answer {
    let request = client
        .request(Method::POST, REGISTER)
        .header("X-Forwarded-For", forwarded)
        .json(&account(name));
    client.send(request).await
}

async fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    server.client().post(LOGIN, body).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    Some(answer.headers.get(name)?.to_str().unwrap())
}

/// What the RateLimit header tells: whose it is, how many are left, and the seconds until all are there again.
#[track_caller]
fn left(answer: &Answer) -> (String, u64, u64) {
    let text = header(answer, "ratelimit").unwrap_or_else(|| panic!("no RateLimit: {answer:?}"));
    let mut parts = text.split(';');
    let name = parts.next().unwrap().trim_matches('"').to_owned();
    let mut number = |key: &str| {
        let part = parts.next().unwrap();
        part.strip_prefix(key).unwrap().parse().unwrap()
    };
    (name, number("r="), number("t="))
}

/// Asserts a refusal by this limit, of which one comes back within `most` seconds, and gives the milliseconds to wait.
#[track_caller]
fn assert_limited(answer: &Answer, limit: &str, most: u64) -> u64 {
    answer.assert_problem(429, "rate_limited");
    let (name, remaining, reset) = left(answer);
    assert_eq!((name.as_str(), remaining), (limit, 0), "{answer:?}");
    let wait = answer.body["retry_after_ms"].as_u64().unwrap();
    let seconds: u64 = header(answer, "retry-after").unwrap().parse().unwrap();
    assert_eq!(seconds, wait.div_ceil(1_000).max(1), "{answer:?}");
    assert!((1..=most).contains(&seconds), "{answer:?}");
    assert!(reset >= seconds, "{answer:?}");
    wait
}

#[tokio::test]
async fn accounts_are_limited_for_each_address_that_a_trusted_proxy_names() {
    let server = Start::default()
        .with("TRUSTED_PROXIES", "1")
        .with("RATE_REGISTER_IP", "2/1h")
        .start()
        .await;
    let client = server.client();
    for (address, again, other) in [
        ("192.0.2.1", "6.6.6.6, 192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"),
    ] {
        let name = |suffix: &str| format!("{}-{suffix}", address.replace([':', '.'], "-"));
        for suffix in ["a", "b"] {
            let made = register_from(&client, address, &name(suffix)).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
        let refused = register_from(&client, again, &name("c")).await;
        assert_limited(&refused, "register_ip", 1_800);
        let made = register_from(&client, other, &name("c")).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
}

#[tokio::test]
async fn a_forged_address_evades_no_limit() {
    let server = Start::default()
        .with("RATE_REGISTER_IP", "2/1h")
        .start()
        .await;
    let client = server.client();
    for (address, name) in [("192.0.2.1", "ann"), ("192.0.2.2", "bob")] {
        assert_eq!(register_from(&client, address, name).await.status, 201);
    }
    let refused = register_from(&client, "192.0.2.3", "cid").await;
    assert_limited(&refused, "register_ip", 1_800);
}

#[tokio::test]
async fn a_body_that_is_broken_makes_no_account_and_does_not_count() {
    let server = Start::default()
        .with("RATE_REGISTER_IP", "1/1h")
        .start()
        .await;
    let client = server.client();
    for _ in 0..3 {
        let refused = client.post(REGISTER, json!({"username": "ann"})).await;
        refused.assert_problem(400, "validation_failed");
    }
    let made = client.post(REGISTER, account("ann")).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(left(&made).0, "register_ip");
    assert_eq!(left(&made).1, 0);
}

#[tokio::test]
async fn log_ins_and_renewals_of_one_address_share_a_limit() {
    let server = Start::default()
        .with("RATE_LOGIN_IP", "3/1h")
        .with("RATE_LOGIN_ACCOUNT", "off")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let wrong = log_in(&server, "nobody@example.org", "wrong horse").await;
    wrong.assert_problem(401, "invalid_credentials");
    assert_eq!(left(&wrong).1, 1);
    let refresh = json!({"refresh_token": ann.refresh_token()});
    let renewed = server.client().post("/v1/auth/refresh", refresh).await;
    assert_eq!((renewed.status, left(&renewed).1), (200, 0));
    let refresh = json!({"refresh_token": renewed.body["refresh_token"]});
    let refused = server.client().post("/v1/auth/refresh", refresh).await;
    assert_limited(&refused, "login_ip", 1_200);
    let refused = log_in(&server, "ann@example.org", "correct horse").await;
    assert_limited(&refused, "login_ip", 1_200);
}

#[tokio::test]
async fn log_ins_to_one_account_are_limited_whether_it_exists_or_not() {
    let server = Start::default()
        .with("RATE_LOGIN_ACCOUNT", "3/1h")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let bob = server.user("Bob").await;
    // One of the three was Ann's log-in.
    for (email, tries) in [
        ("ann@example.org", 2),
        ("nobody@example.org", 3),
        ("nobody", 3),
    ] {
        for _ in 0..tries {
            let wrong = log_in(&server, email, "wrong horse").await;
            wrong.assert_problem(401, "invalid_credentials");
        }
        let refused = log_in(&server, &email.to_uppercase(), "correct horse").await;
        assert_limited(&refused, "login_account", 1_200);
    }
    assert_eq!(ann.get("/v1/rooms").await.status, 200);
    let again = log_in(&server, "bob@example.org", "correct horse").await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(bob.get("/v1/rooms").await.status, 200);
}

#[tokio::test]
async fn the_calls_of_a_user_are_limited_together_and_every_answer_says_how_many_are_left() {
    let server = Start::default()
        .with("RATE_REST_USER", "4/1h")
        .start()
        .await;
    let (ann, bob) = tokio::join!(server.user("Ann"), server.user("Bob"));
    let elsewhere = server
        .client()
        .log_in("ann@example.org", "correct horse")
        .await;
    for (client, path, status, remaining) in [
        (&ann, "/v1/rooms", 200, 3),
        (&elsewhere, "/v1/users/x", 400, 2),
        (&ann, "/v1/users?email=nobody@example.org", 404, 1),
        (&elsewhere, "/v1/rooms", 200, 0),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let policy = header(&answer, "ratelimit-policy");
        assert_eq!(policy, Some("\"rest_user\";q=4;w=3600"));
        let (name, told, reset) = left(&answer);
        assert_eq!((name.as_str(), told), ("rest_user", remaining));
        assert!((1..=3_600).contains(&reset), "{answer:?}");
    }
    for client in [&ann, &elsewhere] {
        assert_limited(&client.get("/v1/rooms").await, "rest_user", 900);
    }
    let query = format!("access_token={}", ann.access_token());
    let refused = Socket::connect(&server, &query).await.err().unwrap();
    assert_eq!(refused.status, 429);
    assert_eq!(refused.problem["code"], "rate_limited");
    assert_eq!(bob.get("/v1/rooms").await.status, 200);
}

#[tokio::test]
async fn an_answer_tells_the_tightest_of_its_limits() {
    let server = Start::default()
        .with("RATE_MESSAGES_USER", "2/1h")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    for remaining in [1, 0] {
        let sent = ann.post(&path, json!({"content": "hi"})).await;
        assert_eq!(sent.status, 201, "{sent:?}");
        let (name, told, _) = left(&sent);
        assert_eq!((name.as_str(), told), ("messages_user", remaining));
    }
    let refused = ann.post(&path, json!({"content": "hi"})).await;
    assert_limited(&refused, "messages_user", 1_800);
    let read = ann.get(&path).await;
    assert_eq!((read.status, left(&read).0.as_str()), (200, "rest_user"));
}

#[tokio::test]
async fn who_waits_as_told_gets_through_and_a_retried_message_is_one() {
    let server = Start::default()
        .with("RATE_MESSAGES_USER", "1/2s")
        .start()
        .await;
    let ann = server.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = messages_of(&room);
    let send = async |number: usize| {
        let reference = number.to_string();
        let message = json!({"content": reference, "client_msg_id": reference});
        ann.post(&path, message).await
    };
    // As many as are granted, until one is refused; that one is tried again, as told.
    let sending = async {
        let mut number = 0;
        loop {
            let sent = send(number).await;
            if sent.status != 201 {
                let wait = assert_limited(&sent, "messages_user", 2);
                sleep(Duration::from_millis(wait)).await;
                assert_eq!(send(number).await.status, 201);
                return number;
            }
            number += 1;
        }
    };
    let last = tokio::time::timeout(PATIENCE, sending).await.unwrap();
    let read = ann.get(&path).await;
    let expected: Vec<_> = (0..=last).rev().map(|number| number.to_string()).collect();
    assert_eq!(super::contents(&read), expected);
}

#[tokio::test]
async fn a_limit_that_is_off_is_none() {
    let server = Start::default().with("RATE_REST_USER", "off").start().await;
    let ann = server.user("Ann").await;
    let answer = ann.get("/v1/rooms").await;
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "ratelimit"), None);
    assert_eq!(header(&answer, "ratelimit-policy"), None);
}
