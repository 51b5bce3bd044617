use serde_json::json;

use super::{NOBODY, assert_refused, assert_user, with_query};
use crate::server::Server;

#[tokio::test]
async fn a_user_is_found_by_address_whatever_its_case() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    for email in ["bob@example.org", "BOB@Example.org", " bob@example.org "] {
        let found = ann.get(&with_query("/v1/users", &[("email", email)])).await;
        assert_eq!(found.status, 200, "{found:?}");
        assert_user(&found.body, "Bob", "bob@example.org");
        assert_eq!(found.body["id"], bob.id());
    }
    let nobody = ann.get("/v1/users?email=nobody@example.org").await;
    nobody.assert_problem(404, "user_not_found");
}

#[tokio::test]
async fn a_search_for_a_user_needs_an_address() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    assert_refused(&ann.get("/v1/users").await, "email", "missing");
    assert_refused(&ann.get("/v1/users?email=").await, "email", "empty");
    let bad = ann.get("/v1/users?email=ann").await;
    assert_refused(&bad, "email", "not_an_email");
    // `+` in a query is a blank.
    let plus = ann.get("/v1/users?email=a+b@example.org").await;
    assert_refused(&plus, "email", "not_an_email");
    let nul = ann.get("/v1/users?email=a%00@example.org").await;
    assert_refused(&nul, "email", "nul");
    let twice = ann.get("/v1/users?email=a@b.org&email=b@b.org").await;
    twice.assert_problem(400, "invalid_query");
}

#[tokio::test]
async fn a_user_is_found_by_id() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let found = ann.get(&format!("/v1/users/{}", bob.id())).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(found.body, bob.tokens["user"]);
    let upper = ann
        .get(&format!("/v1/users/{}", bob.id().to_uppercase()))
        .await;
    assert_eq!(upper.status, 200);
    let nobody = ann.get(&format!("/v1/users/{NOBODY}")).await;
    nobody.assert_problem(404, "user_not_found");
    for bad in ["1", "no-id", "%00", "%F0%9F%98%80", "%FF", "me'--", "..%2F"] {
        let answer = ann.get(&format!("/v1/users/{bad}")).await;
        answer.assert_problem(400, "invalid_id");
    }
}

#[tokio::test]
async fn one_declares_oneself_here_or_away() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let (path, page) = (
        format!("/v1/users/{}/status", ann.id()),
        format!("/v1/users/{}", ann.id()),
    );
    for status in ["ONLINE", "ONLINE", "OFFLINE"] {
        let set = ann.patch(&path, json!({"status": status, "mood": 1})).await;
        assert_eq!(set.status, 204, "{set:?}");
        assert_eq!(bob.get(&page).await.body["status"], status);
    }
}

#[tokio::test]
async fn a_status_is_ones_own_and_one_of_two_words() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let path = |id: &str| format!("/v1/users/{id}/status");
    let online = json!({"status": "ONLINE"});
    let others = ann.patch(&path(bob.id()), online.clone()).await;
    others.assert_problem(403, "not_yours");
    let nobody = ann.patch(&path(NOBODY), online.clone()).await;
    nobody.assert_problem(404, "user_not_found");
    let malformed = ann.patch(&path("me"), online).await;
    malformed.assert_problem(400, "invalid_id");
    for bad in [
        json!({"status": "online"}),
        json!({"status": "AWAY"}),
        json!({"status": ""}),
        json!({"status": null}),
        json!({"status": 1}),
        json!({"status": ["ONLINE"]}),
        json!({"status": {"ONLINE": null}}),
        json!({}),
        json!(["ONLINE"]),
        json!("ONLINE"),
        json!(null),
    ] {
        let answer = ann.patch(&path(ann.id()), bad.clone()).await;
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
    }
    let page = ann.get(&format!("/v1/users/{}", ann.id())).await;
    assert_eq!(page.body["status"], "OFFLINE");
}
