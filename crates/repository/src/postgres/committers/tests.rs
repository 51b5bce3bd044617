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
async fn a_room_that_somebody_holds_keeps_no_other_waiting() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_secs(8)).await;
    let (held, free) = (scene.room().await, scene.room().await);
    scene.hold_room(held).await;
    let waits = scene.append(scene.message(held, "1"));
    scene.somebody_waits().await;
    let behind = scene.queue(scene.message(held, "2")).await;
    let mut last = Seq::START;
    for _ in 0..5 {
        last = new(scene.append(scene.message(free, "x")).await.unwrap()).seq;
    }
    assert_eq!(last, Seq(7));
    assert!(!waits.is_finished() && !behind.is_finished());
    scene.let_go().await;
    assert_eq!(new(waits.await.unwrap()).seq, Seq(3));
    assert_eq!(new(behind.await.unwrap()).seq, Seq(4));
}

#[tokio::test]
async fn a_room_that_is_held_for_too_long_is_unavailable_and_heals() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_millis(100)).await;
    let (held, free) = (scene.room().await, scene.room().await);
    scene.hold_room(held).await;
    let (one, other) = (
        scene.append(scene.message(held, "x")),
        scene.append(scene.message(free, "x")),
    );
    assert!(unavailable(&one.await.unwrap()));
    new(other.await.unwrap());
    scene.let_go().await;
    assert_eq!(
        new(scene.append(scene.message(held, "y")).await.unwrap()).seq,
        Seq(3)
    );
}

#[tokio::test]
async fn what_waits_for_a_held_room_is_committed_batch_by_batch_and_in_order() {
    let scene = Scene::set(|options| {
        options.lock_timeout = Duration::from_secs(8);
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 4,
            queue: 64,
        });
    })
    .await;
    let room = scene.room().await;
    scene.hold_room(room).await;
    let mut calls = vec![scene.append(scene.message(room, "0"))];
    scene.somebody_waits().await;
    for n in 1..20 {
        let new = scene.message(room, &n.to_string());
        calls.push(scene.queue(new).await);
    }
    // Four more have come to the one that was set aside.
    let queue = &scene.store.committers.as_ref().unwrap().queues[0];
    let deadline = Instant::now() + Duration::from_secs(20);
    while queue.capacity() == 64 - 19 {
        assert!(Instant::now() < deadline, "it was not set aside");
        sleep(Duration::from_millis(5)).await;
    }
    scene.let_go().await;
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(new(call.await.unwrap()).seq.0, 3 + n as u64);
    }
    let largest = "SELECT max(count) FROM (SELECT count(*) FROM messages GROUP BY xmin::text) t";
    let largest = scene.watcher.query_one(largest, &[]).await.unwrap();
    assert_eq!(largest.get::<_, i64>(0), 4);
}

#[tokio::test]
async fn no_more_than_a_queue_waits_for_a_held_room() {
    let scene = Scene::set(|options| {
        options.lock_timeout = Duration::from_secs(8);
        options.group_commit = Some(GroupCommit {
            committers: 1,
            batch: 4,
            queue: 4,
        });
    })
    .await;
    let room = scene.room().await;
    scene.hold_room(room).await;
    let mut calls = vec![scene.append(scene.message(room, "0"))];
    scene.somebody_waits().await;
    for n in 1..5 {
        let new = scene.message(room, &n.to_string());
        calls.push(scene.queue(new).await);
    }
    let last = calls.pop().unwrap().await.unwrap();
    assert_eq!(last, Err(too_many()));
    scene.let_go().await;
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(new(call.await.unwrap()).seq.0, 3 + n as u64);
    }
}

