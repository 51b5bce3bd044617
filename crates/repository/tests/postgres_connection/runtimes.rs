//! A pool that is used from several runtimes: each thread of the HTTP server has one of its own, which ends before the node
//! does.

use std::{sync::Arc, thread, time::Duration};

use domain::{UserId, ports::UserStore};
use repository::postgres::{Postgres, PostgresOptions};
use testkit::postgres::Postgres as Server;
use tokio::{runtime, sync::oneshot, task::spawn_blocking, time::sleep};
use tokio_postgres::NoTls;

use super::options;

#[tokio::test]
async fn a_connection_outlives_the_runtime_in_which_it_was_first_asked_for() {
    let dsn = Server::shared().database();
    let options = PostgresOptions {
        pool_size: 1,
        ..options(&dsn)
    };
    let store = Arc::new(Postgres::open(&options).await.unwrap());
    let (asked, is_asked) = oneshot::channel();
    let (end, is_over) = oneshot::channel();
    let first = store.clone();
    let elsewhere = thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            first.by_id(UserId::HOUSE).await.unwrap();
            asked.send(()).unwrap();
            is_over.await.unwrap();
        });
    });
    is_asked.await.unwrap();

    // The same connection is under way for somebody else when that runtime ends.
    let (holder, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    holder
        .batch_execute("BEGIN; LOCK TABLE users")
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { store.by_id(UserId::HOUSE).await });
    let waits = "SELECT 1 FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
    while holder.query(waits, &[]).await.unwrap().is_empty() {
        sleep(Duration::from_millis(5)).await;
    }
    end.send(()).unwrap();
    spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
    holder.batch_execute("COMMIT").await.unwrap();
    let found = waiting.await.unwrap().unwrap();
    assert_eq!(found.unwrap().id, UserId::HOUSE);
}
