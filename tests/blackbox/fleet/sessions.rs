use super::rig::Fleet;

#[tokio::test]
async fn a_log_out_on_one_node_closes_the_sockets_and_ends_the_token_on_the_others() {
    let fleet = Fleet::start().await;
    let [a, b, c] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    let room = ann.room("General", &[]).await;
    let again = ann.log_in("ann@example.org", "correct horse").await;
    let mut ended = [
        ann.at(b).socket(b, &[]).await,
        ann.at(c).socket(c, &[&room]).await,
        ann.socket(a, &[]).await,
    ];
    let mut stays = again.at(b).socket(b, &[]).await;
    assert_eq!(ann.poke("/v1/auth/logout").await.status, 204);
    for node in [b, c, a] {
        let refused = ann.at(node).get("/v1/rooms").await;
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    for socket in &mut ended {
        assert_eq!(socket.closed().await, 4401);
    }
    stays.say(&room, "still here").await;
}

#[tokio::test]
async fn a_refresh_token_is_spent_once_whichever_nodes_it_is_sent_to() {
    let fleet = Fleet::start().await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    for i in 0..5 {
        let ann = a.user(&format!("Ann{i}")).await;
        let body = serde_json::json!({"refresh_token": ann.refresh_token()});
        let (here, there) = (a.client(), b.client());
        let (one, other) = tokio::join!(
            here.post("/v1/auth/refresh", body.clone()),
            there.post("/v1/auth/refresh", body.clone())
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{one:?} {other:?}");
    }
}
