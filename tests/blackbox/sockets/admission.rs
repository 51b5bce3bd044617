use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use tokio_tungstenite::tungstenite::Message;

use super::{
    Scene,
    raw::{CLOSE, Raw},
};
use crate::{
    api::{Answer, Client},
    server::{Server, Start, eventually},
    socket::{Refused, Socket},
};

async fn open(server: &Server, client: &Client, from: &str) -> Result<Socket, Refused> {
    let query = format!("access_token={}", client.access_token());
    Socket::connect_as(server, &query, &[("x-forwarded-for", from)]).await
}

/// Asks for a socket that there is no place for.
async fn refused(client: &Client, from: &str) -> Answer {
    let request = client.request(Method::GET, "/ws");
    let answer = client.send(request.header("x-forwarded-for", from)).await;
    answer.assert_problem(503, "too_many_sockets");
    answer
}

/// The times to wait, in milliseconds and in whole seconds, that the refusal names.
fn wait(answer: &Answer) -> (u64, u64) {
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    (
        answer.body["retry_after_ms"].as_u64().unwrap(),
        seconds.parse().unwrap(),
    )
}

const HOME: &str = "192.0.2.1";

#[tokio::test]
async fn a_user_has_so_many_sockets_and_one_that_closes_gives_its_place_back() {
    let scene = Scene::with(Start::default().with("WS_SOCKETS_USER", "2")).await;
    let (server, ann, bob) = (&scene.server, &scene.ann, &scene.bob);
    let one = ann.socket(server, &[]).await;
    let mut two = ann.socket(server, &[]).await;
    refused(ann, HOME).await;
    let _bobs = bob.socket(server, &[]).await;
    one.close().await;
    let mut again = eventually("its place is free", async || {
        open(server, ann, HOME).await.ok()
    })
    .await;
    again.expect("ready").await;
    refused(ann, HOME).await;
    // Those that are open go on.
    two.say(&scene.room, "hi").await;
    again.hear("receive_message").await;
}

#[tokio::test]
async fn those_who_are_refused_are_told_to_come_back_at_different_times() {
    let start = Start::default()
        .with("WS_SOCKETS_USER", "1")
        .with("RECONNECT_SPREAD", "10s");
    let scene = Scene::with(start).await;
    let _one = scene.ann.socket(&scene.server, &[]).await;
    let mut waits = HashSet::new();
    for _ in 0..10 {
        let (milliseconds, seconds) = wait(&refused(&scene.ann, HOME).await);
        assert!((5_000..=15_000).contains(&milliseconds), "{milliseconds}");
        assert_eq!(seconds, milliseconds.div_ceil(1_000));
        waits.insert(milliseconds);
    }
    assert!(waits.len() > 1, "all wait {waits:?}");
}

#[tokio::test]
async fn the_cap_of_the_node_holds_for_all_users_and_however_many_come_at_once() {
    let scene = Scene::with(Start::default().with("WS_SOCKETS_NODE", "5")).await;
    let (server, ann, bob) = (&scene.server, &scene.ann, &scene.bob);
    let clients = [ann, bob].into_iter().cycle().take(20);
    let opened = join_all(clients.map(|client| open(server, client, HOME))).await;
    let (open, refusals): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
    assert_eq!(open.len(), 5);
    for refusal in refusals {
        let told = refusal
            .err()
            .map(|it| (it.status, it.problem["code"].clone()));
        assert_eq!(told, Some((503, "too_many_sockets".into())));
    }
    let health = server.client().get("/health").await;
    assert_eq!(health.body["clients"], 5);
    // A call is no socket.
    assert_eq!(ann.get("/v1/rooms").await.status, 200);
    drop(open);
    eventually("there is room again", async || {
        self::open(server, bob, HOME).await.ok()
    })
    .await;
}

#[tokio::test]
async fn an_address_has_so_many_sockets_whoever_they_are_of() {
    let start = Start::default()
        .with("WS_SOCKETS_ADDRESS", "2")
        .with("TRUSTED_PROXIES", "1");
    let scene = Scene::with(start).await;
    let (server, ann, bob) = (&scene.server, &scene.ann, &scene.bob);
    // An IPv6 client has a /64.
    for (network, others) in [
        ([HOME, HOME, HOME], "192.0.2.2"),
        (
            ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::"],
            "2001:db8:1:3::1",
        ),
    ] {
        let [first, second, third] = network;
        let _anns = open(server, ann, first).await.unwrap();
        let _bobs = open(server, bob, second).await.unwrap();
        refused(ann, third).await;
        refused(bob, third).await;
        open(server, ann, others).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_client_says_about_its_address_is_not_believed() {
    let scene = Scene::with(Start::default().with("WS_SOCKETS_ADDRESS", "1")).await;
    let _anns = open(&scene.server, &scene.ann, HOME).await.unwrap();
    refused(&scene.bob, "192.0.2.2").await;
}

#[tokio::test]
async fn a_socket_that_answers_no_ping_loses_its_place_to_a_new_one_of_its_user() {
    let start = Start::default()
        .with("WS_SOCKETS_USER", "1")
        .with("WS_PING_INTERVAL", "100ms")
        .with("WS_PONG_TIMEOUT", "1h");
    let scene = Scene::with(start).await;
    let (server, ann) = (&scene.server, &scene.ann);
    let mut silent = Raw::open(server, ann.access_token()).await;
    let mut new = eventually("the silent one has lost its place", async || {
        open(server, ann, HOME).await.ok()
    })
    .await;
    let close = silent.next(CLOSE).await;
    assert_eq!(u16::from_be_bytes([close[0], close[1]]), 4409);
    new.expect("ready").await;
    new.say(&scene.room, "here instead").await;
}

#[tokio::test]
async fn a_socket_that_answers_pings_and_says_nothing_else_keeps_its_place() {
    let start = Start::default()
        .with("WS_SOCKETS_USER", "1")
        .with("WS_PING_INTERVAL", "1s")
        .with("WS_PONG_TIMEOUT", "1h");
    let scene = Scene::with(start).await;
    let (server, ann) = (&scene.server, &scene.ann);
    let mut quiet = ann.socket(server, &[]).await;
    // A ping is answered when the next message is read.
    let mut pings = 0;
    while pings < 3 {
        if let Some(Message::Ping(_)) = quiet.next_message().await {
            pings += 1;
        }
    }
    let reading_on = async { while quiet.next_message().await.is_some() {} };
    tokio::select! {
        _ = refused(ann, HOME) => {}
        () = reading_on => panic!("it has lost its place"),
    }
    quiet.say(&scene.room, "still here").await;
}

#[tokio::test]
async fn a_cap_that_is_off_is_none() {
    for (cap, expected) in [(None, false), (Some("off"), true)] {
        let start = cap.iter().fold(Start::default(), |start, cap| {
            start
                .with("WS_SOCKETS_USER", cap)
                .with("WS_SOCKETS_NODE", cap)
                .with("WS_SOCKETS_ADDRESS", cap)
        });
        let scene = Scene::with(start).await;
        let (server, ann) = (&scene.server, &scene.ann);
        let opened = join_all((0..50).map(|_| open(server, ann, HOME))).await;
        assert!(opened.iter().all(Result::is_ok), "50 are let in by default");
        assert_eq!(open(server, ann, HOME).await.is_ok(), expected, "{cap:?}");
    }
}
