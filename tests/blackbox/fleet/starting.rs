use std::{fs, path::Path, thread};

use testkit::{postgres::Postgres, redis::Redis};

use super::rig::{Backend, Fleet};
use crate::server::{Start, run};

/// Nodes of a fleet that is not up.
async fn nobody() -> Fleet {
    let (postgres, redis) = (Postgres::shared(), Redis::shared());
    Fleet::over(Backend::Shared(postgres), Backend::Shared(redis), &[]).await
}

/// How many migrations there are.
fn migrations() -> usize {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");
    fs::read_dir(folder).unwrap().count()
}

fn migrate(folder: &Path, dsn: &str) -> String {
    let output = run(folder, &["migrate"], &[("DATABASE_URL", dsn)]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn ten_nodes_that_start_at_once_on_an_empty_database_migrate_it_once_and_all_serve() {
    let mut fleet = nobody().await;
    fleet.add_nodes(10).await;
    let applied = fleet.query("SELECT count(*) FROM refinery_schema_history");
    assert_eq!(applied, migrations().to_string());
    let ann = fleet.nodes[0].user("Ann").await;
    let room = ann.room("General", &[]).await;
    let mut sockets = Vec::new();
    for node in &fleet.nodes {
        sockets.push(ann.at(node).socket(node, &[]).await);
    }
    for (i, node) in fleet.nodes.iter().enumerate() {
        ann.at(node).say(&room, &i.to_string()).await;
    }
    for socket in &mut sockets {
        for i in 0..fleet.nodes.len() {
            let heard = socket.hear("receive_message").await;
            assert_eq!(heard["data"]["content"], i.to_string());
        }
    }
}

#[test]
fn migrate_applies_each_migration_once_however_many_run_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let dsn = Postgres::shared().database();
    let said: Vec<String> = thread::scope(|scope| {
        let work = || migrate(folder.path(), &dsn);
        let runs: Vec<_> = (0..5).map(|_| scope.spawn(work)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let applied = said
        .concat()
        .lines()
        .filter(|line| line.starts_with("applied "))
        .count();
    assert_eq!(applied, migrations(), "{said:?}");
    assert_eq!(migrate(folder.path(), &dsn), "the schema is up to date\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_newer_than_the_binary_refuses_it_with_a_clear_word() {
    let fleet = nobody().await;
    let folder = tempfile::tempdir().unwrap();
    migrate(folder.path(), &fleet.dsn);
    fleet.query(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         VALUES (9999, 'from_the_future', '2030-01-01T00:00:00Z', '1')",
    );
    let (status, said) = fleet.node().spawn().refused().await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("newer than this program"), "{said}");
    assert!(said.contains("from_the_future"), "{said}");
    let output = run(folder.path(), &["migrate"], &[("DATABASE_URL", &fleet.dsn)]);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn a_postgres_that_comes_late_is_waited_for() {
    let postgres = Box::new(Postgres::start());
    let mut fleet = Fleet::over(
        Backend::Own(postgres),
        Backend::Shared(Redis::shared()),
        &[],
    )
    .await;
    fleet.postgres.kill();
    let starting = fleet.node().spawn();
    let line = starting.wait_for_log("cannot connect to PostgreSQL");
    let port = fleet.postgres.port();
    assert_eq!(line["fields"]["host"], format!("127.0.0.1:{port}"));
    assert_eq!(line["fields"]["sslmode"], "prefer");
    fleet.postgres.restart();
    fleet.nodes.push(starting.listening().await);
    fleet.nodes[0].user("Ann").await;
}

#[tokio::test]
async fn a_node_that_waits_for_postgres_ends_when_it_is_told_to() {
    let starting = Start::default()
        .with("DATABASE_URL", "postgres://chat@127.0.0.1:1/gone")
        .with("DB_START_TIMEOUT", "1h")
        .spawn();
    starting.wait_for_log("cannot connect to PostgreSQL");
    starting.signal("TERM");
    let (status, said) = starting.refused().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("gone before it was up"), "{said}");
}

#[tokio::test]
async fn a_postgres_that_cannot_be_had_is_named_with_its_database_and_tls_mode_and_without_the_password()
 {
    let postgres = Postgres::start();
    let database = postgres.database();
    let name = database.rsplit('/').next().unwrap();
    let dsn = "CREATE ROLE guarded LOGIN PASSWORD 'the right one'";
    postgres.query(&database, dsn);
    let rules = "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    fs::write(postgres.folder().join("data/pg_hba.conf"), rules).unwrap();
    postgres.query(&database, "SELECT pg_reload_conf()");

    let port = postgres.port();
    let wrong_password = format!("127.0.0.1:{port}/{name}?sslmode=disable");
    let no_tls = format!("127.0.0.1:{port}/{name}?sslmode=require");
    for (place, host, database, mode) in [
        (
            wrong_password.as_str(),
            format!("127.0.0.1:{port}"),
            name,
            "disable",
        ),
        (&no_tls, format!("127.0.0.1:{port}"), name, "require"),
        (
            "127.0.0.1:1/gone",
            "127.0.0.1:1".to_owned(),
            "gone",
            "prefer",
        ),
        (
            "nobody.invalid/gone?sslmode=verify-full",
            "nobody.invalid:5432".to_owned(),
            "gone",
            "verify-full",
        ),
    ] {
        let dsn = format!("postgres://guarded:not-the-right-one@{place}");
        let starting = Start::default()
            .with("DATABASE_URL", &dsn)
            .with("DB_START_TIMEOUT", "1s");
        let (status, said) = starting.spawn().refused().await;
        assert_eq!(status.code(), Some(1), "{said}");
        for part in [
            host,
            format!("database {database}"),
            format!("sslmode {mode}"),
        ] {
            assert!(said.contains(&part), "{part} is not in: {said}");
        }
        assert!(!said.contains("not-the-right-one"), "{said}");
        let folder = tempfile::tempdir().unwrap();
        let settings = [("DATABASE_URL", dsn.as_str()), ("DB_START_TIMEOUT", "0s")];
        let output = run(folder.path(), &["migrate"], &settings);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = format!("{output:?}");
        assert!(said.contains(&format!("database {database}")), "{said}");
        assert!(!said.contains("not-the-right-one"), "{said}");
    }
}

#[tokio::test]
async fn redis_without_postgres_is_refused() {
    let redis = Redis::shared().url();
    let (status, said) = Start::default()
        .with("REDIS_URL", &redis)
        .spawn()
        .refused()
        .await;
    assert_eq!(status.code(), Some(78), "{said}");
    assert!(
        said.contains("REDIS_URL") && said.contains("DATABASE_URL"),
        "{said}"
    );
}
