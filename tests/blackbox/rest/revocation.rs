//! The ends of log-ins other than a log-out.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{assert_refused, messages_of};
use crate::{
    api::{Answer, Client},
    server::{Server, Start},
};

const LOGIN: &str = "/v1/auth/login";
const LOGOUT_ALL: &str = "/v1/auth/logout-all";
const PASSWORD: &str = "/v1/auth/password";
const DEACTIVATE: &str = "/v1/auth/deactivate";

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

/// Without a limit on log-ins, of which these tests make many.
async fn start() -> Server {
    let start = Start::default().with("RATE_LOGIN_ACCOUNT", "off");
    start.start().await
}

async fn again(server: &Server) -> Client {
    server.client().log_in("ann@example.org", OLD).await
}

async fn log_in(server: &Server, password: &str) -> Answer {
    let body = json!({"email": "ann@example.org", "password": password});
    server.client().post(LOGIN, body).await
}

fn change(current: impl Into<Value>, new: impl Into<Value>) -> Value {
    json!({"current_password": current.into(), "new_password": new.into()})
}

async fn renew(client: &Client) -> Answer {
    let body = json!({"refresh_token": client.refresh_token()});
    client.post("/v1/auth/refresh", body).await
}

async fn stands(client: &Client) -> bool {
    client.get("/v1/rooms").await.status == 200
}

async fn assert_ended(client: &Client) {
    let read = client.get("/v1/rooms").await;
    read.assert_problem(401, "session_ended");
    let renewed = renew(client).await;
    renewed.assert_problem(401, "refresh_token_invalid");
}

/// What a browser is told of its cookies.
fn clears_cookies(answer: &Answer) -> bool {
    let set = answer.headers.get_all("set-cookie").iter();
    let set: Vec<_> = set.map(|cookie| cookie.to_str().unwrap()).collect();
    ["cs_access=;", "cs_csrf=;"]
        .iter()
        .all(|name| set.iter().any(|cookie| cookie.starts_with(name)))
}

#[tokio::test]
async fn a_log_out_from_everywhere_ends_every_log_in_of_the_caller_and_no_other() {
    let server = start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let phone = again(&server).await;
    let mut sockets = [
        ann.socket(&server, &[]).await,
        phone.socket(&server, &[]).await,
    ];
    let mut bobs = bob.socket(&server, &[]).await;
    let room = bob.room("General", &[]).await;
    let out = ann.poke(LOGOUT_ALL).await;
    assert_eq!(out.status, 204, "{out:?}");
    assert!(clears_cookies(&out), "{out:?}");
    for client in [&ann, &phone] {
        assert_ended(client).await;
    }
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4401);
    }
    let refused = ann.poke(LOGOUT_ALL).await;
    refused.assert_problem(401, "session_ended");
    assert!(stands(&bob).await);
    bobs.say(&room, "still here").await;
    assert!(stands(&again(&server).await).await);
}

#[tokio::test]
async fn a_new_password_ends_the_other_log_ins_and_keeps_the_callers_own() {
    let server = start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let phone = again(&server).await;
    let room = ann.room("General", &[]).await;
    let mut own = ann.socket(&server, &[]).await;
    let mut other = phone.socket(&server, &[]).await;
    let changed = ann.post(PASSWORD, change(OLD, NEW)).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(other.closed().await, 4401);
    assert_ended(&phone).await;
    own.say(&room, "still here").await;
    assert!(stands(&ann).await);
    assert_eq!(renew(&ann).await.status, 200);
    assert!(stands(&bob).await);
    let refused = log_in(&server, OLD).await;
    refused.assert_problem(401, "invalid_credentials");
    assert_eq!(log_in(&server, NEW).await.status, 200);
    // Nobody else's password has changed.
    server.client().log_in("bob@example.org", OLD).await;
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let server = start().await;
    let ann = server.user("Ann").await;
    let phone = again(&server).await;
    for wrong in ["Correct horse", NEW, "", "x", "\0", &"x".repeat(500)] {
        let refused = ann.post(PASSWORD, change(wrong, NEW)).await;
        refused.assert_problem(401, "invalid_credentials");
        let refused = ann.post(DEACTIVATE, json!({"password": wrong})).await;
        refused.assert_problem(401, "invalid_credentials");
    }
    assert!(stands(&ann).await && stands(&phone).await);
    let refused = log_in(&server, NEW).await;
    refused.assert_problem(401, "invalid_credentials");
    assert_eq!(log_in(&server, OLD).await.status, 200);
}

