use deadpool_postgres::Pool;
use testkit::postgres::Postgres as Server;

use super::*;
use crate::postgres::Address;

fn options(dsn: &str) -> PostgresOptions {
    PostgresOptions {
        statement_timeout: Duration::from_millis(1500),
        lock_timeout: Duration::from_micros(1),
        ..PostgresOptions::new(Address::parse(dsn).unwrap())
    }
}

async fn shown(pool: &Pool, setting: &str) -> String {
    let client = pool.get().await.unwrap();
    let row = client.query_one(&format!("SHOW {setting}"), &[]).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn a_session_has_its_settings_from_its_first_statement_on() {
    let own =
        "options=-c%20work_mem%3D1MB%20-c%20statement_timeout%3D0%20-c%20TimeZone%3DAsia/Tokyo";
    let dsn = format!(
        "{}?{own}&application_name=shop",
        Server::shared().database()
    );
    let pool = Pool::builder(manager(&options(&dsn)).unwrap());
    let pool = pool.max_size(1).build().unwrap();
    for (setting, value) in [
        ("statement_timeout", "1500ms"),
        // Not rounded down to nothing, which would be no bound.
        ("lock_timeout", "1ms"),
        ("idle_in_transaction_session_timeout", "1500ms"),
        ("TimeZone", "UTC"),
        ("synchronous_commit", "on"),
        ("work_mem", "1MB"),
        ("application_name", "shop"),
    ] {
        assert_eq!(shown(&pool, setting).await, value, "{setting}");
    }
}

#[test]
fn a_dead_peer_is_noticed_unless_the_dsn_says_when() {
    let usual = |dsn: &str| {
        let options = options(dsn);
        config(&options, Bounds::usual(&options))
    };
    let plain = usual("postgres://db/chat");
    assert_eq!(
        plain.get_connect_timeout(),
        Some(&Duration::from_millis(2500))
    );
    assert_eq!(plain.get_tcp_user_timeout(), Some(&PEER_IS_GONE));
    assert_eq!(plain.get_keepalives_idle(), Duration::from_secs(15));
    assert_eq!(
        plain.get_keepalives_interval(),
        Some(Duration::from_secs(5))
    );
    assert_eq!(plain.get_keepalives_retries(), Some(3));
    let own = usual(
        "postgres://db/chat?connect_timeout=9&tcp_user_timeout=8000&keepalives_idle=7&keepalives_interval=6&keepalives_count=5",
    );
    assert_eq!(own.get_connect_timeout(), Some(&Duration::from_secs(9)));
    assert_eq!(own.get_tcp_user_timeout(), Some(&Duration::from_secs(8)));
    assert_eq!(own.get_keepalives_idle(), Duration::from_secs(7));
    assert_eq!(own.get_keepalives_interval(), Some(Duration::from_secs(6)));
    assert_eq!(own.get_keepalives_retries(), Some(5));
}

#[test]
fn each_host_has_its_time() {
    let one = options("postgres://one/chat");
    let three = options("postgres://one,two,three/chat");
    assert_eq!(time_to_connect(&one), one.connect_timeout);
    assert_eq!(time_to_connect(&three), one.connect_timeout * 3);
}

#[test]
fn a_wait_is_shortened_by_chance_and_by_half_at_most() {
    let waits: Vec<_> = (0..100).map(|_| jittered(BACKOFF.0)).collect();
    assert!(
        waits
            .iter()
            .all(|wait| (BACKOFF.0 / 2..BACKOFF.0).contains(wait))
    );
    assert!(waits.iter().any(|wait| *wait != waits[0]));
}
