use serde_json::json;

use super::{assert_refused, assert_user};
use crate::{api::Answer, server::Server};

const REGISTER: &str = "/v1/auth/register";
const LOGIN: &str = "/v1/auth/login";

#[tokio::test]
async fn an_account_is_made_and_answered_without_its_password() {
    let server = Server::start().await;
    let body = json!({"username": " Zoë ", "email": "Zoe@Example.ORG", "password": "correct horse", "age": 7});
    let made = server.client().post(REGISTER, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_user(&made.body, "Zoë", "zoe@example.org");
    assert_eq!(made.body["status"], "OFFLINE");
    assert!(!made.body.to_string().contains("correct horse"));
}

#[tokio::test]
async fn name_is_an_alias_of_username() {
    let server = Server::start().await;
    let body = json!({"name": "Ann", "email": "ann@example.org", "password": "correct horse"});
    let made = server.client().post(REGISTER, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_user(&made.body, "Ann", "ann@example.org");
    let body = json!({"username": "Bob", "name": "Other", "email": "bob@example.org", "password": "correct horse"});
    let both = server.client().post(REGISTER, body).await;
    assert_user(&both.body, "Bob", "bob@example.org");
}

#[tokio::test]
async fn an_address_and_a_name_are_unique_whatever_their_case() {
    let server = Server::start().await;
    let register = async |name: &str, email: &str| {
        let body = json!({"username": name, "email": email, "password": "correct horse"});
        server.client().post(REGISTER, body).await
    };
    assert_eq!(register("Éva", "eva@example.org").await.status, 201);
    assert_eq!(register("Ann", "ann@example.org").await.status, 201);
    for email in [
        "ann@example.org",
        "ANN@example.org",
        " Ann@EXAMPLE.org ",
        "eva@example.ORG",
    ] {
        let again = register("Other", email).await;
        again.assert_problem(409, "email_taken");
    }
    for name in ["Ann", "aNN", " ANN ", "Éva"] {
        let again = register(name, "other@example.org").await;
        again.assert_problem(409, "username_taken");
    }
    // What was refused took nothing.
    assert_eq!(register("Other", "other@example.org").await.status, 201);
}

#[tokio::test]
async fn of_many_at_once_one_gets_the_name() {
    let server = Server::start().await;
    let client = server.client();
    let register = |i: u8| {
        let email = format!("ann{i}@example.org");
        client.post(
            REGISTER,
            json!({"username": "Ann", "email": email, "password": "correct horse"}),
        )
    };
    let answers = futures_util::future::join_all((0..8).map(register)).await;
    let made = answers.iter().filter(|a| a.status == 201).count();
    assert_eq!(made, 1);
    let refused: Vec<_> = answers.iter().filter(|a| a.status != 201).collect();
    refused
        .iter()
        .for_each(|a| a.assert_problem(409, "username_taken"));
}

#[tokio::test]
async fn every_field_that_breaks_a_rule_is_told_with_its_reason() {
    let server = Server::start().await;
    let client = server.client();
    let none = client.post(REGISTER, json!({})).await;
    for field in ["username", "email", "password"] {
        assert_refused(&none, field, "missing");
    }
    let all = client
        .post(
            REGISTER,
            json!({"username": "  ", "email": "ann", "password": "short"}),
        )
        .await;
    assert_refused(&all, "username", "empty");
    assert_refused(&all, "email", "not_an_email");
    assert_refused(&all, "password", "too_short");
    let long = "x".repeat(129);
    let all = client
        .post(
            REGISTER,
            json!({"username": "é".repeat(51), "email": format!("{}@example.org", "a".repeat(250)), "password": long}),
        )
        .await;
    for field in ["username", "email", "password"] {
        assert_refused(&all, field, "too_long");
    }
    let all = client
        .post(
            REGISTER,
            json!({"username": "a\nb", "email": "a\0@example.org", "password": "correct\0horse"}),
        )
        .await;
    assert_refused(&all, "username", "control_character");
    assert_refused(&all, "email", "nul");
    assert_refused(&all, "password", "nul");
}

#[tokio::test]
async fn names_and_passwords_may_be_as_long_as_the_rules_say() {
    let server = Server::start().await;
    let (name, password) = ("😀".repeat(50), "🔑".repeat(128));
    let body = json!({"username": name, "email": "ann@example.org", "password": password});
    let made = server.client().post(REGISTER, body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let ann = server.client().log_in("ann@example.org", &password).await;
    assert_eq!(ann.name(), name);
}

#[tokio::test]
async fn a_log_in_answers_a_pair_of_tokens_and_the_user() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let body =
        json!({"email": "ANN@example.org", "password": "correct horse", "device": {"os": "x"}});
    let answer = server.client().post(LOGIN, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_user(&answer.body["user"], "Ann", "ann@example.org");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["expires_in"], 900);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let token = answer.body["access_token"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3, "a JWT");
    assert!(answer.body["refresh_token"].as_str().unwrap().len() >= 32);
    // The one before is not ended by it.
    let me = ann.get(&format!("/v1/users/{}", ann.id())).await;
    assert_eq!(me.body, answer.body["user"]);
}

#[tokio::test]
async fn a_refused_log_in_does_not_tell_whether_there_is_an_account() {
    let server = Server::start().await;
    server.user("Ann").await;
    let try_it = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        server.client().post(LOGIN, body).await
    };
    let without_id = |answer: Answer| {
        answer.assert_problem(401, "invalid_credentials");
        let mut body = answer.body;
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    let wrong = without_id(try_it("ann@example.org", "wrong horse").await);
    for (email, password) in [
        ("bob@example.org", "correct horse"),
        ("no address", "correct horse"),
        ("ann@example.org", "short"),
        ("ann@example.org", ""),
        ("ann@example.org", "Correct horse"),
        ("ann@example.org", "correct horse "),
        ("", ""),
        ("ann@example.org\0", "correct horse"),
    ] {
        assert_eq!(without_id(try_it(email, password).await), wrong);
    }
    let empty = server.client().post(LOGIN, json!({})).await;
    assert_refused(&empty, "email", "missing");
    assert_refused(&empty, "password", "missing");
}
