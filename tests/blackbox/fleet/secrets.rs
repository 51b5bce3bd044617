use testkit::{postgres::Postgres, redis::Redis};

use super::rig::{Backend, Fleet, readiness, wait_for_bus};
use crate::server::eventually;

const OF_POSTGRES: &str = "a-word-for-postgres";
const OF_REDIS: &str = "a-word-for-redis";

#[tokio::test]
async fn the_passwords_of_postgres_and_redis_stand_nowhere_in_the_log() {
    let postgres = Box::new(Postgres::start());
    let redis = Box::new(Redis::start_with(&["--requirepass", OF_REDIS]));
    let url = format!("redis://:{OF_REDIS}@127.0.0.1:{}", redis.port());
    let settings = [("REDIS_URL", url.as_str()), ("LOG_LEVEL", "debug")];
    let mut fleet = Fleet::over(Backend::Own(postgres), Backend::Own(redis), &settings).await;
    let dsn = fleet.dsn.replace("chat@", &format!("chat:{OF_POSTGRES}@"));
    fleet
        .nodes
        .push(fleet.node().with("DATABASE_URL", &dsn).start().await);
    let node = &fleet.nodes[0];
    wait_for_bus(node, "connected").await;
    let ann = node.user("Ann").await;
    let room = ann.room("General", &[]).await;
    ann.socket(node, &[]).await.say(&room, "hi").await;

    fleet.redis.kill();
    wait_for_bus(node, "degraded").await;
    fleet.postgres.kill();
    eventually("the node is not ready", async || {
        (readiness(node).await.status == 503).then_some(())
    })
    .await;
    ann.get("/v1/rooms")
        .await
        .assert_problem(503, "unavailable");

    let log = node.log_text();
    assert!(
        log.contains(&format!("127.0.0.1:{}", fleet.postgres.port())),
        "{log}"
    );
    assert!(
        log.contains(&format!("127.0.0.1:{}", fleet.redis.port())),
        "{log}"
    );
    assert!(
        !log.contains(OF_POSTGRES) && !log.contains(OF_REDIS),
        "{log}"
    );
}

#[tokio::test]
async fn a_wrong_password_of_redis_leaves_the_node_serving_and_says_why_without_it() {
    let redis = Box::new(Redis::start_with(&["--requirepass", OF_REDIS]));
    let url = format!("redis://:not-{OF_REDIS}@127.0.0.1:{}", redis.port());
    let postgres = Backend::Shared(Postgres::shared());
    let mut fleet = Fleet::over(postgres, Backend::Own(redis), &[("REDIS_URL", &url)]).await;
    fleet.nodes.push(fleet.node().start().await);
    let node = &fleet.nodes[0];
    wait_for_bus(node, "degraded").await;
    node.user("Ann").await;
    eventually("the log says why", async || {
        let log = node.log_text();
        assert!(!log.contains(OF_REDIS), "{log}");
        log.contains("WRONGPASS").then_some(())
    })
    .await;
}
