use std::sync::Arc;

use domain::{
    PasswordHash, RoomEventKind, RoomId, Seq, StoreError, User, UserStatus,
    ports::{MessagePage, MessageStore, RoomLog, RoomStore, UserStore},
    values::Emoji,
};
use testkit::{postgres::Postgres as Server, sample};

use super::*;

async fn open(change: impl FnOnce(&mut PostgresOptions)) -> (Arc<Postgres>, String) {
    let dsn = Server::shared().database();
    let mut options = PostgresOptions::new(Address::parse(&dsn).unwrap());
    change(&mut options);
    (Arc::new(Postgres::open(&options).await.unwrap()), dsn)
}

async fn room(store: &Postgres) -> (User, RoomId) {
    let ann = sample::user("ann");
    let password = PasswordHash("$argon2id$".to_owned());
    UserStore::create(store, &ann, &password).await.unwrap();
    let room = sample::new_room(ann.id);
    RoomStore::create(store, &room).await.unwrap();
    (ann, room.id)
}

async fn say(store: &Postgres, sql: &'static str) -> StoreResult<()> {
    store
        .run(async |client: &mut Client| Ok(client.batch_execute(sql).await?))
        .await
}

fn is_unavailable<T>(answer: &StoreResult<T>) -> bool {
    matches!(answer, Err(StoreError::Unavailable(_)))
}

