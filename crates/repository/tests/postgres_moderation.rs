//! How PostgreSQL settles a race between an admin of the server who keeps order and whoever takes the right from them.

use std::time::Duration;

use domain::{
    PasswordHash, RoomEventKind, StoreError, User, Visibility,
    ports::{Appended, NewRoom, RoomLog, RoomStore, UserStore},
};
use repository::postgres::{Address, Postgres, PostgresOptions};
use testkit::{postgres::Postgres as Server, sample};
use tokio::time::{sleep, timeout};
use tokio_postgres::NoTls;

const PATIENCE: Duration = Duration::from_secs(20);

async fn account(store: &Postgres, name: &str) -> User {
    let user = sample::user(name);
    let password = PasswordHash("$argon2id$".to_owned());
    UserStore::create(store, &user, &password).await.unwrap();
    user
}

#[tokio::test]
async fn who_ceases_to_be_an_admin_while_they_delete_deletes_nothing() {
    let dsn = Server::shared().database();
    let options = PostgresOptions::new(Address::parse(&dsn).unwrap());
    let store = Postgres::open(&options).await.unwrap();
    let (ann, root) = (account(&store, "ann").await, account(&store, "root").await);
    let made = store.set_admin(root.id, true, sample::now()).await;
    made.unwrap();
    let room = NewRoom {
        visibility: Visibility::Public,
        guests: true,
        ..sample::new_room(ann.id)
    };
    RoomStore::create(&store, &room).await.unwrap();
    let sent = store
        .append(sample::new_message(room.id, ann.id, "hi"))
        .await;
    let Ok(Appended::New(event)) = sent else {
        panic!("{sent:?}")
    };
    let RoomEventKind::MessageSent(message) = event.kind else {
        panic!("{event:?}")
    };

    // The right is being taken from them, and that is not committed yet.
    let (holder, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN").await.unwrap();
    let taken = "UPDATE users SET is_admin = false WHERE id = $1";
    holder.execute(taken, &[&root.id.0]).await.unwrap();
    let deleting = RoomLog::delete(&store, room.id, message.id, root.id, sample::now());
    let meanwhile = async {
        let waits = "SELECT 1 FROM pg_stat_activity
                     WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while holder.query(waits, &[]).await.unwrap().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (deleted, ()) = timeout(PATIENCE, async { tokio::join!(deleting, meanwhile) })
        .await
        .expect("the deletion waits for who changes the right");
    assert_eq!(deleted, Err(StoreError::NotFound));
    let there = "SELECT last_seq FROM rooms WHERE id = $1";
    let row = holder.query_one(there, &[&room.id.0]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), i64::try_from(event.seq.0).unwrap());
}
