//! Whether what is counted of a million messages is what a recount of them gives, and how long it takes.
//!
//! `make check-analytics`. Over SQLite in a file and a Postgres of its own, both flushing to the disk: rows by plain SQL,
//! counted through the port in batches as a node does, every answer compared with a recount by plain SQL; then more
//! messages, deletions of old ones and of the largest room, and all of it again. Any difference fails it. `MESSAGES` in
//! the environment says how many, if not a million.

mod answers;
mod in_postgres;
mod in_sqlite;
mod world;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use domain::ports::ActivityStore;
use repository::{
    postgres::{Address, Postgres, PostgresOptions},
    sqlite::{Sqlite, SqliteOptions},
};
use uuid::Uuid;

use answers::Answers;
use world::{Chapter, World};

/// As many events as a node counts in one transaction.
const BATCH: u32 = 1_000;
/// Of these rooms alone, too: the largest, which is deleted later, one in the middle, and a small one.
const ROOMS_ASKED_OF: [usize; 3] = [0, 60, 250];

/// Rows and recounts past the adapter.
enum Plain {
    Sqlite(in_sqlite::Plain),
    Postgres(in_postgres::Plain),
}

impl Plain {
    async fn people(&mut self) {
        match self {
            Self::Sqlite(plain) => plain.people(),
            Self::Postgres(plain) => plain.people().await,
        }
    }

    async fn add(&mut self, world: &World, chapter: &Chapter) {
        match self {
            Self::Sqlite(plain) => plain.add(world, chapter),
            Self::Postgres(plain) => plain.add(world, chapter).await,
        }
    }

    async fn recount(&self, room: Option<Uuid>) -> Answers {
        match self {
            Self::Sqlite(plain) => plain.recount(room),
            Self::Postgres(plain) => plain.recount(room).await,
        }
    }
}

/// A row of the table.
struct Line {
    what: String,
    events: usize,
    counting: Duration,
    longest_call: Duration,
    numbers: usize,
    longest_answer: Duration,
    recount: Duration,
    differences: usize,
}

fn main() -> ExitCode {
    // Cargo hands `--bench` over; under `cargo test --benches` there is nothing to check.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let messages = std::env::var("MESSAGES").map(|text| text.parse().expect("a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lines = runtime.block_on(check(messages.unwrap_or(1_000_000)));
    print(&lines);
    match lines.iter().any(|line| line.differences > 0) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

async fn check(messages: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chat.db");
    let store = Sqlite::open(&SqliteOptions::file(&path)).expect("SQLite");
    let plain = Plain::Sqlite(in_sqlite::Plain::open(&path));
    lines.extend(chapters("SQLite", &store, plain, messages).await);
    store.close().await;

    let server = testkit::postgres::Postgres::start_with(&[
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "4GB"),
    ]);
    let dsn = server.database();
    let address = Address::parse(&dsn).expect("a DSN");
    let store = Postgres::open(&PostgresOptions::new(address)).await;
    let store = store.expect("Postgres");
    let plain = Plain::Postgres(in_postgres::Plain::open(&dsn).await);
    lines.extend(chapters("Postgres", &store, plain, messages).await);
    store.close().await;
    lines
}

async fn chapters(
    database: &str,
    store: &dyn ActivityStore,
    mut plain: Plain,
    messages: usize,
) -> Vec<Line> {
    let mut world = World::new();
    let mut lines = Vec::new();
    plain.people().await;
    for (what, from_day, messages, gone) in [
        ("all at first", 0, messages, None),
        ("what is new", 30, messages / 20, Some(ROOMS_ASKED_OF[0])),
    ] {
        eprintln!("{database}, {what}: {messages} messages are added");
        let chapter = world.go_on(from_day, messages, gone);
        plain.add(&world, &chapter).await;
        let what = format!("{database}, {what}");
        lines.push(count_and_compare(what, store, &plain, chapter.events.len()).await);
    }
    lines
}

async fn count_and_compare(
    what: String,
    store: &dyn ActivityStore,
    plain: &Plain,
    events: usize,
) -> Line {
    eprintln!("{what}: {events} events are counted");
    let mut longest_call = Duration::ZERO;
    let begin = Instant::now();
    loop {
        let asked = Instant::now();
        let more = store.count_on(BATCH).await.expect("a count");
        longest_call = asked.elapsed().max(longest_call);
        if !more {
            break;
        }
    }
    let mut line = Line {
        counting: begin.elapsed(),
        what,
        events,
        longest_call,
        numbers: 0,
        longest_answer: Duration::ZERO,
        recount: Duration::ZERO,
        differences: 0,
    };
    let rooms = ROOMS_ASKED_OF.map(|room| Some(world::room(room)));
    for room in [None].into_iter().chain(rooms) {
        let begin = Instant::now();
        let recounted = plain.recount(room).await;
        line.recount += begin.elapsed();
        let (told, longest) = Answers::of(store, room).await;
        line.longest_answer = longest.max(line.longest_answer);
        line.numbers += recounted.numbers();
        for told in told {
            for difference in told.differences(&recounted) {
                line.differences += 1;
                eprintln!("{}: {difference} differ in {room:?}", line.what);
            }
        }
    }
    line
}

fn print(lines: &[Line]) {
    println!(
        "| what | events | counted in | events a second | longest call | numbers compared | longest answer | the recount | differences |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for line in lines {
        println!(
            "| {} | {} | {:.1} s | {:.0} | {:.0} ms | {} | {:.0} ms | {:.1} s | {} |",
            line.what,
            line.events,
            line.counting.as_secs_f64(),
            line.events as f64 / line.counting.as_secs_f64(),
            line.longest_call.as_secs_f64() * 1e3,
            line.numbers,
            line.longest_answer.as_secs_f64() * 1e3,
            line.recount.as_secs_f64(),
            line.differences,
        );
    }
}
