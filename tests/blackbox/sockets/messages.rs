use serde_json::json;

use super::{Scene, events, fields};

const MESSAGE: [&str; 9] = [
    "id",
    "room_id",
    "sender_id",
    "username",
    "content",
    "attachments",
    "status",
    "created_at",
    "updated_at",
];

#[tokio::test]
async fn a_message_sent_over_a_socket_is_acknowledged_and_reaches_everybody() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    let mut other_of_ann = ann.socket(&server, &[&room]).await;
    let mut b = bob.socket(&server, &[&room]).await;
    let attachment =
        json!({"url": "https://files.example/a.png", "mime_type": "image/png", "size_bytes": 7});
    let data = json!({"room_id": room, "content": "hi", "attachments": [attachment], "client_msg_id": "c1"});
    a.command("ref-1", "send_message", data).await;
    let ack = a.answer("ref-1").await;
    assert_eq!(ack["event"], "ack");
    let message = &ack["data"]["message"];
    assert!(
        MESSAGE.iter().all(|name| !message[name].is_null()),
        "{message}"
    );
    assert_eq!(
        (&message["content"], &message["attachments"]),
        (&json!("hi"), &json!([attachment]))
    );
    assert_eq!(
        (&message["sender_id"], &message["username"]),
        (&json!(ann.id()), &json!("Ann"))
    );
    assert_eq!(
        (&message["status"], &message["client_msg_id"]),
        (&json!("SENT"), &json!("c1"))
    );
    assert!(message["created_at"].as_str().unwrap().ends_with('Z'));
    for socket in [&mut a, &mut other_of_ann, &mut b] {
        let heard = socket.hear("receive_message").await;
        assert_eq!((&heard["seq"], &heard["data"]), (&json!(4), message));
    }
    let listed = bob.get(&format!("/v1/rooms/{room}/messages")).await.body;
    assert_eq!(listed["messages"][0]["id"], message["id"]);
}

#[tokio::test]
async fn a_reference_is_repeated_as_it_came_and_without_one_there_is_no_answer() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let send = |content: &str| json!({"room_id": room, "content": content});
    socket
        .send(json!({"event": "send_message", "id": 17, "data": send("numbered")}))
        .await;
    assert_eq!(socket.answer(17).await["event"], "ack");
    socket.until("numbered").await;
    socket
        .send(json!({"event": "send_message", "data": send("silent")}))
        .await;
    socket
        .send(json!({"event": "send_message", "data": send("silent too"), "id": null}))
        .await;
    assert_eq!(
        events(&socket.until("silent too").await),
        ["receive_message"; 2]
    );
    socket.say(&room, "end").await;
    assert_eq!(events(&socket.until("end").await), ["receive_message"]);
}

#[tokio::test]
async fn fields_that_are_not_known_are_ignored() {
    let Scene {
        server, ann, room, ..
    } = Scene::new().await;
    let mut socket = ann.socket(&server, &[&room]).await;
    let data = json!({"room_id": room, "content": "hi", "sender_id": "somebody else", "mood": 1});
    socket
        .send(json!({"event": "send_message", "id": "1", "data": data, "more": []}))
        .await;
    assert_eq!(
        socket.answer("1").await["data"]["message"]["sender_id"],
        ann.id()
    );
}

#[tokio::test]
async fn a_repeated_client_msg_id_answers_the_first_message_and_tells_nobody_again() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let data =
        |content: &str| json!({"room_id": room, "content": content, "client_msg_id": "once"});
    a.command("1", "send_message", data("first")).await;
    let first = a.answer("1").await["data"].clone();
    assert_eq!(first["repeated"], false);
    a.command("2", "send_message", data("another text")).await;
    let second = a.answer("2").await["data"].clone();
    assert_eq!(
        (&second["repeated"], &second["message"]),
        (&json!(true), &first["message"])
    );
    let third = ann.post(&path, data("over REST")).await;
    assert_eq!((third.status, &third.body), (200, &first["message"]));
    // The same reference of another sender is another message.
    assert_eq!(bob.post(&path, data("of Bob")).await.status, 201);
    for socket in [&mut a, &mut b] {
        let heard = socket.until("of Bob").await;
        let messages = heard
            .iter()
            .filter(|frame| frame["event"] == "receive_message");
        assert_eq!(messages.count(), 2, "{heard:#?}");
    }
}

#[tokio::test]
async fn a_repeat_over_a_socket_of_what_rest_sent_is_the_same_message() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut b = bob.socket(&server, &[&room]).await;
    let data = json!({"room_id": room, "content": "first", "client_msg_id": "once"});
    let sent = ann
        .post(&format!("/v1/rooms/{room}/messages"), data.clone())
        .await;
    assert_eq!(sent.status, 201);
    let mut a = ann.socket(&server, &[&room]).await;
    a.command("again", "send_message", data).await;
    let answer = a.answer("again").await["data"].clone();
    assert_eq!(
        (&answer["repeated"], &answer["message"]),
        (&json!(true), &sent.body)
    );
    a.say(&room, "end").await;
    let heard: Vec<_> = b.until("end").await;
    assert_eq!(
        events(&heard),
        ["receive_message", "presence.changed", "receive_message"]
    );
}

#[tokio::test]
async fn messages_over_rest_and_over_a_socket_reach_sockets_in_the_same_form() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let mut a = ann.socket(&server, &[]).await;
    let mut b = bob.socket(&server, &[]).await;
    let by_rest = ann.say(&room, "one").await;
    let by_socket = a.say(&room, "two").await;
    let (one, two) = (
        b.hear("receive_message").await,
        b.hear("receive_message").await,
    );
    assert_eq!((&one["data"], &two["data"]), (&by_rest, &by_socket));
    assert_eq!(
        (fields(&one), fields(&one["data"])),
        (fields(&two), fields(&two["data"]))
    );
    assert_eq!((&one["seq"], &two["seq"]), (&json!(4), &json!(5)));
    assert_eq!(one["data"]["seq"], 4);
}

#[tokio::test]
async fn edits_and_deletions_are_told_with_their_seq() {
    let Scene {
        server,
        ann,
        bob,
        room,
    } = Scene::new().await;
    let message = ann.say(&room, "helo").await;
    let id = message["id"].as_str().unwrap();
    let mut b = bob.socket(&server, &[]).await;
    let path = format!("/v1/rooms/{room}/messages/{id}");
    let edited = ann.patch(&path, json!({"content": "hello"})).await;
    assert_eq!(edited.status, 200);
    let updated = b.expect("message.updated").await;
    assert_eq!(
        (&updated["seq"], &updated["data"]),
        (&json!(5), &edited.body)
    );
    assert_eq!(updated["data"]["content"], "hello");
    assert_eq!(ann.delete(&path).await.status, 204);
    let deleted = b.expect("message.deleted").await;
    assert_eq!(deleted["seq"], 6);
    assert_eq!(
        (&deleted["data"]["id"], &deleted["data"]["room_id"]),
        (&json!(id), &json!(room))
    );
}
