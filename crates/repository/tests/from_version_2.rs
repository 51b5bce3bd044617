//! A database that a program before reactions has written, opened by this one.

use domain::{
    MessageId, RoomEventKind, RoomId, Seq, UserId,
    ports::{MessageStore, RoomLog},
    values::Emoji,
};
use refinery::Target;
use repository::{
    postgres::{Address, Postgres, PostgresOptions},
    sqlite::{Sqlite, SqliteOptions},
};
use rusqlite::Connection;
use testkit::{postgres::Postgres as Server, sample};
use tokio_postgres::NoTls;
use uuid::Uuid;

mod sqlite_migrations {
    refinery::embed_migrations!("../../migrations/sqlite");
}

mod postgres_migrations {
    refinery::embed_migrations!("../../migrations/postgres");
}

const ANN: UserId = UserId(Uuid::from_u128(1));
const ROOM: RoomId = RoomId(Uuid::from_u128(2));
const OTHER_ROOM: RoomId = RoomId(Uuid::from_u128(3));
const TWICE: MessageId = MessageId(Uuid::from_u128(4));
const NEVER: MessageId = MessageId(Uuid::from_u128(5));
const DELETED: MessageId = MessageId(Uuid::from_u128(6));
const ELSEWHERE: MessageId = MessageId(Uuid::from_u128(7));

/// Two rooms of Ann. In the one, a message was edited by numbers 6 and 9, one never, and one by number 7, which was deleted
/// by number 8; in the other, one was edited by number 4. `id` writes an id, and `at` is a time.
fn written_before(id: impl Fn(Uuid) -> String, at: &str) -> String {
    let (ann, room, other) = (id(ANN.0), id(ROOM.0), id(OTHER_ROOM.0));
    let mut sql = format!(
        "INSERT INTO users (id, username, username_key, name, email, password_hash, status, created_at, updated_at)
         VALUES ({ann}, 'ann', 'ann', 'ann', 'ann@example.org', '$', 'OFFLINE', {at}, {at});"
    );
    for (room, last_seq) in [(&room, 9), (&other, 4)] {
        sql += &format!(
            "INSERT INTO rooms (id, name, description, is_group, visibility, created_by, created_at, last_seq)
             VALUES ({room}, 'kitchen', '', '1', 'private', {ann}, {at}, {last_seq});
             INSERT INTO room_members (room_id, user_id, role, joined_at, joined_seq)
             VALUES ({room}, {ann}, 'OWNER', {at}, 2);"
        );
    }
    for (message, room, seq, edited_at, deleted_at) in [
        (TWICE, &room, 3, at, "NULL"),
        (NEVER, &room, 4, "NULL", "NULL"),
        (DELETED, &room, 5, at, at),
        (ELSEWHERE, &other, 3, at, "NULL"),
    ] {
        let message = id(message.0);
        sql += &format!(
            "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at,
                                   edited_at, deleted_at)
             VALUES ({message}, {room}, {seq}, {ann}, 'soup', '[]', {at}, {at}, {edited_at}, {deleted_at});"
        );
    }
    for (room, seq, kind, subject) in [
        (&room, 1, "room_created", None),
        (&room, 2, "member_joined", Some(ANN.0)),
        (&room, 3, "message_sent", Some(TWICE.0)),
        (&room, 4, "message_sent", Some(NEVER.0)),
        (&room, 5, "message_sent", Some(DELETED.0)),
        (&room, 6, "message_edited", Some(TWICE.0)),
        (&room, 7, "message_edited", Some(DELETED.0)),
        (&room, 8, "message_deleted", Some(DELETED.0)),
        (&room, 9, "message_edited", Some(TWICE.0)),
        (&other, 1, "room_created", None),
        (&other, 2, "member_joined", Some(ANN.0)),
        (&other, 3, "message_sent", Some(ELSEWHERE.0)),
        (&other, 4, "message_edited", Some(ELSEWHERE.0)),
    ] {
        let subject = subject.map_or("NULL".to_owned(), &id);
        let role = if kind == "member_joined" {
            "'OWNER'"
        } else {
            "NULL"
        };
        sql += &format!(
            "INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, role, at)
             VALUES ({room}, {seq}, '{kind}', {ann}, {subject}, {role}, {at});"
        );
    }
    sql
}

