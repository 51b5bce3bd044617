use std::{fs, time::Duration};

use futures_util::future::join_all;
use repository::postgres::{OpenError, migrate};
use testkit::postgres::Postgres;
use tokio_postgres::NoTls;

use crate::{options, reach};

/// All that there are.
fn all() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_that_start_together_migrate_once() {
    let dsn = Postgres::shared().database();
    let options = options(&dsn);
    let nodes = (0..10).map(|_| {
        let options = options.clone();
        tokio::spawn(async move { migrate(&options).await.unwrap() })
    });
    let reports = join_all(nodes).await;
    let mut applied: Vec<String> = reports.into_iter().flat_map(Result::unwrap).collect();
    applied.sort();
    assert_eq!(applied, all());
    let history = "SELECT 'V' || version || '__' || name FROM refinery_schema_history ORDER BY 1";
    let history = Postgres::shared().query(&dsn, history);
    assert_eq!(history.lines().collect::<Vec<_>>(), all());
}

#[tokio::test]
async fn the_database_of_a_newer_program_is_refused_each_time() {
    let server = Postgres::shared();
    let dsn = server.database();
    reach(&dsn).await.unwrap();
    let newer = "INSERT INTO refinery_schema_history \
                 VALUES (9999, 'from_the_future', '2100-01-01T00:00:00Z', '1')";
    server.query(&dsn, newer);
    for _ in 0..2 {
        let error = reach(&dsn).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer(_)), "{error:?}");
        assert_eq!(
            error.to_string(),
            "the database is newer than this program: it has the migration V9999__from_the_future; \
             run the newer program"
        );
    }
}

#[tokio::test]
async fn a_database_with_another_history_is_refused() {
    let server = Postgres::shared();
    let dsn = server.database();
    reach(&dsn).await.unwrap();
    server.query(
        &dsn,
        "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1",
    );
    let error = reach(&dsn).await.unwrap_err();
    assert!(matches!(error, OpenError::Diverged(_)), "{error:?}");
}

#[tokio::test]
async fn what_stands_against_a_migration_is_told() {
    let server = Postgres::shared();
    let dsn = server.database();
    let role = dsn.replace(|c: char| !c.is_alphanumeric(), "_");
    server.query(&dsn, &format!("CREATE ROLE {role} LOGIN"));
    server.query(&dsn, "REVOKE CREATE ON SCHEMA public FROM public");
    let error = reach(&dsn.replace("chat@", &format!("{role}@")))
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Migration(_)), "{error:?}");
    let said = error.to_string();
    assert!(
        said.contains("permission denied for schema public (42501)"),
        "{said}"
    );
}

#[tokio::test]
async fn a_node_that_migrates_for_too_long_is_not_waited_for() {
    let server = Postgres::shared();
    let dsn = server.database();
    let (holder, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    // All versions of the program share this key, so it never changes.
    let lock = "SELECT pg_advisory_lock(7163082360012498802)";
    holder.batch_execute(lock).await.unwrap();

    let mut impatient = options(&dsn);
    impatient.start_timeout = Duration::from_millis(500);
    let error = migrate(&impatient).await.unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    // It waits no longer, on the server neither.
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(server.query(&dsn, waiting), "0");

    let patient = options(&dsn);
    let patient = tokio::spawn(async move { migrate(&patient).await });
    let asks = holder.prepare(waiting).await.unwrap();
    loop {
        let row = holder.query_one(&asks, &[]).await.unwrap();
        if row.get::<_, i64>(0) == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    drop(holder);
    connection.await.unwrap().unwrap();
    assert_eq!(patient.await.unwrap().unwrap(), all());
}

#[tokio::test]
async fn the_bounds_of_a_session_do_not_bound_a_migration() {
    let dsn = Postgres::shared().database();
    let mut options = options(&dsn);
    options.statement_timeout = Duration::from_millis(1);
    options.lock_timeout = Duration::from_millis(1);
    assert_eq!(migrate(&options).await.unwrap(), all());
}
