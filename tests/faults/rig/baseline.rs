use std::{fmt, fs};

use futures_util::future::join_all;

use super::Rig;
use crate::{length::eventually, server::Server};

/// What the nodes hold before the clients come: memory, open files, threads and asynchronous tasks. Those of a connection
/// are counted by what they work for: sockets, and open files.
pub struct Baseline(Vec<Held>);

/// What a node held more of afterwards than before, at most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Growth {
    /// How many nodes could be compared.
    nodes: usize,
    mib: u64,
    files: usize,
    threads: usize,
    tasks: usize,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    pid: u32,
    memory_kib: u64,
    files: usize,
    threads: usize,
    tasks: usize,
}

/// What a node may hold more of after the first clients than before them: what it remembers of users and rooms, and
/// what its allocator keeps.
const MEMORY_SLACK_KIB: u64 = 48 * 1024;

/// Connections of pools that were not needed before, at most: of Postgres 4, 1 for commits and 1 that asks for health;
/// those of Redis, and of the suite itself, which asks for health.
const FILES_SLACK: usize = 16;

/// Those that hash passwords stay a while.
const THREADS_SLACK: usize = 4;

/// One for each connection of a pool that was not needed before: of Postgres 4, 1 for commits, 1 that asks for health; and
/// one that is just being made.
const TASKS_SLACK: usize = 7;

impl Baseline {
    /// Of the nodes as they are now.
    pub async fn of(rig: &Rig) -> Self {
        Self(join_all(rig.fleet.nodes.iter().map(Held::by)).await)
    }

    /// Waits until each node has no socket left, and holds no more than before. One that was started since has nothing
    /// to be compared with.
    pub async fn wait_for(&self, rig: &Rig) -> Growth {
        let mut growth = Growth::default();
        for node in &rig.fleet.nodes {
            eventually("no socket is open and no room followed", async || {
                let health = node.client().get("/health").await.body;
                (health["clients"] == 0 && health["followed_rooms"] == 0).then_some(())
            })
            .await;
            let Some(before) = self.0.iter().find(|held| held.pid == node.pid()) else {
                continue;
            };
            let now = eventually(
                "files, threads, tasks and memory are given back",
                async || {
                    let now = Held::by(node).await;
                    let is_small = now.memory_kib <= before.memory_kib + MEMORY_SLACK_KIB
                        && now.files <= before.files + FILES_SLACK
                        && now.threads <= before.threads + THREADS_SLACK
                        && now.tasks <= before.tasks + TASKS_SLACK;
                    is_small.then_some(now)
                },
            )
            .await;
            let grown = now.memory_kib.saturating_sub(before.memory_kib) / 1024;
            growth.nodes += 1;
            growth.mib = growth.mib.max(grown);
            growth.files = growth.files.max(now.files.saturating_sub(before.files));
            let threads = now.threads.saturating_sub(before.threads);
            growth.threads = growth.threads.max(threads);
            let tasks = now.tasks.saturating_sub(before.tasks);
            growth.tasks = growth.tasks.max(tasks);
        }
        growth
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            nodes,
            mib,
            files,
            threads,
            tasks,
        } = self;
        write!(
            f,
            "+{mib} MiB, +{files} files, +{threads} threads, +{tasks} tasks at most, on {nodes} nodes that stayed up"
        )
    }
}

impl Held {
    async fn by(node: &Server) -> Self {
        let entries = |of: &str| {
            let folder = format!("/proc/{}/{of}", node.pid());
            fs::read_dir(folder).unwrap().count()
        };
        Self {
            pid: node.pid(),
            memory_kib: node.resident_kib(),
            files: entries("fd"),
            threads: entries("task"),
            tasks: node.client().get("/health").await.body["tasks"]
                .as_u64()
                .and_then(|tasks| tasks.try_into().ok())
                .expect("the health tells how many tasks there are"),
        }
    }
}
