use serde_json::json;

use super::{Scene, events};
use crate::{api::Client, server::eventually};

async fn online(client: &Client, room: &str) -> (u64, Vec<String>) {
    let answer = client.get(&format!("/v1/rooms/{room}/presence")).await;
    assert_eq!(answer.status, 200);
    let users = answer.body["users"].as_array().unwrap();
    let names = users
        .iter()
        .map(|user| user["username"].as_str().unwrap().to_owned());
    (answer.body["online"].as_u64().unwrap(), names.collect())
}

fn both() -> (u64, Vec<String>) {
    (2, vec!["Ann".into(), "Bob".into()])
}

#[tokio::test]
async fn who_comes_and_goes_is_told_to_the_others_and_listed() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    assert_eq!(online(&ann, &room).await, (0, vec![]));
    let mut a = ann.socket(&server, &[]).await;
    assert_eq!(online(&bob, &room).await, (1, vec!["Ann".into()]));
    let b = bob.socket(&server, &[&room]).await;
    // As soon as he is ready, and not some time after.
    assert_eq!(online(&ann, &room).await, both());
    let told = |status: &str| json!({"room_id": room, "user_id": bob.id(), "username": "Bob", "status": status});
    assert_eq!(a.expect("presence.changed").await["data"], told("ONLINE"));
    b.close().await;
    assert_eq!(a.expect("presence.changed").await["data"], told("OFFLINE"));
    assert_eq!(online(&ann, &room).await, (1, vec!["Ann".into()]));
}

#[tokio::test]
async fn a_user_with_two_sockets_comes_with_the_first_and_goes_with_the_last() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    let one = bob.socket(&server, &[]).await;
    let two = bob.socket(&server, &[&room]).await;
    assert_eq!(online(&ann, &room).await, both());
    one.close().await;
    ann.say(&room, "one is closed").await;
    assert_eq!(
        events(&a.until("one is closed").await),
        ["presence.changed", "receive_message"]
    );
    assert_eq!(online(&ann, &room).await, both());
    drop(two);
    assert_eq!(
        a.expect("presence.changed").await["data"]["status"],
        "OFFLINE"
    );
    assert_eq!(online(&ann, &room).await.0, 1);
}

#[tokio::test]
async fn presence_is_of_the_rooms_that_a_socket_follows() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let second = ann.room("Second", &[&bob]).await;
    let _b = bob.socket(&server, &[&second]).await;
    assert_eq!(online(&ann, &room).await.0, 0);
    assert_eq!(online(&ann, &second).await.0, 1);
    let eve = server.user("Eve").await;
    eve.get(&format!("/v1/rooms/{room}/presence"))
        .await
        .assert_problem(404, "room_not_found");
}

#[tokio::test]
async fn presence_follows_membership() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let eve = server.user("Eve").await;
    let mut a = ann.socket(&server, &[]).await;
    let mut e = eve.socket(&server, &[]).await;
    let members = format!("/v1/rooms/{room}/members");
    ann.post(&members, json!({"user_id": eve.id()})).await;
    e.hear("room_added").await;
    assert_eq!(a.hear("presence.changed").await["data"]["status"], "ONLINE");
    assert_eq!(online(&ann, &room).await.0, 2);
    ann.delete(&format!("{members}/{}", eve.id())).await;
    assert_eq!(
        a.hear("presence.changed").await["data"]["status"],
        "OFFLINE"
    );
    assert_eq!(online(&ann, &room).await.0, 1);
}

#[tokio::test]
async fn sockets_that_come_and_go_in_haste_leave_nobody_behind() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    for _ in 0..30 {
        drop(bob.socket(&server, &[]).await);
    }
    eventually("nobody is online", async || {
        (online(&ann, &room).await.0 == 0).then_some(())
    })
    .await;
    let clients = server.client().get("/health").await.body["clients"].clone();
    assert_eq!(clients, 0);
}