#[tokio::test]
async fn whoever_waits_too_long_for_a_connection_is_sent_away_and_the_probe_has_its_own() {
    let (store, _) = open(|options| {
        options.pool_size = 1;
        // A connection is made within it, too.
        options.pool_wait = Duration::from_secs(2);
    })
    .await;
    let held = store.line.pool.get().await.unwrap();
    assert!(is_unavailable(&say(&store, "SELECT 1").await));
    store.ping().await.unwrap();
    drop(held);
    say(&store, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn slow_searches_leave_connections_to_the_other_calls() {
    let (store, dsn) = open(|options| {
        options.pool_size = 4;
        options.pool_wait = Duration::from_secs(2);
        options.statement_timeout = Duration::from_secs(60);
        options.lock_timeout = Duration::from_secs(60);
    })
    .await;
    let (ann, room) = room(&store).await;
    let new = sample::new_message(room, ann.id, "teapot");
    store.append(new).await.unwrap();
    let (outside, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let lock = "BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE";
    outside.batch_execute(lock).await.unwrap();
    let mut searches = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (store, term) = (Arc::clone(&store), sample::term("teapot"));
        searches.spawn(async move { store.search(ann.id, None, &term, 10).await });
    }
    for _ in 0..3 {
        let error = searches.join_next().await.unwrap().unwrap().unwrap_err();
        let why = "too many searches are under way";
        assert_eq!(error, StoreError::Unavailable(why.to_owned()));
    }
    assert!(UserStore::by_id(&*store, ann.id).await.unwrap().is_some());
    assert!(searches.try_join_next().is_none(), "one is under way");
    outside.batch_execute("COMMIT").await.unwrap();
    let found = searches.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn changes_that_wait_for_one_room_leave_connections_to_the_other_calls() {
    let (store, dsn) = open(|options| {
        options.pool_size = 4;
        options.pool_wait = Duration::from_secs(2);
        options.statement_timeout = Duration::from_secs(60);
        options.lock_timeout = Duration::from_secs(60);
    })
    .await;
    let (ann, room) = room(&store).await;
    let new = sample::new_message(room, ann.id, "soup");
    let message = new.id;
    store.append(new).await.unwrap();
    let (outside, connection) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let lock = "BEGIN; SELECT FROM rooms FOR UPDATE";
    outside.batch_execute(lock).await.unwrap();
    let mut reactions = tokio::task::JoinSet::new();
    for emoji in ["1", "2", "3", "4"] {
        let (store, emoji) = (Arc::clone(&store), Emoji::parse(emoji).unwrap());
        reactions.spawn(async move {
            let now = sample::now();
            store.react(room, message, ann.id, emoji, now).await
        });
    }
    for _ in 0..2 {
        let error = reactions.join_next().await.unwrap().unwrap().unwrap_err();
        let why = "too many changes are under way";
        assert_eq!(error, StoreError::Unavailable(why.to_owned()));
    }
    assert!(UserStore::by_id(&*store, ann.id).await.unwrap().is_some());
    assert!(reactions.try_join_next().is_none(), "two are under way");
    outside.batch_execute("COMMIT").await.unwrap();
    while let Some(reacted) = reactions.join_next().await {
        reacted.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cut_off_by_the_server() {
    let (store, _) = open(|options| options.statement_timeout = Duration::from_secs(1)).await;
    let error = say(&store, "SELECT pg_sleep(60)").await.unwrap_err();
    assert!(error.to_string().contains("statement timeout"), "{error}");
    assert!(is_unavailable::<()>(&Err(error)));
    assert_eq!(store.line.pool.status().size, 1, "the connection is kept");
    say(&store, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_lock_of_somebody_else_is_unavailable_and_passes() {
    let (store, _) = open(|options| options.lock_timeout = Duration::from_millis(100)).await;
    let (ann, room) = room(&store).await;
    let new = sample::new_message(room, ann.id, "soop");
    let message = new.id;
    store.append(new).await.unwrap();
    let mut other = store.line.pool.get().await.unwrap();
    let transaction = other.transaction().await.unwrap();
    log::lock(&transaction, room).await.unwrap();
    let edit = || {
        let content = sample::content("soup");
        RoomLog::edit(&*store, room, message, ann.id, content, sample::now())
    };
    assert!(is_unavailable(&edit().await));
    transaction.rollback().await.unwrap();
    assert_eq!(edit().await.unwrap().seq, Seq(4));
}

#[tokio::test]
async fn a_session_that_cannot_write_any_more_is_replaced() {
    let (store, _) = open(|options| options.pool_size = 1).await;
    let (ann, _) = room(&store).await;
    let write = || UserStore::set_status(&*store, ann.id, UserStatus::Online, sample::now());
    // As after a failover, when the address leads to another server by now.
    say(&store, "SET default_transaction_read_only = on")
        .await
        .unwrap();
    assert!(is_unavailable(&write().await));
    write().await.unwrap();
}

#[tokio::test]
async fn a_statement_that_the_server_has_forgotten_is_prepared_anew() {
    let (store, _) = open(|options| options.pool_size = 1).await;
    let (ann, _) = room(&store).await;
    let read = || UserStore::by_id(&*store, ann.id);
    read().await.unwrap();
    say(&store, "DEALLOCATE ALL").await.unwrap();
    assert!(is_unavailable(&read().await));
    read().await.unwrap();
}

/// As when a newer node has migrated while this one still serves.
#[tokio::test]
async fn columns_that_are_added_disturb_nobody() {
    let (store, dsn) = open(|options| options.pool_size = 1).await;
    let (ann, room) = room(&store).await;
    let use_all = async || {
        let new = sample::new_message(room, ann.id, "hello");
        store.append(new).await.unwrap();
        UserStore::by_id(&*store, ann.id).await.unwrap();
        RoomStore::by_id(&*store, room).await.unwrap();
        let newest = MessagePage::Newest { skip: 0 };
        MessageStore::page(&*store, room, newest, 10).await.unwrap();
        RoomLog::read(&*store, room, Seq::START, 10).await.unwrap();
    };
    use_all().await;
    for table in ["users", "rooms", "room_members", "messages", "room_events"] {
        let add = format!("ALTER TABLE {table} ADD COLUMN later text");
        Server::shared().query(&dsn, &add);
    }
    use_all().await;
}

#[tokio::test]
async fn what_a_newer_program_writes_into_a_log_is_passed_over() {
    let (store, _) = open(|_| {}).await;
    let (ann, room) = room(&store).await;
    say(
        &store,
        "WITH counted AS (UPDATE rooms SET last_seq = last_seq + 1 RETURNING *)
         INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at)
         SELECT id, last_seq, 'message_pinned', created_by, id, created_at FROM counted",
    )
    .await
    .unwrap();
    let new = sample::new_message(room, ann.id, "and on it goes");
    store.append(new).await.unwrap();
    let read = store.read(room, Seq(2), 10).await.unwrap();
    let seqs: Vec<_> = read.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [Seq(3), Seq(4)]);
    assert_eq!(read[0].kind, RoomEventKind::Other);
    assert!(matches!(read[1].kind, RoomEventKind::MessageSent(_)));
}

#[tokio::test]
async fn who_may_not_install_the_extension_finds_parts_of_words_too() {
    let server = Server::shared();
    let dsn = server.database();
    let role = format!("plain_{}", sample::id().simple());
    let grant = format!("CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}");
    server.query(&dsn, &grant);
    let address = Address::parse(&dsn.replace("chat@", &format!("{role}@"))).unwrap();
    let store = Postgres::open(&PostgresOptions::new(address))
        .await
        .unwrap();
    let extensions = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'";
    assert_eq!(server.query(&dsn, extensions).trim(), "0");

    let (ann, room) = room(&store).await;
    for text in ["teapot", "coffee"] {
        let new = sample::new_message(room, ann.id, text);
        store.append(new).await.unwrap();
    }
    let found = MessageStore::search(&store, ann.id, None, &sample::term("apo"), 10).await;
    let found = found.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].content.as_str(), "teapot");
}

#[tokio::test]
async fn what_grows_can_be_looked_up_by_an_index() {
    let (store, _) = open(|_| {}).await;
    let plan = async |sql: &'static str, params: usize| {
        let nothing = vec!["NULL"; params].join(", ");
        let statements = format!(
            "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;
             PREPARE planned AS {sql}; EXPLAIN EXECUTE planned ({nothing}); DEALLOCATE planned"
        );
        let client = store.line.pool.get().await.unwrap();
        let answers = client.simple_query(&statements).await.unwrap();
        let steps = answers.iter().filter_map(|answer| match answer {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        steps.collect::<Vec<_>>().join("\n")
    };
    for (sql, params) in [
        (log::EVENTS, 3),
        (rooms::SNAPSHOTS, 2),
        (messages::AROUND, 3),
        (search::WORDS, 5),
        (search::PARTS, 6),
        (appends::WRITE, 8),
    ] {
        let plan = plan(sql, params).await;
        assert!(!plan.contains("Seq Scan"), "{plan}\n{sql}");
    }
    let counting = plan(rooms::SNAPSHOTS, 2).await;
    assert!(
        counting.contains("Index Only Scan using messages_in_room"),
        "{counting}"
    );
}

#[tokio::test]
async fn the_message_of_a_reaction_is_not_looked_up_for_its_event() {
    let (store, _) = open(|_| {}).await;
    let (ann, room) = room(&store).await;
    let new = sample::new_message(room, ann.id, "soup");
    let (id, sent) = (new.id, Seq(3));
    store.append(new).await.unwrap();
    let emoji = Emoji::parse("+1").unwrap();
    let reacted = store.react(room, id, ann.id, emoji, sample::now()).await;
    reacted.unwrap();
    let statements = format!(
        "PREPARE planned AS {}; EXPLAIN (ANALYZE, TIMING off) EXECUTE planned ('{room}', {sent}, 10)",
        log::EVENTS
    );
    let client = store.line.pool.get().await.unwrap();
    let answers = client.simple_query(&statements).await.unwrap();
    let steps = answers.iter().filter_map(|answer| match answer {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let looked_at: Vec<_> = steps
        .filter(|step| step.contains("room_members") || step.contains("reaction_counts"))
        .collect();
    assert!(!looked_at.is_empty());
    let is_spared = |step: &&str| step.contains("never executed");
    assert!(looked_at.iter().all(is_spared), "{looked_at:#?}");
}
