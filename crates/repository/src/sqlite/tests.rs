use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::{
    PasswordHash, RoomEventKind, StoreError, StoreResult,
    ports::{Appended, RoomLog, RoomStore, UserStore},
    values::Emoji,
};
use tempfile::TempDir;
use testkit::{instructions::Budget, sample};

use super::*;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chatterstack.db");
    (folder, path)
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(&SqliteOptions::file(path)).unwrap()
}

async fn register(store: &Sqlite, name: &str) -> StoreResult<domain::User> {
    let user = sample::user(name);
    let password = PasswordHash("$argon2id$".to_owned());
    UserStore::create(store, &user, &password).await?;
    Ok(user)
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_process_was_killed() {
    let (folder, path) = folder();
    let store = open(&path);
    let ann = register(&store, "ann").await.unwrap();
    // A copy of the files as they lie there now is what a kill would leave.
    let left = folder.path().join("left.db");
    for suffix in ["", "-wal"] {
        let of = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        std::fs::copy(of(&path), of(&left)).unwrap();
    }
    let found = UserStore::by_id(&open(&left), ann.id).await.unwrap();
    assert_eq!(found, Some(ann));
}

#[tokio::test]
async fn closing_folds_the_log_into_the_file_and_ends_the_port() {
    let (_folder, path) = folder();
    let store = open(&path);
    let ann = register(&store, "ann").await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    assert_eq!(wal.metadata().map_or(0, |wal| wal.len()), 0);
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        register(&store, "bob").await,
        Err(StoreError::Unavailable(_))
    ));
    let read = UserStore::by_id(&store, ann.id).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))));
    assert!(
        UserStore::by_id(&open(&path), ann.id)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn dropping_commits_what_is_queued() {
    let (_folder, path) = folder();
    let store = open(&path);
    let ann = register(&store, "ann").await.unwrap();
    drop(store);
    let again = open(&path);
    assert!(UserStore::by_id(&again, ann.id).await.unwrap().is_some());
}

#[test]
fn migrations_say_what_they_applied_and_do_it_once() {
    let (_folder, path) = folder();
    let options = SqliteOptions::file(path);
    assert_eq!(migrate(&options).unwrap()[0], "V1__core");
    assert!(migrate(&options).unwrap().is_empty());
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let (_folder, path) = folder();
    let options = SqliteOptions::file(&path);
    migrate(&options).unwrap();
    let newer = "INSERT INTO refinery_schema_history SELECT 9999, 'later', applied_on, '1' FROM refinery_schema_history WHERE version = 1";
    Connection::open(&path)
        .unwrap()
        .execute_batch(newer)
        .unwrap();
    let error = Sqlite::open(&options).err().unwrap();
    assert!(matches!(error, OpenError::Newer(_)));
    assert!(error.to_string().contains("V9999__later"), "{error}");
}

#[test]
fn a_database_with_another_history_is_refused() {
    let (_folder, path) = folder();
    let options = SqliteOptions::file(&path);
    migrate(&options).unwrap();
    let changed = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
    Connection::open(&path)
        .unwrap()
        .execute_batch(changed)
        .unwrap();
    assert!(matches!(
        Sqlite::open(&options),
        Err(OpenError::Diverged(_))
    ));
}

#[test]
fn what_is_no_database_is_refused() {
    let (folder, path) = folder();
    std::fs::write(
        &path,
        "a letter to the editor, of more than sixteen bytes".repeat(20),
    )
    .unwrap();
    assert!(matches!(
        migrate(&SqliteOptions::file(&path)),
        Err(OpenError::Database(_))
    ));
    let below_a_file = SqliteOptions::file(path.join("x.db"));
    assert!(matches!(
        migrate(&below_a_file),
        Err(OpenError::Folder { .. })
    ));
    assert!(migrate(&SqliteOptions::file(folder.path())).is_err());
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_folder, path) = folder();
    let answer = open(&path)
        .read(|connection| Ok(connection.execute("DELETE FROM users", [])?))
        .await;
    assert!(matches!(answer, Err(StoreError::Other(_))));
}

#[tokio::test]
async fn whoever_waits_too_long_for_a_reader_is_sent_away() {
    let (_folder, path) = folder();
    let options = SqliteOptions {
        readers: 1,
        read_wait: Duration::from_millis(20),
        ..SqliteOptions::file(path)
    };
    let store = Arc::new(Sqlite::open(&options).unwrap());
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let (begun, beginning) = tokio::sync::oneshot::channel();
    let slow = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let wait = move |_: &Connection| {
                begun.send(()).unwrap();
                held.recv().unwrap();
                Ok(())
            };
            store.read(wait).await
        }
    });
    beginning.await.unwrap();
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    let_go.send(()).unwrap();
    slow.await.unwrap().unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn a_lock_of_another_process_is_unavailable_and_passes() {
    let (_folder, path) = folder();
    let options = SqliteOptions {
        busy_wait: Duration::from_millis(20),
        ..SqliteOptions::file(&path)
    };
    let store = Sqlite::open(&options).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(
        register(&store, "ann").await,
        Err(StoreError::Unavailable(_))
    ));
    other.execute_batch("ROLLBACK").unwrap();
    register(&store, "ann").await.unwrap();
}

