//! How PostgreSQL goes about reactions when there are many.

use domain::{
    PasswordHash, RoomEventKind,
    ports::{Appended, RoomLog, RoomStore, UserStore},
    values::Emoji,
};
use repository::postgres::{Address, Postgres, PostgresOptions, migrate};
use testkit::{postgres::Postgres as Server, sample};

/// One message with 2,000 reactions by 20 emojis, among many with a single one each: what the planner believes of all.
const ONE_THAT_ALL_REACT_TO: &str = "
    INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at)
    SELECT md5(n::text)::uuid, md5('room')::uuid, n, md5('ann')::uuid, 'soup', '[]', now(), now()
    FROM generate_series(1, 5000) n;
    INSERT INTO reactions (message_id, emoji, user_id, seq, created_at)
    SELECT id, 'x', sender_id, 10000 + seq, now() FROM messages WHERE seq > 1;
    INSERT INTO reactions (message_id, emoji, user_id, seq, created_at)
    SELECT md5('1')::uuid, 'emoji ' || n % 20, md5('user ' || n)::uuid, 20000 + n, now()
    FROM generate_series(1, 2000) n;
    INSERT INTO reaction_counts (message_id, emoji, count, first_seq, last_seq)
    SELECT message_id, emoji, count(*), min(seq), max(seq) FROM reactions GROUP BY message_id, emoji;
    ANALYZE";

/// The plan is the one that is kept for all messages.
const LOOK: &str = "
    SET plan_cache_mode = force_generic_plan;
    PREPARE look AS SELECT reactions FROM shown_messages WHERE id = $1;
    EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE look (md5('1')::uuid)";

#[tokio::test]
async fn of_a_message_that_all_react_to_no_more_is_read_than_is_shown() {
    let server = Server::shared();
    let dsn = server.database();
    let options = PostgresOptions::new(Address::parse(&dsn).unwrap());
    migrate(&options).await.unwrap();
    server.query(&dsn, ONE_THAT_ALL_REACT_TO);
    let plan = server.query(&dsn, LOOK);
    let ten_of_each = "using reactions_by_emoji on reactions r (actual rows=10 loops=20)";
    assert!(plan.contains(ten_of_each), "{plan}");
}

/// Whoever tries one emoji after another would make each look at the message slower.
#[tokio::test]
async fn an_emoji_that_stands_no_longer_leaves_no_row() {
    let server = Server::shared();
    let dsn = server.database();
    let options = PostgresOptions::new(Address::parse(&dsn).unwrap());
    let store = Postgres::open(&options).await.unwrap();
    let ann = sample::user("ann");
    let password = PasswordHash("$argon2id$".to_owned());
    UserStore::create(&store, &ann, &password).await.unwrap();
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
    assert_eq!(
        server
            .query(&dsn, "SELECT count(*) FROM reaction_counts")
            .trim(),
        "0"
    );
}
