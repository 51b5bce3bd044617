use std::{sync::Arc, time::Duration};

use domain::{
    Message, Role, RoomEventKind, RoomId, Seq, User, UserId,
    ports::{MemberStore, RoomLog, RoomStore, UserStore},
};
use testkit::{postgres::Postgres as Server, sample};
use tokio::{task::JoinHandle, time::sleep};
use tokio_postgres::{Client, NoTls};

use super::*;
use crate::postgres::{Address, Postgres, PostgresOptions, committer::PANIC};

mod counting;
mod held_rooms;
mod references;

/// One committer, and so much patience that nothing but the test decides what happens when.
fn options(dsn: &str) -> PostgresOptions {
    let minute = Duration::from_secs(60);
    PostgresOptions {
        pool_wait: minute,
        statement_timeout: minute,
        lock_timeout: 4 * minute,
        group_commit: Some(GroupCommit {
            committers: 1,
            ..GroupCommit::default()
        }),
        ..PostgresOptions::new(Address::parse(dsn).unwrap())
    }
}

/// A store, and somebody who looks at its database from outside.
struct Scene {
    dsn: String,
    store: Arc<Postgres>,
    /// Holds locks.
    outside: Client,
    /// Looks who waits: in a transaction, one would be shown the same sessions again and again.
    watcher: Client,
    ann: User,
}

impl Scene {
    async fn set(change: impl FnOnce(&mut PostgresOptions)) -> Self {
        let dsn = Server::shared().database();
        let mut options = options(&dsn);
        change(&mut options);
        let store = Arc::new(Postgres::open(&options).await.unwrap());
        let (outside, watcher) = (connect(&dsn).await, connect(&dsn).await);
        let ann = sample::user("ann");
        let password = domain::PasswordHash("$argon2id$".to_owned());
        UserStore::create(&*store, &ann, &password).await.unwrap();
        Self {
            dsn,
            store,
            outside,
            watcher,
            ann,
        }
    }

    async fn room(&self) -> RoomId {
        let room = sample::new_room(self.ann.id);
        RoomStore::create(&*self.store, &room)
            .await
            .unwrap()
            .room
            .id
    }

    fn message(&self, room: RoomId, text: &str) -> NewMessage {
        sample::new_message(room, self.ann.id, text)
    }

    /// From here to [`Self::let_go`], no append is committed.
    async fn hold(&self) {
        let lock = "BEGIN; LOCK TABLE room_events IN EXCLUSIVE MODE";
        self.outside.batch_execute(lock).await.unwrap();
    }

    async fn hold_room(&self, room: RoomId) {
        let lock = format!("BEGIN; SELECT FROM rooms WHERE id = '{room}' FOR UPDATE");
        self.outside.batch_execute(&lock).await.unwrap();
    }

