use serde_json::json;

use super::rig::{Fleet, wait_for_bus};

#[tokio::test]
async fn log_ins_of_an_account_share_one_quota_over_all_nodes() {
    let fleet = Fleet::with(&[("RATE_LOGIN_ACCOUNT", "6/1h")]).await;
    let ann = fleet.nodes[0].user("Ann").await;
    let body = json!({"email": "ann@example.org", "password": "wrong horse"});
    let mut statuses = Vec::new();
    // The log-in above was the first of the six.
    for i in 0..12 {
        let node = &fleet.nodes[i % 3];
        let answer = node.client().post("/v1/auth/login", body.clone()).await;
        if answer.status == 429 {
            answer.assert_problem(429, "rate_limited");
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        }
        statuses.push(answer.status);
    }
    let expected: Vec<_> = [401; 5].into_iter().chain([429; 7]).collect();
    assert_eq!(statuses, expected);
    assert_eq!(ann.get("/v1/rooms").await.status, 200);
}

#[tokio::test]
async fn messages_of_a_user_share_one_quota_over_nodes_and_doors() {
    let fleet = Fleet::with(&[("RATE_MESSAGES_USER", "6/1h")]).await;
    let ann = fleet.nodes[0].user("Ann").await;
    let room = ann.room("General", &[]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let mut taken = 0;
    for i in 0..6 {
        let node = &fleet.nodes[i % 3];
        let client = ann.at(node);
        let sent = client.post(&path, json!({"content": "over REST"})).await;
        taken += usize::from(sent.status == 201);
        let mut socket = client.socket(node, &[]).await;
        let data = json!({"room_id": room, "content": "over a socket"});
        socket.command("1", "send_message", data).await;
        let answer = socket.answer("1").await;
        if answer["event"] == "error" {
            assert_eq!(answer["data"]["code"], "rate_limited", "{answer}");
            assert!(answer["data"]["retry_after_ms"].is_u64(), "{answer}");
        } else {
            taken += 1;
        }
    }
    assert_eq!(taken, 6);
    assert_eq!(fleet.query("SELECT count(*) FROM messages"), "6");
}

#[tokio::test]
async fn while_redis_is_away_each_node_counts_by_itself() {
    let fleet = Fleet::alone(&[("RATE_LOGIN_ACCOUNT", "3/1h")]).await;
    fleet.redis.freeze();
    for node in &fleet.nodes {
        wait_for_bus(node, "degraded").await;
        let body = json!({"email": "ann@example.org", "password": "wrong horse"});
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(
                node.client()
                    .post("/v1/auth/login", body.clone())
                    .await
                    .status,
            );
        }
        assert_eq!(statuses, [401, 401, 401, 429, 429]);
    }
}
