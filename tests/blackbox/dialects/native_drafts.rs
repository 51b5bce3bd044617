use serde_json::{Value, json};

use super::rig::{ALICE, FlatGuest, StreamGuest, join_room, member};
use crate::{api::Client, server::Server, socket::Socket};

/// A guest of each dialect in `global`, and an account with a socket there.
struct Scene {
    server: Server,
    alice: FlatGuest,
    cat: StreamGuest,
    ann: Client,
    native: Socket,
    room: String,
}

async fn scene() -> Scene {
    let server = Server::start().await;
    let mut alice = FlatGuest::enter(&server, ALICE).await;
    let ann = server.user("Ann").await;
    let room = join_room(&ann, "global").await;
    alice.joined((ann.id(), "Ann")).await;
    let native = ann.socket(&server, &[&room]).await;
    let cat = StreamGuest::join(&server, "Cat", 3).await;
    alice.next().await;
    Scene {
        server,
        alice,
        cat,
        ann,
        native,
        room,
    }
}

/// Carries out a command, and gives back the data of its `ack`.
async fn done(socket: &mut Socket, event: &str, data: Value) -> Value {
    socket.command("do", event, data).await;
    let answer = socket.answer("do").await;
    assert_eq!(answer["event"], "ack", "{answer}");
    answer["data"].clone()
}

/// Begins a draft, and gives back its id.
async fn started(socket: &mut Socket, room: &str) -> String {
    let data = json!({"room_id": room, "kind": "draft"});
    let begun = done(socket, "stream.start", data).await;
    begun["stream"]["id"].as_str().unwrap().to_owned()
}

async fn append(socket: &mut Socket, id: &str, index: usize, delta: &str) {
    let data = json!({"id": id, "index": index, "delta": delta});
    done(socket, "stream.append", data).await;
}

/// Follows a stream from this text until it is that one.
async fn follow(socket: &mut Socket, id: &Value, text: &mut String, wanted: &str) {
    while text.as_str() != wanted {
        let told = socket.hear("stream.delta").await["data"].clone();
        assert_eq!(told["id"], *id, "{told}");
        let index = usize::try_from(told["index"].as_u64().unwrap()).unwrap();
        *text = text.chars().take(index).collect();
        *text += told["delta"].as_str().unwrap();
    }
}

#[tokio::test]
async fn what_a_guest_is_writing_is_told_natively_and_not_in_flat() {
    let Scene {
        mut alice,
        mut cat,
        ann,
        mut native,
        room,
        server: _server,
    } = scene().await;
    let guest = member(&ann, &room, "Cat").await;
    cat.type_out("hell").await;
    cat.draft("Cat", &["hell"]).await;
    let begun = native.hear("stream.started").await["data"].clone();
    for (field, value) in [
        ("room_id", json!(room)),
        ("user_id", guest["user_id"].clone()),
        ("username", json!("Cat")),
        ("kind", json!("draft")),
    ] {
        assert_eq!(begun[field], value, "{field}: {begun}");
    }
    let mut text = begun["text"].as_str().unwrap().to_owned();
    follow(&mut native, &begun["id"], &mut text, "hell").await;
    for wanted in ["hello 👋", "help"] {
        cat.type_out(wanted).await;
        cat.draft("Cat", &[wanted]).await;
        follow(&mut native, &begun["id"], &mut text, wanted).await;
    }
    cat.commit("help me").await;
    cat.committed_draft("Cat", "help me").await;
    let received = native.hear("receive_message").await["data"].clone();
    assert_eq!(
        (&received["content"], &received["sender_id"]),
        (&json!("help me"), &guest["user_id"])
    );
    let of_cat = guest["guest_id"].as_str().unwrap();
    alice.chat((of_cat, "Cat"), "help me").await;
}

#[tokio::test]
async fn a_draft_that_a_guest_clears_is_cleared_natively() {
    let Scene {
        mut alice,
        mut cat,
        mut native,
        server: _server,
        ..
    } = scene().await;
    cat.type_out("never mind").await;
    cat.draft("Cat", &["never mind"]).await;
    let begun = native.hear("stream.started").await["data"].clone();
    let mut text = begun["text"].as_str().unwrap().to_owned();
    follow(&mut native, &begun["id"], &mut text, "never mind").await;
    cat.type_out("").await;
    cat.draft("Cat", &[""]).await;
    // By its end, or by a text that is empty.
    let is_clear = |frame: &Value| {
        let data = &frame["data"];
        let is_emptied = (&data["index"], &data["delta"]) == (&json!(0), &json!(""));
        let (event, is_its) = (frame["event"].as_str(), data["id"] == begun["id"]);
        is_its && (event == Some("stream.aborted") || event == Some("stream.delta") && is_emptied)
    };
    native.take(is_clear).await;
    alice.say("end").await;
    alice.chat(ALICE, "end").await;
    native.until("end").await;
}

#[tokio::test]
async fn what_a_native_is_writing_is_shown_in_stream_and_not_in_flat() {
    let Scene {
        mut alice,
        mut cat,
        ann,
        mut native,
        room,
        server: _server,
    } = scene().await;
    let id = started(&mut native, &room).await;
    append(&mut native, &id, 0, "hell").await;
    cat.draft("Ann", &["hell"]).await;
    append(&mut native, &id, 4, "o 👋").await;
    cat.draft("Ann", &["hello 👋"]).await;
    let data = json!({"id": id, "text": "help"});
    done(&mut native, "stream.replace", data).await;
    cat.draft("Ann", &["help"]).await;
    done(&mut native, "stream.finish", json!({"id": id})).await;
    cat.committed_draft("Ann", "help").await;
    let message = alice.chat((ann.id(), "Ann"), "help").await;
    assert_eq!(message["messageId"], json!(id));
    alice.say("end").await;
    alice.chat(ALICE, "end").await;
    cat.committed("Alice", "end").await;
}

#[tokio::test]
async fn a_draft_that_a_native_gives_up_is_cleared_in_stream() {
    let Scene {
        mut alice,
        mut cat,
        mut native,
        room,
        server: _server,
        ..
    } = scene().await;
    let id = started(&mut native, &room).await;
    append(&mut native, &id, 0, "never mind").await;
    cat.draft("Ann", &["never mind"]).await;
    done(&mut native, "stream.abort", json!({"id": id})).await;
    cat.draft("Ann", &[""]).await;
    alice.say("end").await;
    alice.chat(ALICE, "end").await;
    cat.committed("Alice", "end").await;
}

#[tokio::test]
async fn the_drafts_of_a_native_who_does_not_share_them_are_not_shown_in_stream() {
    let Scene {
        mut alice,
        mut cat,
        ann,
        mut native,
        room,
        server: _server,
    } = scene().await;
    let path = format!("/v1/users/{}/drafts", ann.id());
    let set = ann.patch(&path, json!({"shared": false})).await;
    assert_eq!(set.status, 204, "{set:?}");
    let id = started(&mut native, &room).await;
    append(&mut native, &id, 0, "for nobody yet").await;
    alice.say("meanwhile").await;
    alice.chat(ALICE, "meanwhile").await;
    cat.committed("Alice", "meanwhile").await;
    done(&mut native, "stream.finish", json!({"id": id})).await;
    cat.committed("Ann", "for nobody yet").await;
    alice.chat((ann.id(), "Ann"), "for nobody yet").await;
}