#[tokio::test]
async fn a_new_password_keeps_the_rules_and_every_broken_one_is_told() {
    let server = start().await;
    let ann = server.user("Ann").await;
    let none = ann.post(PASSWORD, json!({})).await;
    assert_refused(&none, "current_password", "missing");
    assert_refused(&none, "new_password", "missing");
    let none = ann.post(DEACTIVATE, json!({})).await;
    assert_refused(&none, "password", "missing");
    for (new, code) in [
        ("short", "too_short"),
        (&*"x".repeat(129), "too_long"),
        ("battery\0staple", "nul"),
    ] {
        let refused = ann.post(PASSWORD, change(OLD, new)).await;
        assert_refused(&refused, "new_password", code);
    }
    let wrong = ann.post(PASSWORD, change(7, NEW)).await;
    wrong.assert_problem(400, "invalid_body");
    assert_eq!(log_in(&server, OLD).await.status, 200);
    // As long as the rules allow, and the same again, is fine.
    let long = "🔑".repeat(128);
    for (current, new) in [(OLD, &*long), (&long, &long), (&long, OLD)] {
        let changed = ann.post(PASSWORD, change(current, new)).await;
        assert_eq!(changed.status, 204, "{changed:?}");
    }
}

#[tokio::test]
async fn of_many_new_passwords_at_once_one_is_taken() {
    let server = start().await;
    let ann = server.user("Ann").await;
    let new = |number: usize| format!("{NEW} {number}");
    let tries = (0..8).map(|number| ann.post(PASSWORD, change(OLD, new(number))));
    let answers = join_all(tries).await;
    let taken: Vec<_> = (0..8).filter(|i| answers[*i].status == 204).collect();
    assert_eq!(taken.len(), 1, "{answers:?}");
    for (number, answer) in answers.iter().enumerate() {
        if number != taken[0] {
            answer.assert_problem(401, "invalid_credentials");
        }
        let is_good = log_in(&server, &new(number)).await.status == 200;
        assert_eq!(is_good, number == taken[0]);
    }
    let refused = log_in(&server, OLD).await;
    refused.assert_problem(401, "invalid_credentials");
}

/// Whichever comes first: a log-in is opened before and ends, or is refused.
#[tokio::test]
async fn no_log_in_by_the_old_password_outlives_a_new_one() {
    let server = start().await;
    let mut ann = server.user("Ann").await;
    for round in 0..5 {
        let (old, new) = (format!("{OLD} {round}"), format!("{NEW} {round}"));
        let before = if round == 0 {
            OLD
        } else {
            &format!("{NEW} {}", round - 1)
        };
        assert_eq!(ann.post(PASSWORD, change(before, &*old)).await.status, 204);
        let log_ins = join_all((0..6).map(|_| log_in(&server, &old)));
        let (changed, log_ins) = tokio::join!(ann.post(PASSWORD, change(&*old, &*new)), log_ins);
        assert_eq!(changed.status, 204, "{changed:?}");
        for answer in log_ins {
            if answer.status == 200 {
                assert_ended(&ann.with_tokens(answer.body)).await;
            } else {
                answer.assert_problem(401, "invalid_credentials");
            }
        }
        let renewed = renew(&ann).await;
        assert_eq!(renewed.status, 200, "{renewed:?}");
        ann = ann.with_tokens(renewed.body);
    }
}

