//! Somebody else holds what the nodes need.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
};

use futures_util::future::join_all;
use serde_json::json;

use crate::fleet::{Fleet, readiness};

/// A session of psql that holds a room's row or a table, as a long transaction of somebody else does, until it is dropped.
pub struct Holder {
    psql: Child,
    input: Option<ChildStdin>,
}

impl Holder {
    /// Holds it from when this answers.
    pub fn hold(fleet: &Fleet, room: &str) -> Self {
        let row = format!("SELECT 'held' FROM rooms WHERE id = '{room}' FOR UPDATE");
        Self::begin(fleet, &row)
    }

    /// As [`hold`](Self::hold), for a whole table, which nobody can read then.
    pub fn lock(fleet: &Fleet, table: &str) -> Self {
        let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held'");
        Self::begin(fleet, &lock)
    }

    fn begin(fleet: &Fleet, sql: &str) -> Self {
        let mut psql = Command::new("psql")
            .args(["-X", "-A", "-t", "-q", "-d", &fleet.dsn])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(input, "BEGIN; {sql};").unwrap();
        let mut said = String::new();
        let mut output = BufReader::new(psql.stdout.take().unwrap());
        output.read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        let input = Some(input);
        Self { psql, input }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.psql.wait();
    }
}

#[tokio::test]
async fn a_room_that_somebody_else_holds_refuses_its_messages_and_no_other_room_does() {
    let fleet = Fleet::with(&[("DB_LOCK_TIMEOUT", "300ms"), ("DB_STATEMENT_TIMEOUT", "5s")]).await;
    let [a, b, _] = &fleet.nodes[..] else {
        panic!("three nodes")
    };
    let ann = a.user("Ann").await;
    let held = ann.room("Held", &[]).await;
    let mut rooms = vec![held.clone()];
    for i in 0..5 {
        rooms.push(ann.room(&format!("Free {i}"), &[]).await);
    }
    let send = async |room: &str, reference: String| {
        let body = json!({"content": "hi", "client_msg_id": reference});
        ann.post(&format!("/v1/rooms/{room}/messages"), body).await
    };
    let holder = Holder::hold(&fleet, &held);
    for round in 0..3 {
        let sent = rooms.iter().map(|room| send(room, round.to_string()));
        let answers = join_all(sent).await;
        answers[0].assert_problem(503, "unavailable");
        let statuses: Vec<_> = answers[1..].iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [201; 5]);
    }
    // It is one room's trouble: the node can serve.
    for node in [a, b] {
        assert_eq!(readiness(node).await.status, 200);
    }
    drop(holder);
    for round in 0..3 {
        assert_eq!(send(&held, round.to_string()).await.status, 201);
    }
}