async fn all_is_as_if_this_program_had_written_it(store: &(impl MessageStore + RoomLog)) {
    for (room, message, edited_seq) in [
        (ROOM, TWICE, Some(Seq(9))),
        (ROOM, NEVER, None),
        (OTHER_ROOM, ELSEWHERE, Some(Seq(4))),
    ] {
        let found = MessageStore::by_id(store, room, message).await.unwrap();
        let found = found.unwrap();
        assert_eq!(found.edited_seq, edited_seq);
        assert_eq!(found.reactions, []);
    }
    let log = RoomLog::read(store, ROOM, Seq::START, 100).await.unwrap();
    assert!(log.iter().map(|event| event.seq.0).eq(1..=9));
    let edited = log.iter().filter_map(|event| match &event.kind {
        RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) => {
            Some((event.seq.0, message.id, message.edited_seq))
        }
        _ => None,
    });
    let expected = [
        (3, TWICE, Some(Seq(9))),
        (4, NEVER, None),
        (5, DELETED, Some(Seq(7))),
        (6, TWICE, Some(Seq(9))),
        (7, DELETED, Some(Seq(7))),
        (9, TWICE, Some(Seq(9))),
    ];
    assert_eq!(edited.collect::<Vec<_>>(), expected);
    // Who was in it before the last edit is not shown its text.
    assert!(log[2].as_of(Seq(8)).is_some() && log[2].as_of(Seq(9)).is_none());

    let emoji = Emoji::parse("+1").unwrap();
    let added = RoomLog::react(store, ROOM, NEVER, ANN, emoji, sample::now()).await;
    added.unwrap();
    let found = MessageStore::by_id(store, ROOM, NEVER).await.unwrap();
    assert_eq!(found.unwrap().reactions[0].last_seq, Seq(10));
}

#[tokio::test]
async fn an_older_file_is_brought_up_to_this_version_with_the_numbers_of_its_edits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let mut connection = Connection::open(&path).unwrap();
    let older = sqlite_migrations::migrations::runner().set_target(Target::Version(2));
    older.run(&mut connection).unwrap();
    let id = |id: Uuid| format!("x'{}'", id.simple());
    let written = written_before(id, "1767323045000006");
    connection.execute_batch(&written).unwrap();
    connection.close().unwrap();

    let options = SqliteOptions::file(path);
    let applied = repository::sqlite::migrate(&options).unwrap();
    assert_eq!(applied[0], "V3__reactions");
    let store = Sqlite::open(&options).unwrap();
    all_is_as_if_this_program_had_written_it(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_postgres_is_brought_up_to_this_version_with_the_numbers_of_its_edits() {
    let dsn = Server::shared().database();
    let (mut client, connection) = tokio_postgres::connect(&dsn, NoTls).await.unwrap();
    tokio::spawn(connection);
    let older = postgres_migrations::migrations::runner().set_target(Target::Version(2));
    older.run_async(&mut client).await.unwrap();
    let id = |id: Uuid| format!("'{id}'");
    let written = written_before(id, "'2026-01-02T03:04:05.000006Z'");
    client.batch_execute(&written).await.unwrap();
    drop(client);

    let options = PostgresOptions::new(Address::parse(&dsn).unwrap());
    let applied = repository::postgres::migrate(&options).await.unwrap();
    assert_eq!(applied[0], "V3__reactions");
    let store = Postgres::open(&options).await.unwrap();
    all_is_as_if_this_program_had_written_it(&store).await;
}