#[tokio::test]
async fn no_log_in_outlives_a_deactivation() {
    let server = start().await;
    let ann = server.user("Ann").await;
    let log_ins = join_all((0..8).map(|_| log_in(&server, OLD)));
    let deactivation = ann.post(DEACTIVATE, json!({"password": OLD}));
    let (deactivated, log_ins) = tokio::join!(deactivation, log_ins);
    assert_eq!(deactivated.status, 204, "{deactivated:?}");
    for answer in log_ins {
        if answer.status == 200 {
            assert_ended(&ann.with_tokens(answer.body)).await;
        } else {
            answer.assert_problem(401, "invalid_credentials");
        }
    }
}

#[tokio::test]
async fn a_deactivated_account_is_closed_to_all_and_keeps_its_name_and_its_words() {
    let server = start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let phone = again(&server).await;
    let room = ann.room("General", &[&bob]).await;
    ann.say(&room, "remember me").await;
    let mut sockets = [
        ann.socket(&server, &[]).await,
        phone.socket(&server, &[&room]).await,
    ];
    let gone = ann.post(DEACTIVATE, json!({"password": OLD})).await;
    assert_eq!(gone.status, 204, "{gone:?}");
    assert!(clears_cookies(&gone), "{gone:?}");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4401);
    }
    for client in [&ann, &phone] {
        assert_ended(client).await;
    }

    // As if the password were wrong, and as if there were no such account.
    let right = log_in(&server, OLD).await;
    right.assert_problem(401, "invalid_credentials");
    let body = json!({"email": "nobody@example.org", "password": OLD});
    let nobody = server.client().post(LOGIN, body).await;
    for part in ["status", "code", "title", "detail"] {
        assert_eq!(right.body[part], nobody.body[part], "{part}");
    }

    let history = bob.get(&messages_of(&room)).await;
    let message = &history.body["messages"][0];
    assert_eq!(message["content"], "remember me");
    assert_eq!(message["sender_id"], ann.id());
    assert_eq!(message["username"], "Ann");
    let members = bob.get(&format!("/v1/rooms/{room}/members")).await;
    let names: Vec<_> = members.body.as_array().unwrap().iter().collect();
    assert!(names.iter().any(|m| m["username"] == "Ann"), "{members:?}");
    assert_eq!(bob.get("/v1/users?email=ann@example.org").await.status, 200);
    for (name, email, code) in [
        ("Other", "Ann@example.org", "email_taken"),
        ("ANN", "other@example.org", "username_taken"),
    ] {
        let account = json!({"username": name, "email": email, "password": OLD});
        let refused = server.client().post("/v1/auth/register", account).await;
        refused.assert_problem(409, code);
    }
    assert!(stands(&bob).await);
}

/// Ann's log-in was the first of the three that are allowed.
#[tokio::test]
async fn a_password_that_is_tried_counts_as_a_log_in_to_the_account() {
    let start = Start::default().with("RATE_LOGIN_ACCOUNT", "3/1h");
    let server = start.start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    // What is malformed tries nothing.
    for _ in 0..5 {
        let broken = ann.post(PASSWORD, change("wrong horse", "short")).await;
        broken.assert_problem(400, "validation_failed");
    }
    let wrong = ann.post(PASSWORD, change("wrong horse", NEW)).await;
    wrong.assert_problem(401, "invalid_credentials");
    let wrong = ann
        .post(DEACTIVATE, json!({"password": "wrong horse"}))
        .await;
    wrong.assert_problem(401, "invalid_credentials");
    for refused in [
        ann.post(PASSWORD, change(OLD, NEW)).await,
        ann.post(DEACTIVATE, json!({"password": OLD})).await,
        log_in(&server, OLD).await,
    ] {
        refused.assert_problem(429, "rate_limited");
        let limit = refused.headers["ratelimit"].to_str().unwrap();
        assert!(limit.starts_with("\"login_account\";r=0;"), "{limit}");
    }
    assert!(stands(&ann).await);
    assert_eq!(bob.post(PASSWORD, change(OLD, NEW)).await.status, 204);
}
