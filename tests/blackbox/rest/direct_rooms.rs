use futures_util::future::join_all;
use serde_json::json;

use super::{NOBODY, assert_room, names};
use crate::{
    api::{Answer, Client},
    server::Server,
};

async fn open(client: &Client, peer: &str) -> Answer {
    let body = json!({"peer_user_id": peer});
    client.post("/v1/rooms/direct", body).await
}

#[tokio::test]
async fn two_users_have_one_direct_room_from_both_ends() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let mut ids = [ann.id(), bob.id()];
    ids.sort_unstable();
    let name = format!("dm:{}:{}", ids[0], ids[1]);
    let made = open(&bob, ann.id()).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_room(&made.body, &name, bob.id());
    assert_eq!(made.body["is_group"], false);
    assert_eq!(made.body["visibility"], "private");
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        let again = open(one, other.id()).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!(again.body["id"], made.body["id"]);
        assert_eq!(again.body["name"], *name);
        assert_eq!(names(&one.get("/v1/rooms").await), [&*name]);
    }
    let room = made.body["id"].as_str().unwrap();
    ann.say(room, "hi").await;
    bob.say(room, "hi yourself").await;
}

#[tokio::test]
async fn of_many_at_once_from_both_ends_one_makes_the_room() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let tries = (0..16).map(|i| {
        let (one, other) = if i % 2 == 0 {
            (&ann, &bob)
        } else {
            (&bob, &ann)
        };
        open(one, other.id())
    });
    let answers = join_all(tries).await;
    let made = answers.iter().filter(|a| a.status == 201).count();
    assert_eq!(made, 1);
    assert!(
        answers
            .iter()
            .all(|a| a.body["id"] == answers[0].body["id"])
    );
}

#[tokio::test]
async fn a_direct_room_has_two_users_who_exist() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    let alone = open(&ann, ann.id()).await;
    alone.assert_problem(400, "direct_room_with_oneself");
    let nobody = open(&ann, NOBODY).await;
    nobody.assert_problem(404, "user_not_found");
    for bad in [
        json!({}),
        json!({"peer_user_id": "bob"}),
        json!({"peer_user_id": null}),
    ] {
        let answer = ann.post("/v1/rooms/direct", bad).await;
        answer.assert_problem(400, "invalid_body");
    }
    assert!(names(&ann.get("/v1/rooms").await).is_empty());
}

#[tokio::test]
async fn a_direct_room_keeps_its_two_members() {
    let server = Server::start().await;
    let (ann, bob, cem) = (
        server.user("Ann").await,
        server.user("Bob").await,
        server.user("Cem").await,
    );
    let room = open(&ann, bob.id()).await.body;
    let path = format!("/v1/rooms/{}/members", room["id"].as_str().unwrap());
    let third = ann.post(&path, json!({"user_id": cem.id()})).await;
    third.assert_problem(403, "direct_room_is_fixed");
    for (who, whom) in [(&ann, &bob), (&bob, &ann), (&bob, &bob), (&ann, &ann)] {
        let removed = who.delete(&format!("{path}/{}", whom.id())).await;
        assert_eq!(removed.status, 403, "{removed:?}");
    }
    let outside = cem.get(&path).await;
    outside.assert_problem(404, "room_not_found");
    assert_eq!(ann.get(&path).await.body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_group_cannot_pass_for_a_direct_room() {
    let server = Server::start().await;
    let (ann, bob) = (server.user("Ann").await, server.user("Bob").await);
    let name = format!("dm:{}:{}", ann.id().min(bob.id()), ann.id().max(bob.id()));
    let fake = json!({"name": name, "is_group": false});
    let fake = ann.post("/v1/rooms", fake).await;
    assert_eq!(fake.body["is_group"], true, "{fake:?}");
    let real = open(&bob, ann.id()).await;
    assert_eq!(real.status, 201, "{real:?}");
    assert_ne!(real.body["id"], fake.body["id"]);
}
