use serde_json::json;

use super::rig::Fleet;

#[tokio::test]
async fn typing_is_told_on_the_other_nodes_until_it_stops() {
    let fleet = Fleet::with(&[("TYPING_TIMEOUT", "60s")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[]).await;
    let mut at_b = bob.socket(b, &[]).await;
    fleet.wait_for_listeners(&room, 2).await;
    let told = json!({"username": "Ann", "user_id": ann.id(), "room_id": room});
    for event in ["typing_start", "typing_stop"] {
        at_a.send(json!({"event": event, "data": {"room_id": room}}))
            .await;
        assert_eq!(at_b.hear(event).await["data"], told);
    }
}

#[tokio::test]
async fn receipts_are_told_and_counted_on_every_node() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut at_a = ann.socket(a, &[]).await;
    fleet.wait_for_listeners(&room, 1).await;
    let message = ann.say(&room, "hi").await;
    let path = format!(
        "/v1/rooms/{room}/messages/{}",
        message["id"].as_str().unwrap()
    );
    for (kind, status) in [("deliver", "DELIVERED"), ("read", "READ")] {
        assert_eq!(bob.poke(&format!("{path}/{kind}")).await.status, 204);
        let told = at_a.hear("receipt.updated").await;
        let expected = json!({"room_id": room, "user_id": bob.id(), "message_id": message["id"],
            "status": status, "message_seq": message["seq"]});
        assert_eq!(told["data"], expected);
        let listed = ann.at(c).get(&format!("/v1/rooms/{room}/messages")).await;
        assert_eq!(listed.body["messages"][0]["status"], status);
    }
}

#[tokio::test]
async fn edits_and_deletions_reach_the_other_nodes_in_their_order() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let (ann, bob) = tokio::join!(a.user("Ann"), b.user("Bob"));
    let room = ann.room("General", &[&bob]).await;
    let mut sockets = [bob.socket(b, &[]).await, bob.at(c).socket(c, &[]).await];
    let message = ann.say(&room, "frist").await;
    let path = format!(
        "/v1/rooms/{room}/messages/{}",
        message["id"].as_str().unwrap()
    );
    let edited = ann.at(c).patch(&path, json!({"content": "first"})).await;
    assert_eq!(edited.status, 200, "{edited:?}");
    assert_eq!(ann.at(b).delete(&path).await.status, 204);
    ann.say(&room, "second").await;
    for socket in &mut sockets {
        let mut heard = socket.until("second").await;
        heard.retain(|frame| frame["seq"].is_number());
        let events: Vec<_> = heard
            .iter()
            .map(|frame| (&frame["event"], &frame["seq"]))
            .collect();
        let expected = [
            (&json!("receive_message"), &json!(4)),
            (&json!("message.updated"), &json!(5)),
            (&json!("message.deleted"), &json!(6)),
            (&json!("receive_message"), &json!(7)),
        ];
        assert_eq!(events, expected);
        assert_eq!(heard[1]["data"]["content"], "first");
    }
    let found = bob.get("/v1/messages/search?q=second").await;
    assert_eq!(found.body["messages"].as_array().unwrap().len(), 1);
}