    /// Somebody else writes a message of this id, so that it is waited for until they are done.
    async fn writes_meanwhile(&self, new: &NewMessage, room: RoomId) -> Client {
        let client = connect(&self.dsn).await;
        let write = format!(
            "BEGIN;
             INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at)
             VALUES ('{id}', '{room}', 1000, '{ann}', 'x', '[]', now(), now())",
            id = new.id,
            ann = self.ann.id,
        );
        client.batch_execute(&write).await.unwrap();
        client
    }

    async fn let_go(&self) {
        self.outside.batch_execute("COMMIT").await.unwrap();
    }

    /// Until some session of the database waits for a lock.
    async fn somebody_waits(&self) {
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                       WHERE NOT l.granted AND a.datname = current_database()";
        let deadline = Instant::now() + Duration::from_secs(20);
        while self
            .watcher
            .query_one(waiting, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            == 0
        {
            assert!(Instant::now() < deadline, "nobody waits for a lock");
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn append(&self, new: NewMessage) -> JoinHandle<StoreResult<Appended>> {
        let store = Arc::clone(&self.store);
        tokio::spawn(async move { store.append(new).await })
    }

    /// Appends while the committer is held up, in the order of the calls.
    async fn queue(&self, new: NewMessage) -> JoinHandle<StoreResult<Appended>> {
        let queue = &self.store.committers.as_ref().unwrap().queues[0];
        let free = queue.capacity();
        let call = self.append(new);
        while queue.capacity() == free {
            assert!(!call.is_finished(), "it was not queued");
            tokio::task::yield_now().await;
        }
        call
    }

    /// Brings the committer into a transaction that waits, so that what is queued from here on is one batch.
    async fn occupy(&self) -> JoinHandle<StoreResult<Appended>> {
        let room = self.room().await;
        self.hold().await;
        let occupant = self.append(self.message(room, "occupant"));
        self.somebody_waits().await;
        occupant
    }

    async fn log(&self, room: RoomId) -> Vec<domain::RoomEvent> {
        RoomLog::read(&*self.store, room, Seq::START, 1000)
            .await
            .unwrap()
    }
}

async fn connect(dsn: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn new(answer: StoreResult<Appended>) -> Message {
    match answer.unwrap() {
        Appended::New(domain::RoomEvent {
            kind: RoomEventKind::MessageSent(message),
            ..
        }) => message,
        other => panic!("not new: {other:?}"),
    }
}

fn unavailable(answer: &StoreResult<Appended>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

fn with_reference(new: NewMessage, reference: &str) -> NewMessage {
    NewMessage {
        client_msg_id: Some(sample::client_msg_id(reference)),
        ..new
    }
}

#[tokio::test]
async fn a_bad_neighbour_fails_alone() {
    let scene = Scene::set(|_| {}).await;
    let (one, other) = (scene.room().await, scene.room().await);
    let occupant = scene.occupy().await;
    let good = scene.queue(scene.message(one, "good")).await;
    // Its id is taken by then: nothing that a caller would do, and the whole statement fails of it.
    let bad = NewMessage {
        id: domain::MessageId(sample::id()),
        ..scene.message(one, "bad")
    };
    let first = scene.queue(bad.clone()).await;
    let second = scene.queue(bad).await;
    let behind = scene.queue(scene.message(one, "behind")).await;
    let stranger = sample::new_message(one, UserId(sample::id()), "uninvited");
    let stranger = scene.queue(stranger).await;
    let elsewhere = scene.queue(scene.message(other, "elsewhere")).await;
    scene.let_go().await;

    new(occupant.await.unwrap());
    let numbers = [good, first, behind].map(async |call| new(call.await.unwrap()).seq.0);
    assert_eq!(futures_util::future::join_all(numbers).await, [3, 4, 5]);
    assert!(matches!(second.await.unwrap(), Err(StoreError::Other(_))));
    assert_eq!(stranger.await.unwrap(), Err(StoreError::NotFound));
    assert_eq!(new(elsewhere.await.unwrap()).seq, Seq(3));
    assert_eq!(scene.log(one).await.len(), 5);
}

#[tokio::test]
async fn what_was_committed_and_cannot_be_told_is_not_committed_again() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    // A name that this version takes for none.
    let rename = "UPDATE users SET username = ''";
    scene.outside.batch_execute(rename).await.unwrap();
    let answer = scene.append(scene.message(room, "x")).await.unwrap();
    assert!(unavailable(&answer), "{answer:?}");
    let messages = "SELECT count(*) FROM messages";
    let messages = scene.watcher.query_one(messages, &[]).await.unwrap();
    assert_eq!(messages.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_fails_the_room_that_used_it_and_no_other() {
    let scene = Scene::set(|_| {}).await;
    let mut rooms = [scene.room().await, scene.room().await, scene.room().await];
    // Rows are written in this order: the transaction for all fails before it waits for anybody.
    rooms.sort();
    let [other, one, third] = rooms;
    let occupant = scene.occupy().await;
    let cut = scene.message(one, "cut");
    let uncommitted = scene.writes_meanwhile(&cut, third).await;
    let bad = scene.message(other, "bad");
    let cut = scene.queue(cut).await;
    let good = scene.queue(bad.clone()).await;
    let bad = scene.queue(bad).await;
    let elsewhere = scene.queue(scene.message(third, "elsewhere")).await;
    scene.let_go().await;
    new(occupant.await.unwrap());
    scene.somebody_waits().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    scene.watcher.batch_execute(end).await.unwrap();
    assert!(unavailable(&cut.await.unwrap()));
    assert_eq!(new(good.await.unwrap()).seq, Seq(3));
    assert!(bad.await.unwrap().is_err());
    assert_eq!(new(elsewhere.await.unwrap()).seq, Seq(3));
    uncommitted.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test]
async fn what_is_queued_keeps_its_order_in_its_room() {
    let scene = Scene::set(|options| {
        // So that it takes several batches.
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 7,
            queue: 64,
        });
    })
    .await;
    let rooms = [scene.room().await, scene.room().await];
    let occupant = scene.occupy().await;
    let mut calls = Vec::new();
    for n in 0..60 {
        let new = scene.message(rooms[n % 2], &n.to_string());
        calls.push(scene.queue(new).await);
    }
    scene.let_go().await;
    new(occupant.await.unwrap());
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(new(call.await.unwrap()).seq.0, 3 + n as u64 / 2);
    }
    for room in rooms {
        let log = scene.log(room).await;
        assert!(log.iter().map(|event| event.seq.0).eq(1..=32));
    }
}

#[tokio::test]
async fn the_append_of_a_caller_who_went_away_is_left_out() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let occupant = scene.occupy().await;
    let gone = scene.queue(scene.message(room, "gone")).await;
    let stays = scene.queue(scene.message(room, "stays")).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    scene.let_go().await;
    new(occupant.await.unwrap());
    assert_eq!(new(stays.await.unwrap()).seq, Seq(3));
    assert_eq!(scene.log(room).await.len(), 3);
}

#[tokio::test]
async fn whoever_waits_too_long_is_sent_away_and_nothing_is_appended() {
    let scene = Scene::set(|options| {
        // A connection is made within it, too.
        options.pool_wait = Duration::from_secs(2);
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 256,
            queue: 2,
        });
    })
    .await;
    let room = scene.room().await;
    let occupant = scene.occupy().await;
    let queued = [
        scene.queue(scene.message(room, "1")).await,
        scene.queue(scene.message(room, "2")).await,
    ];
    // There is no place for a third.
    let third = scene.append(scene.message(room, "3")).await.unwrap();
    assert!(unavailable(&third));
    // By now the two have waited for too long as well.
    scene.let_go().await;
    new(occupant.await.unwrap());
    for call in queued {
        assert!(unavailable(&call.await.unwrap()));
    }
    assert_eq!(scene.log(room).await.len(), 2);
    assert_eq!(
        new(scene.append(scene.message(room, "4")).await.unwrap()).seq,
        Seq(3)
    );
}

