//! Durable sends a second: what the adapters reach, beside bare loops that insert the same rows.
//!
//! `make bench-durable`. All in one run, on servers of its own that flush to the disk, three alternating rounds, the
//! median and the spread of each. A bare loop checks nothing and answers nobody: it is the limit of the database.

mod bare;
mod senders;

use std::{sync::Arc, time::Duration};

use domain::ports::RoomLog;
use repository::{
    postgres::{Address, GroupCommit, Postgres, PostgresOptions},
    sqlite::{Sqlite, SqliteOptions},
};
use testkit::contract::Stores;

use senders::Measured;

/// How long each measurement takes.
const TIME: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
/// The most of a group.
const BATCH: usize = 256;
/// How many rows a bare loop commits together: one, as many as there are senders, and a whole group.
const BARE: [usize; 3] = [1, SENDERS, BATCH];
const SENDERS: usize = 64;
const ROOMS: usize = 16;

struct Line {
    what: String,
    rounds: Vec<Measured>,
}

fn main() {
    // Cargo hands `--bench` over; under `cargo test --benches` there is nothing to measure.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let server = testkit::postgres::Postgres::start_with(&[
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "4GB"),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut lines: Vec<Line> = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        let mut note =
            |what: String, measured| match lines.iter_mut().find(|line| line.what == what) {
                Some(line) => line.rounds.push(measured),
                None => lines.push(Line {
                    what,
                    rounds: vec![measured],
                }),
            };
        for (what, batch) in [("sqlite, each alone", 1), ("sqlite, grouped", BATCH)] {
            let path = folder.path().join(format!("{round}-{batch}.db"));
            let options = SqliteOptions {
                batch,
                ..SqliteOptions::file(path)
            };
            let store = Arc::new(Sqlite::open(&options).expect("SQLite"));
            let scene = senders::Scene::new(&Stores::of(store.clone()), ROOMS).await;
            let log: Arc<dyn RoomLog> = store.clone();
            for senders in [1, SENDERS] {
                let measured = scene.send(log.clone(), senders, TIME).await;
                note(format!("{what}, {senders} at once"), measured);
            }
            store.close().await;
        }
        let path = folder.path().join(format!("{round}-bare.db"));
        drop(Sqlite::open(&SqliteOptions::file(&path)).expect("SQLite"));
        for rows in BARE {
            let measured = bare::sqlite(&path, rows, TIME);
            note(format!("sqlite, bare loop of {rows}"), measured);
        }
        for (what, group_commit) in [
            ("postgres, each alone", None),
            ("postgres, grouped", Some(GroupCommit::default())),
        ] {
            let address = Address::parse(&server.database()).expect("a DSN");
            let options = PostgresOptions {
                pool_size: 16,
                group_commit,
                ..PostgresOptions::new(address)
            };
            let store = Arc::new(Postgres::open(&options).await.expect("Postgres"));
            let scene = senders::Scene::new(&Stores::of(store.clone()), ROOMS).await;
            let log: Arc<dyn RoomLog> = store.clone();
            for senders in [1, SENDERS] {
                let measured = scene.send(log.clone(), senders, TIME).await;
                note(format!("{what}, {senders} at once"), measured);
            }
            store.close().await;
        }
        let dsn = server.database();
        let address = Address::parse(&dsn).expect("a DSN");
        let store = Postgres::open(&PostgresOptions::new(address))
            .await
            .expect("Postgres");
        store.close().await;
        for rows in BARE {
            let measured = bare::postgres(&dsn, rows, TIME).await;
            note(format!("postgres, bare loop of {rows}"), measured);
        }
    }
    print(&lines);
}

fn print(lines: &[Line]) {
    let rate = |line: &Line| {
        let mut rates: Vec<f64> = line.rounds.iter().map(|round| round.per_second).collect();
        rates.sort_by(f64::total_cmp);
        (rates[rates.len() / 2], rates[0], rates[rates.len() - 1])
    };
    let bare = |database: &str, rows: usize| {
        let what = format!("{database}, bare loop of {rows}");
        let line = lines.iter().find(|line| line.what == what);
        rate(line.expect("it was measured")).0
    };
    println!(
        "| what | messages a second: median (least to most) | p50 | p99 | of the bare loop of 256 | of 64 | of 1 |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for line in lines {
        let database = line.what.split(',').next().unwrap_or_default();
        let (median, least, most) = rate(line);
        let mut rounds: Vec<&Measured> = line.rounds.iter().collect();
        rounds.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
        let middle = rounds[rounds.len() / 2];
        println!(
            "| {} | {median:.0} ({least:.0} to {most:.0}) | {:.2} ms | {:.2} ms | {:.2} | {:.2} | {:.2} |",
            line.what,
            middle.p50.as_secs_f64() * 1e3,
            middle.p99.as_secs_f64() * 1e3,
            median / bare(database, BATCH),
            median / bare(database, SENDERS),
            median / bare(database, 1),
        );
    }
}
