//! What becomes of PostgreSQL's callers while it is away, and after.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use domain::{
    Message, RoomEventKind, RoomId, Seq, StoreError, StoreResult, User, UserStatus,
    ports::{Appended, NewMessage, Probe, RoomLog, RoomStore, UserStore},
};
use repository::postgres::{Address, GroupCommit, Postgres, PostgresOptions};
use testkit::{postgres::Postgres as Server, sample};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// Longer than any call may take with these options, however slow the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

async fn open(dsn: &str, group_commit: Option<GroupCommit>) -> Arc<Postgres> {
    let second = Duration::from_secs(1);
    let options = PostgresOptions {
        pool_wait: second,
        connect_timeout: second,
        statement_timeout: second,
        lock_timeout: second,
        group_commit,
        ..PostgresOptions::new(Address::parse(dsn).unwrap())
    };
    Arc::new(Postgres::open(&options).await.unwrap())
}

async fn room(store: &Postgres) -> (User, RoomId) {
    let ann = sample::user("ann");
    let password = domain::PasswordHash("$argon2id$".to_owned());
    UserStore::create(store, &ann, &password).await.unwrap();
    let room = sample::new_room(ann.id);
    RoomStore::create(store, &room).await.unwrap();
    (ann, room.id)
}

fn message(room: RoomId, sender: &User, reference: &str) -> NewMessage {
    NewMessage {
        client_msg_id: Some(sample::client_msg_id(reference)),
        ..sample::new_message(room, sender.id, reference)
    }
}

async fn is_unavailable<T: std::fmt::Debug>(call: impl Future<Output = StoreResult<T>>) {
    let answer = timeout(TOO_LONG, call).await.expect("an answer");
    assert!(
        matches!(answer, Err(StoreError::Unavailable(_))),
        "{answer:?}"
    );
}

/// Sends it until it is taken.
async fn insist(store: &Postgres, new: NewMessage) -> Message {
    let sending = async {
        loop {
            match store.append(new.clone()).await {
                Ok(Appended::New(event) | Appended::Repeat(event)) => match event.kind {
                    RoomEventKind::MessageSent(message) => return message,
                    other => panic!("not a message: {other:?}"),
                },
                Err(StoreError::Unavailable(_)) => sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("not a matter of time: {error}"),
            }
        }
    };
    timeout(TOO_LONG, sending).await.expect("healed by now")
}

/// The room's messages, each once, in a log without a gap.
async fn sent(store: &Postgres, room: RoomId) -> BTreeMap<String, Message> {
    let log = RoomLog::read(store, room, Seq::START, 100_000)
        .await
        .unwrap();
    let count = log.len() as u64;
    assert!(log.iter().map(|event| event.seq.0).eq(1..=count));
    let mut sent = BTreeMap::new();
    for event in log {
        if let RoomEventKind::MessageSent(message) = event.kind {
            let doubled = sent.insert(message.content.to_string(), message);
            assert_eq!(doubled, None);
        }
    }
    sent
}

async fn is_away(store: &Postgres, room: RoomId, ann: &User) {
    for n in 0..3 {
        let reference = format!("away {n}");
        is_unavailable(store.append(message(room, ann, &reference))).await;
    }
    is_unavailable(UserStore::by_id(store, ann.id)).await;
    is_unavailable(UserStore::set_status(
        store,
        ann.id,
        UserStatus::Online,
        sample::now(),
    ))
    .await;
    is_unavailable(RoomStore::create(store, &sample::new_room(ann.id))).await;
    is_unavailable(store.check()).await;
}

async fn has_healed(store: &Postgres, room: RoomId, ann: &User) {
    let before = insist(store, message(room, ann, "before")).await;
    for n in 0..3 {
        insist(store, message(room, ann, &format!("away {n}"))).await;
    }
    let sent = sent(store, room).await;
    assert_eq!(sent.len(), 4);
    assert_eq!(sent["before"], before);
    assert!(UserStore::by_id(store, ann.id).await.unwrap().is_some());
    store.check().await.unwrap();
}

#[tokio::test]
async fn a_server_that_stands_still_is_unavailable_and_heals() {
    for group_commit in [None, Some(GroupCommit::default())] {
        let server = Server::start();
        let store = open(&server.database(), group_commit).await;
        let (ann, room) = room(&store).await;
        store.append(message(room, &ann, "before")).await.unwrap();
        server.freeze();
        is_away(&store, room, &ann).await;
        server.thaw();
        has_healed(&store, room, &ann).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_server_that_was_killed_is_unavailable_and_heals() {
    for group_commit in [None, Some(GroupCommit::default())] {
        let server = Server::start_with(&[("fsync", "on"), ("synchronous_commit", "on")]);
        let store = open(&server.database(), group_commit).await;
        let (ann, room) = room(&store).await;
        store.append(message(room, &ann, "before")).await.unwrap();
        server.kill();
        is_away(&store, room, &ann).await;
        server.restart();
        has_healed(&store, room, &ann).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_under_traffic_is_there_once_after_a_kill() {
    let server = Server::start_with(&[("fsync", "on"), ("synchronous_commit", "on")]);
    let store = open(&server.database(), Some(GroupCommit::default())).await;
    let (ann, room) = room(&store).await;
    let mut senders = JoinSet::new();
    for sender in 0..16 {
        let (store, ann) = (Arc::clone(&store), ann.clone());
        senders.spawn(async move {
            let mut answered = Vec::new();
            for n in 0..60 {
                let new = message(room, &ann, &format!("{sender} {n}"));
                answered.push(insist(&store, new).await);
            }
            answered
        });
    }
    for least in [100, 400] {
        while RoomStore::by_id(&*store, room)
            .await
            .ok()
            .flatten()
            .is_none_or(|room| room.last_seq < Seq(least))
        {
            sleep(Duration::from_millis(5)).await;
        }
        server.kill();
        server.restart();
    }
    let answered = senders.join_all().await;
    let sent = sent(&store, room).await;
    assert_eq!(sent.len(), 16 * 60);
    for answered in answered {
        // Each sender waited for each answer: their order is the order of the log.
        assert!(answered.is_sorted_by_key(|message| message.seq));
        for message in answered {
            assert_eq!(sent[message.content.as_str()], message);
        }
    }
}
