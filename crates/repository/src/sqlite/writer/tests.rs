use std::{
    sync::{Arc, mpsc as std_mpsc},
    time::Duration,
};

use domain::{StoreError, StoreResult, ports::CommitCounts};
use rusqlite::Connection;
use tokio::task::JoinHandle;

use super::*;

fn options() -> SqliteOptions {
    SqliteOptions::memory()
}

fn writer(options: &SqliteOptions) -> Arc<Writer> {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)")
        .unwrap();
    Arc::new(Writer::start(connection, options).unwrap())
}

fn note(connection: &Connection, text: &str) -> Result<(), Fault> {
    connection.execute("INSERT INTO notes (text) VALUES (?1)", [text])?;
    Ok(())
}

async fn notes(writer: &Writer) -> Vec<String> {
    let all = |connection: &Connection| {
        let mut statement = connection.prepare("SELECT text FROM notes ORDER BY rowid")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, _>>()?)
    };
    writer.run(all).await.unwrap()
}

/// Holds the writer's thread until told to let go, so that what is queued meanwhile is one batch.
async fn hold(writer: &Arc<Writer>) -> (std_mpsc::Sender<()>, JoinHandle<StoreResult<()>>) {
    let (let_go, held) = std_mpsc::channel();
    let (begun, beginning) = oneshot::channel();
    let task = tokio::spawn({
        let writer = Arc::clone(writer);
        async move {
            writer
                .run(move |_| {
                    begun.send(()).unwrap();
                    // An error says that the test has let go by ending.
                    let _ = held.recv();
                    Ok(())
                })
                .await
        }
    });
    beginning.await.unwrap();
    (let_go, task)
}

/// Queues work while the thread is held, in the order of the calls.
async fn queue<T, F>(writer: &Arc<Writer>, work: F) -> JoinHandle<StoreResult<T>>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
{
    let free = writer.queue.capacity();
    let task = tokio::spawn({
        let writer = Arc::clone(writer);
        async move { writer.run(work).await }
    });
    while writer.queue.capacity() == free {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn a_bad_neighbour_fails_alone_and_leaves_nothing() {
    let writer = writer(&options());
    let (let_go, held) = hold(&writer).await;
    let before = queue(&writer, |c| note(c, "before")).await;
    let half_done = queue(&writer, |c| {
        note(c, "half")?;
        note(c, "before")
    })
    .await;
    let panics = queue(&writer, |c| -> Result<(), Fault> {
        note(c, "half of another")?;
        panic!("of no use");
    })
    .await;
    let after = queue(&writer, |c| note(c, "after")).await;
    let_go.send(()).unwrap();

    held.await.unwrap().unwrap();
    before.await.unwrap().unwrap();
    assert!(matches!(
        half_done.await.unwrap(),
        Err(StoreError::Other(_))
    ));
    let told = panics.await.unwrap().unwrap_err().to_string();
    assert!(told.contains("of no use"), "{told}");
    after.await.unwrap().unwrap();
    assert_eq!(notes(&writer).await, ["before", "after"]);
    assert!(writer.alive().is_ok());
}

#[tokio::test]
async fn a_commit_counts_with_the_changes_that_stand() {
    let writer = writer(&options());
    let (let_go, held) = hold(&writer).await;
    let mut calls = Vec::new();
    for text in ["a", "b", "b", "c"] {
        calls.push(queue(&writer, |c| note(c, text)).await);
    }
    let_go.send(()).unwrap();
    held.await.unwrap().unwrap();
    for call in calls {
        // One of them fails alone.
        let _ = call.await.unwrap();
    }
    let told = writer.commits().so_far();
    assert_eq!(told.changes, 4);
    let sizes = Vec::from_iter(told.sizes.values());
    assert_eq!(
        sizes,
        [(1, 1), (4, 1)],
        "the one that held, and three of four"
    );
}

#[tokio::test]
async fn a_transaction_that_fails_fails_for_all_and_the_next_one_works() {
    let writer = writer(&options());
    let (let_go, held) = hold(&writer).await;
    let innocent = queue(&writer, |c| note(c, "innocent")).await;
    // As SQLite itself does when the disk is full.
    let ends_it = queue(&writer, |c| Ok(c.execute_batch("ROLLBACK")?)).await;
    let late = queue(&writer, |c| note(c, "late")).await;
    let_go.send(()).unwrap();
    assert!(held.await.unwrap().is_ok());
    for task in [innocent, ends_it, late] {
        assert!(task.await.unwrap().is_err());
    }
    writer.run(|c| note(c, "next")).await.unwrap();
    assert_eq!(notes(&writer).await, ["next"]);
}

#[tokio::test]
async fn a_full_queue_sends_away_whoever_waited_too_long() {
    let writer = writer(&SqliteOptions {
        queue: 2,
        queue_wait: Duration::from_millis(20),
        ..options()
    });
    let (let_go, held) = hold(&writer).await;
    let one = queue(&writer, |c| note(c, "one")).await;
    let two = queue(&writer, |c| note(c, "two")).await;
    let three = writer.run(|c| note(c, "three")).await;
    assert!(matches!(three, Err(StoreError::Unavailable(_))));
    let_go.send(()).unwrap();
    for task in [held, one, two] {
        task.await.unwrap().unwrap();
    }
    assert_eq!(notes(&writer).await, ["one", "two"]);
}

#[tokio::test]
async fn the_work_of_a_caller_who_went_away_is_left_out() {
    let writer = writer(&options());
    let (let_go, held) = hold(&writer).await;
    let gone = queue(&writer, |c| note(c, "gone")).await;
    let stays = queue(&writer, |c| note(c, "stays")).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let_go.send(()).unwrap();
    held.await.unwrap().unwrap();
    stays.await.unwrap().unwrap();
    assert_eq!(notes(&writer).await, ["stays"]);
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_takes_no_more() {
    let writer = writer(&options());
    let (let_go, held) = hold(&writer).await;
    let queued = queue(&writer, |c| note(c, "queued")).await;
    let closing = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.close().await }
    });
    let_go.send(()).unwrap();
    held.await.unwrap().unwrap();
    queued.await.unwrap().unwrap();
    closing.await.unwrap();
    assert!(matches!(
        writer.run(|c| note(c, "late")).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(writer.alive().is_err());
    // Once more does no harm.
    writer.close().await;
}

#[tokio::test]
async fn more_than_a_batch_is_done_in_several() {
    let writer = writer(&SqliteOptions {
        batch: 3,
        ..options()
    });
    let (let_go, held) = hold(&writer).await;
    let mut tasks = Vec::new();
    for number in 0..10 {
        tasks.push(queue(&writer, move |c| note(c, &number.to_string())).await);
    }
    let_go.send(()).unwrap();
    held.await.unwrap().unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let expected: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!(notes(&writer).await, expected);
}