#[tokio::test]
async fn a_room_that_is_held_while_its_appends_are_tried_one_by_one_is_set_aside() {
    let scene = Scene::set(|options| options.lock_timeout = Duration::from_secs(8)).await;
    let (room, other) = (scene.room().await, scene.room().await);
    let occupant = scene.occupy().await;
    let bad = scene.message(room, "bad");
    let good = scene.queue(bad.clone()).await;
    let bad = scene.queue(bad).await;
    let slow = scene.message(room, "slow");
    let uncommitted = scene.writes_meanwhile(&slow, other).await;
    let slow = scene.queue(slow).await;
    let behind = scene.queue(scene.message(room, "behind")).await;
    scene.let_go().await;
    new(occupant.await.unwrap());
    assert_eq!(new(good.await.unwrap()).seq, Seq(3));
    assert!(bad.await.unwrap().is_err());
    // It is not carried out before the others were tried, and the slow one has waited for a while.
    new(scene.append(scene.message(other, "x")).await.unwrap());
    assert!(!slow.is_finished() && !behind.is_finished());
    uncommitted.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(new(slow.await.unwrap()).seq, Seq(4));
    assert_eq!(new(behind.await.unwrap()).seq, Seq(5));
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
async fn a_reference_that_is_doubled_in_a_batch_is_one_message() {
    let scene = Scene::set(|_| {}).await;
    let (room, other) = (scene.room().await, scene.room().await);
    let old = with_reference(scene.message(room, "old"), "old");
    let edited = new(scene.append(old.clone()).await.unwrap()).id;
    let text = sample::content("edited");
    RoomLog::edit(
        &*scene.store,
        room,
        edited,
        scene.ann.id,
        text.clone(),
        sample::now(),
    )
    .await
    .unwrap();

    let occupant = scene.occupy().await;
    let first = scene
        .queue(with_reference(scene.message(room, "1"), "a"))
        .await;
    let second = scene
        .queue(with_reference(scene.message(room, "2"), "a"))
        .await;
    let elsewhere = scene
        .queue(with_reference(scene.message(other, "3"), "a"))
        .await;
    let repeat = scene.queue(old).await;
    let nowhere = RoomId(sample::id());
    let refused = scene
        .queue(with_reference(scene.message(nowhere, "4"), "a"))
        .await;
    let refused_too = scene
        .queue(with_reference(scene.message(nowhere, "5"), "a"))
        .await;
    scene.let_go().await;

    new(occupant.await.unwrap());
    let Appended::New(event) = first.await.unwrap().unwrap() else {
        panic!("not new");
    };
    assert_eq!(second.await.unwrap(), Ok(Appended::Repeat(event.clone())));
    assert_eq!(scene.log(room).await.last(), Some(&event));
    assert_eq!(new(elsewhere.await.unwrap()).seq, Seq(3));
    let Appended::Repeat(event) = repeat.await.unwrap().unwrap() else {
        panic!("not a repeat");
    };
    assert!(matches!(event.kind, RoomEventKind::MessageSent(shown) if shown.content == text));
    for call in [refused, refused_too] {
        assert_eq!(call.await.unwrap(), Err(StoreError::NotFound));
    }
    assert_eq!(scene.log(room).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_is_sent_to_two_nodes_at_once_is_one_message() {
    let scene = Scene::set(|_| {}).await;
    let room = scene.room().await;
    let node = Arc::new(Postgres::open(&options(&scene.dsn)).await.unwrap());
    for round in 0..20 {
        let calls: Vec<_> = [&scene.store, &node, &scene.store, &node]
            .into_iter()
            .map(|store| {
                let (store, text) = (Arc::clone(store), round.to_string());
                let new = with_reference(scene.message(room, &text), &text);
                tokio::spawn(async move { store.append(new).await.unwrap() })
            })
            .collect();
        let mut events = Vec::new();
        let mut fresh = 0;
        for call in calls {
            match call.await.unwrap() {
                Appended::New(event) => {
                    fresh += 1;
                    events.push(event);
                }
                Appended::Repeat(event) => events.push(event),
            }
        }
        assert_eq!(fresh, 1);
        assert!(events.iter().all(|event| *event == events[0]));
    }
    assert_eq!(scene.log(room).await.len(), 22);
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
async fn what_was_committed_while_the_room_was_waited_for_is_seen() {
    let scene = Scene::set(|_| {}).await;
    let bob = sample::user("bob");
    let password = domain::PasswordHash("$argon2id$".to_owned());
    UserStore::create(&*scene.store, &bob, &password)
        .await
        .unwrap();
    let mut room = sample::new_room(scene.ann.id);
    room.members = vec![(bob.id, Role::Member)];
    let room = RoomStore::create(&*scene.store, &room)
        .await
        .unwrap()
        .room
        .id;
    let sent = with_reference(sample::new_message(room, bob.id, "x"), "1");

    // Somebody bans bob, and another node appends what ann sends: both hold the room while her message and his arrive.
    scene.hold_room(room).await;
    let hers = with_reference(scene.message(room, "hers"), "1");
    let calls = [scene.append(sent), scene.append(hers.clone())];
    scene.somebody_waits().await;
    let elsewhere = format!(
        "UPDATE room_members SET left_seq = 4 WHERE room_id = '{room}' AND user_id = '{bob}';
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
         VALUES ('{room}', 4, 'member_left', '{ann}', '{bob}', now()), ('{room}', 5, 'message_sent', '{ann}', '{id}', now());
         INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, client_msg_id, created_at, updated_at)
         VALUES ('{id}', '{room}', 5, '{ann}', 'first', '[]', '1', now(), now());
         UPDATE rooms SET last_seq = 5 WHERE id = '{room}'",
        bob = bob.id,
        ann = scene.ann.id,
        id = sample::id(),
    );
    scene.outside.batch_execute(&elsewhere).await.unwrap();
    scene.let_go().await;

    let [his, hers] = calls;
    assert_eq!(his.await.unwrap(), Err(StoreError::NotFound));
    assert!(matches!(hers.await.unwrap(), Ok(Appended::Repeat(event)) if event.seq == Seq(5)));
    let member = MemberStore::get(&*scene.store, room, bob.id).await.unwrap();
    assert_eq!(member, None);
    assert_eq!(scene.log(room).await.len(), 5);
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
