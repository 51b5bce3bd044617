use crate::server::Server;

#[tokio::test]
async fn health_needs_no_token_and_counts_the_open_sockets() {
    let server = Server::start().await;
    let client = server.client();
    for path in ["/health", "/v1/health"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["status"], "ok");
        assert_eq!(answer.body["clients"], 0);
    }
    let ann = server.user("Ann").await;
    let one = ann.socket(&server, &[]).await;
    let _two = ann.socket(&server, &[]).await;
    for path in ["/health", "/v1/health"] {
        assert_eq!(client.get(path).await.body["clients"], 2);
    }
    one.close().await;
    // A token that is bad is of no matter where none is needed.
    let mut thief = ann.clone();
    thief.tokens["access_token"] = "nonsense".into();
    assert_eq!(thief.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_node_that_serves_is_live_and_ready() {
    let server = Server::start().await;
    let client = server.client();
    let live = client.get("/health/live").await;
    assert_eq!(
        (live.status, live.body["status"].as_str()),
        (200, Some("live"))
    );
    let ready = client.get("/health/ready").await;
    assert_eq!(
        (ready.status, ready.body["status"].as_str()),
        (200, Some("ready"))
    );
}