#[tokio::test]
async fn a_deleted_text_is_nowhere_in_the_file() {
    let (_folder, path) = folder();
    let store = open(&path);
    let ann = register(&store, "ann").await.unwrap();
    let room = sample::new_room(ann.id);
    RoomStore::create(&store, &room).await.unwrap();
    let secret = "xylophone-quagmire";
    let new = sample::new_message(room.id, ann.id, &format!("{secret} ").repeat(150));
    let message = new.id;
    store.append(new).await.unwrap();
    for n in 0..20 {
        let text = format!("message {n}");
        store
            .append(sample::new_message(room.id, ann.id, &text))
            .await
            .unwrap();
    }
    RoomLog::delete(&store, room.id, message, ann.id, sample::now())
        .await
        .unwrap();
    store.close().await;
    let file = std::fs::read(&path).unwrap();
    let holds = |text: &str| {
        file.windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    };
    assert!(holds("message 19"));
    assert!(!holds(secret));
    let terms = "CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'messages_fts', 'row')";
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(terms).unwrap();
    let left: i64 = connection
        .query_row(
            "SELECT count(*) FROM temp.terms WHERE term IN ('xyl', 'uag')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_grows_is_looked_up_by_an_index() {
    let store = Sqlite::open(&SqliteOptions::memory()).unwrap();
    let plan = |sql: &'static str| {
        store.read(move |connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
            let steps = statement
                .query_map(rusqlite::params_from_iter(nothing), |row| row.get("detail"))?;
            Ok(steps.collect::<Result<Vec<String>, _>>()?)
        })
    };
    for sql in [
        log::EVENTS,
        rooms::SNAPSHOTS,
        messages::AROUND,
        search::INDEXED,
        search::SCANNED,
    ] {
        let plan = plan(sql).await.unwrap();
        // json_each and messages_fts are virtual, places and before are at most a page.
        let scans = plan.iter().filter(|step| step.starts_with("SCAN"));
        let allowed = [
            "SCAN json_each",
            "SCAN word",
            "SCAN f",
            "SCAN before",
            "SCAN p",
        ];
        for step in scans {
            assert!(
                allowed.iter().any(|allowed| step.starts_with(allowed)),
                "{plan:#?}\n{sql}"
            );
        }
    }
    let counting = plan(rooms::SNAPSHOTS).await.unwrap();
    let index_alone = "SEARCH x USING COVERING INDEX messages_shown (room_id=? AND seq>?)";
    assert!(
        counting.iter().any(|step| step == index_alone),
        "{counting:#?}"
    );
}

/// Whoever tries one emoji after another would make each look at the message slower.
#[tokio::test]
async fn an_emoji_that_stands_no_longer_leaves_no_row() {
    let (_folder, path) = folder();
    let store = open(&path);
    let ann = register(&store, "ann").await.unwrap();
    let room = sample::new_room(ann.id);
    RoomStore::create(&store, &room).await.unwrap();
    let sent = store
        .append(sample::new_message(room.id, ann.id, "soup"))
        .await;
    let Ok(Appended::New(event)) = sent else {
        panic!("{sent:?}")
    };
    let RoomEventKind::MessageSent(message) = event.kind else {
        panic!("{event:?}")
    };
    for emoji in ["1", "2", "3"] {
        let emoji = Emoji::parse(emoji).unwrap();
        let (room, message) = (room.id, message.id);
        let added = store.react(room, message, ann.id, emoji.clone(), sample::now());
        added.await.unwrap();
        let removed = store.unreact(room, message, ann.id, emoji, sample::now());
        removed.await.unwrap().expect("it stood there");
    }
    let rows = store
        .read(|connection| {
            let count = "SELECT count(*) FROM reaction_counts";
            Ok(connection.query_row(count, [], |row| row.get::<_, u64>(0))?)
        })
        .await;
    assert_eq!(rows, Ok(0));
}

#[tokio::test]
async fn a_query_that_was_given_up_delays_nobody() {
    let (_folder, path) = folder();
    let options = SqliteOptions {
        readers: 1,
        ..SqliteOptions::file(&path)
    };
    let store = Sqlite::open(&options).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begins, begun) = tokio::sync::oneshot::channel();
    let endless = store.read(move |_| {
        begins.send(()).unwrap();
        // Until the test ends.
        let _ = held.recv();
        Ok(())
    });
    tokio::select! {
        _ = endless => panic!("it has ended"),
        begun = begun => begun.unwrap(),
    }
    store.ping().await.unwrap();
    drop(release);
}

#[test]
#[ignore = "needs valgrind; the test command runs it"]
fn an_append_costs_what_it_did() {
    let append = async |messages| {
        let store = Sqlite::open(&SqliteOptions::memory()).unwrap();
        let ann = register(&store, "ann").await.unwrap();
        let room = sample::new_room(ann.id);
        RoomStore::create(&store, &room).await.unwrap();
        for _ in 0..messages {
            let new = sample::new_message(room.id, ann.id, &"x".repeat(200));
            store.append(new).await.unwrap();
        }
    };
    let budget = Budget {
        test: "sqlite::tests::an_append_costs_what_it_did",
        known: 1_104_700,
        turns: [50, 250],
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    budget.hold(|messages| runtime.block_on(append(messages)));
}