#[tokio::test]
async fn a_panic_leaves_nobody_waiting_and_the_next_batch_works() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let occupant = scene.occupy().await;
    let bad = scene.queue(scene.message(room, PANIC)).await;
    let with_it = scene.queue(scene.message(room, "x")).await;
    scene.let_go().await;
    new(occupant.await.unwrap());
    for call in [bad, with_it] {
        assert!(unavailable(&call.await.unwrap()));
    }
    let next = scene.append(scene.message(room, "next")).await.unwrap();
    assert_eq!(new(next).seq, Seq(3));
}

#[tokio::test]
async fn closing_answers_what_is_queued_and_takes_no_more() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let occupant = scene.occupy().await;
    let queued = scene.queue(scene.message(room, "queued")).await;
    let closing = tokio::spawn({
        let store = Arc::clone(&scene.store);
        async move { store.close().await }
    });
    scene.let_go().await;
    new(occupant.await.unwrap());
    new(queued.await.unwrap());
    closing.await.unwrap();
    let late = scene.append(scene.message(room, "late")).await.unwrap();
    assert!(unavailable(&late));
    assert!(scene.store.ping().await.is_err());
    let read = UserStore::by_id(&*scene.store, scene.ann.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))));
    // Once more does no harm.
    scene.store.close().await;
}

#[tokio::test]
async fn without_its_transaction_nothing_is_written() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let new = scene.message(room, "x");
    let fates = scene
        .store
        .run(async |client: &mut deadpool_postgres::Client| {
            super::super::appends::commit(client, "SELECT 1", &[&new]).await
        })
        .await
        .unwrap();
    assert!(matches!(fates[..], [super::super::appends::Fate::Refused]));
    assert_eq!(scene.log(room).await.len(), 2);
}
