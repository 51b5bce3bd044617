use serde_json::json;

use super::{Scene, fields};
use crate::server::{Server, Start};

#[tokio::test]
async fn ready_comes_first_and_has_exactly_this_shape() {
    let start = Start::default()
        .with("WS_PING_INTERVAL", "5s")
        .with("RECONNECT_SPREAD", "7s");
    let scene = Scene::with(start).await;
    let socket = scene.bob.socket(&scene.server, &[]).await;
    let ready = &socket.ready;
    assert_eq!(
        fields(ready),
        [
            "ping_interval_ms",
            "reconnect_spread_ms",
            "rooms",
            "session_id",
            "user"
        ]
    );
    assert_eq!(ready["reconnect_spread_ms"], 7_000);
    assert_eq!(ready["ping_interval_ms"], 5_000);
    let me = scene
        .bob
        .get(&format!("/v1/users/{}", scene.bob.id()))
        .await;
    assert_eq!(ready["user"], me.body);
    let rooms = json!([{"room_id": scene.room, "last_seq": 3, "last_read_seq": 3, "unread": 0}]);
    assert_eq!(ready["rooms"], rooms);
}

#[tokio::test]
async fn every_socket_has_a_session_id_of_its_own() {
    let scene = Scene::new().await;
    let one = scene.bob.socket(&scene.server, &[]).await;
    let two = scene.bob.socket(&scene.server, &[]).await;
    assert!(one.ready["session_id"].is_string());
    assert_ne!(one.ready["session_id"], two.ready["session_id"]);
}

#[tokio::test]
async fn ready_counts_what_others_said_since_the_user_last_read() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let first = ann.say(&room, "read").await;
    bob.say(&room, "his own does not count").await;
    let gone = ann.say(&room, "deleted").await;
    ann.say(&room, "unread").await;
    ann.say(&room, "unread too").await;
    let messages = format!("/v1/rooms/{room}/messages");
    let read = format!("{messages}/{}/read", first["id"].as_str().unwrap());
    assert_eq!(bob.poke(&read).await.status, 204);
    let delete = format!("{messages}/{}", gone["id"].as_str().unwrap());
    assert_eq!(ann.delete(&delete).await.status, 204);
    let socket = bob.socket(&server, &[&room]).await;
    let expected = json!([{"room_id": room, "last_seq": 9, "last_read_seq": 4, "unread": 2}]);
    assert_eq!(socket.ready["rooms"], expected);
    // The last event is the deletion, which nobody has to read.
    let newest = ann.get(&format!("{messages}?limit=1")).await.body["messages"][0]["id"].clone();
    let read = format!("{messages}/{}/read", newest.as_str().unwrap());
    assert_eq!(bob.poke(&read).await.status, 204);
    let socket = bob.socket(&server, &[]).await;
    assert_eq!(socket.ready["rooms"][0]["unread"], 0);
}

#[tokio::test]
async fn a_newcomer_has_nothing_unread() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    ann.say(&room, "before").await;
    let eve = server.user("Eve").await;
    let add = json!({"user_id": eve.id()});
    assert_eq!(
        ann.post(&format!("/v1/rooms/{room}/members"), add)
            .await
            .status,
        201
    );
    let socket = eve.socket(&server, &[]).await;
    let expected = json!([{"room_id": room, "last_seq": 5, "last_read_seq": 5, "unread": 0}]);
    assert_eq!(socket.ready["rooms"], expected);
}

#[tokio::test]
async fn a_user_without_rooms_is_ready_too() {
    let server = Server::start().await;
    let ann = server.user("Ann").await;
    assert_eq!(ann.socket(&server, &[]).await.ready["rooms"], json!([]));
}

#[tokio::test]
async fn a_socket_that_opens_while_others_talk_goes_on_exactly_where_ready_stood() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let talk = async {
        for i in 0..60 {
            ann.say(&room, &format!("m{i}")).await;
        }
    };
    let listen = async {
        let mut sockets = Vec::new();
        for _ in 0..12 {
            sockets.push(bob.socket(&server, &[]).await);
        }
        sockets
    };
    let (mut sockets, ()) = tokio::join!(listen, talk);
    ann.say(&room, "end").await;
    for socket in &mut sockets {
        let start = socket.ready["rooms"][0]["last_seq"].as_u64().unwrap();
        let heard = socket.until("end").await;
        let seqs: Vec<_> = heard
            .iter()
            .map(|frame| frame["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, (start + 1..=64).collect::<Vec<_>>());
    }
}
