//! A log-in that is opened while its password ends, on PostgreSQL: whichever comes first, the other one knows.

use std::{sync::Arc, time::Duration};

use domain::{
    PasswordHash, RefreshTokenHash, Session, StoreError, User,
    ports::{NewSession, SessionStore, UserStore},
};
use testkit::{postgres, sample};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};

use super::super::{Address, Postgres, PostgresOptions};

/// Longer than anything here takes, however slow the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

struct Scene {
    store: Arc<Postgres>,
    /// Another node's connection, with a transaction that is under way.
    other: Client,
    /// What asks who waits.
    watch: Client,
    ann: User,
    own: Session,
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id${text}"))
}

fn log_in(user: &User, refresh: u8) -> NewSession {
    NewSession {
        session: sample::session(user.id),
        refresh: RefreshTokenHash([refresh; 32]),
        refresh_expires_at: sample::later(60),
        judged_by: hash("old"),
    }
}

async fn connect(dsn: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Scene {
    async fn new() -> Self {
        let dsn = postgres::Postgres::shared().database();
        let options = PostgresOptions {
            statement_timeout: TOO_LONG,
            lock_timeout: TOO_LONG,
            ..PostgresOptions::new(Address::parse(&dsn).unwrap())
        };
        let store = Arc::new(Postgres::open(&options).await.unwrap());
        let ann = sample::user("ann");
        UserStore::create(&*store, &ann, &hash("old"))
            .await
            .unwrap();
        let own = log_in(&ann, 1);
        store.open(&own).await.unwrap();
        let (other, watch) = (connect(&dsn).await, connect(&dsn).await);
        other.batch_execute("BEGIN").await.unwrap();
        Self {
            store,
            other,
            watch,
            ann,
            own: own.session,
        }
    }

    async fn do_elsewhere(&self, sql: &str) {
        self.other.batch_execute(sql).await.unwrap();
    }

    /// Waits until a call waits for the other node's transaction.
    async fn somebody_waits(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let deadline = Instant::now() + TOO_LONG;
        loop {
            let count: i64 = self.watch.query_one(waiting, &[]).await.unwrap().get(0);
            if count > 0 {
                return;
            }
            assert!(Instant::now() < deadline, "nobody waits");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_log_in_waits_for_the_end_of_its_password_and_is_not_opened() {
    for change in [
        "UPDATE users SET password_hash = 'new'",
        "UPDATE users SET deactivated_at = now()",
    ] {
        let scene = Scene::new().await;
        scene.do_elsewhere(change).await;
        let late = log_in(&scene.ann, 2);
        let opening = tokio::spawn({
            let (store, late) = (scene.store.clone(), late.clone());
            async move { store.open(&late).await }
        });
        scene.somebody_waits().await;
        scene.do_elsewhere("COMMIT").await;
        assert_eq!(opening.await.unwrap(), Err(StoreError::Denied), "{change}");
        assert!(!scene.store.is_live(late.session.id).await.unwrap());
    }
}

#[tokio::test]
async fn a_log_in_is_opened_when_the_change_that_it_waits_for_is_given_up() {
    let scene = Scene::new().await;
    scene
        .do_elsewhere("UPDATE users SET password_hash = 'new'")
        .await;
    let late = log_in(&scene.ann, 2);
    let opening = tokio::spawn({
        let (store, late) = (scene.store.clone(), late.clone());
        async move { store.open(&late).await }
    });
    scene.somebody_waits().await;
    scene.do_elsewhere("ROLLBACK").await;
    assert_eq!(opening.await.unwrap(), Ok(()));
    assert!(scene.store.is_live(late.session.id).await.unwrap());
}

/// The log-in is opened by another node, which has not committed it yet.
#[tokio::test]
async fn the_end_of_a_password_waits_for_log_ins_that_are_being_opened_and_ends_them() {
    for deactivates in [false, true] {
        let scene = Scene::new().await;
        let (id, user) = (sample::id(), scene.ann.id.0);
        scene
            .do_elsewhere(&format!(
                "SELECT 1 FROM users WHERE id = '{user}' FOR SHARE;
                 INSERT INTO sessions (id, user_id, created_at) VALUES ('{id}', '{user}', now())"
            ))
            .await;
        let changing = tokio::spawn({
            let (store, id, by) = (scene.store.clone(), scene.ann.id, scene.own.id);
            let (old, new, at) = (hash("old"), hash("new"), sample::later(1));
            async move {
                if deactivates {
                    store.deactivate(id, by, &old, at).await
                } else {
                    store.change_password(id, by, &old, &new, at).await
                }
            }
        });
        scene.somebody_waits().await;
        scene.do_elsewhere("COMMIT").await;
        let ended = changing.await.unwrap().unwrap();
        assert!(ended.iter().any(|ended| ended.0 == id), "{ended:?}");
        assert_eq!(ended.contains(&scene.own.id), deactivates);
        assert!(!scene.store.is_live(domain::SessionId(id)).await.unwrap());
    }
}
