//! Postgres has no room left, or no connection to spare.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use testkit::{postgres::Postgres, redis::Redis};

use crate::{
    checker::{assert_sockets_stayed_open, judge},
    fleet::{Backend, readiness},
    length::{SOME, lasts, rounds},
    locks::Holder,
    rig::{Rig, wait_for_store},
    traffic::Traffic,
};

/// A file system in memory, of 64 MiB, that is gone with its owner.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None when the operator has said that the machine allows none.
    fn mount(folder: &Path) -> Option<Self> {
        if std::env::var_os("FAULTS_NO_TMPFS").is_some_and(|no| no == "1") {
            println!("disk full: left out, as FAULTS_NO_TMPFS=1 says");
            return None;
        }
        let disk = folder.join("small-disk");
        fs::create_dir(&disk).unwrap();
        let owner = "uid=nobody,gid=nogroup,mode=0700,size=64m";
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", owner, "tmpfs"])
            .arg(&disk)
            .output();
        let mounted = mounted.expect("mount");
        assert!(
            mounted.status.success(),
            "a small disk cannot be mounted: {}. Run this as root with CAP_SYS_ADMIN, or set FAULTS_NO_TMPFS=1 to leave \
             the scenario out",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Some(Self(disk))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Leaves no byte.
    fn fill(&self) {
        let mut zeros = fs::File::open("/dev/zero").unwrap();
        let mut ballast = fs::File::create(self.ballast()).unwrap();
        let full = std::io::copy(&mut zeros, &mut ballast).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: Postgres may still have files open there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What is sent then is refused, and nothing of it is there by half; what is there can be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_disk_of_postgres_is_full() {
    let postgres = Postgres::start_with(&[("synchronous_commit", "on"), ("autovacuum", "off")]);
    let Some(disk) = SmallDisk::mount(postgres.folder()) else {
        return;
    };
    let dsn = postgres.dsn("postgres");
    let place = disk.0.display();
    postgres.query(&dsn, &format!("CREATE TABLESPACE small LOCATION '{place}'"));
    postgres.query(&dsn, "ALTER ROLE chat SET default_tablespace = 'small'");
    let (postgres, redis) = (Box::new(postgres), Box::new(Redis::start()));
    let rig = Rig::over(Backend::Own(postgres), Backend::Own(redis), &[]).await;
    let traffic = Traffic::start(&rig).await;
    let user = &traffic.users[0];
    let own = format!("/v1/rooms/{}/messages", user.room("Own", &[]).await);
    for _ in 0..rounds() {
        disk.fill();
        let mut refused = 0;
        while refused < 20 {
            // More than a page, so that a new one is needed.
            let body = json!({"content": "x".repeat(3_900)});
            let answer = user.post(&own, body).await;
            if answer.status != 201 {
                answer.assert_problem(503, "unavailable");
                refused += 1;
            }
        }
        assert_eq!(user.get(&own).await.status, 200);
        // The database answers; it is the disk that takes nothing.
        for node in &rig.fleet.nodes {
            assert_eq!(readiness(node).await.status, 200);
            assert_eq!(node.client().get("/health/live").await.status, 200);
        }
        disk.free();
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("disk of Postgres full", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}

/// Changes wait for rooms that somebody else holds, and then every connection of the pool for a table. What cannot be done is
/// refused in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_pool_is_exhausted() {
    let settings = [
        ("DB_POOL", "2"),
        ("FEED_READS", "1"),
        ("DB_LOCK_TIMEOUT", "900ms"),
    ];
    let rig = Rig::shared(&settings).await;
    let traffic = Traffic::start(&rig).await;
    let ann = &traffic.users[0];
    let held = ann.room("Held", &[]).await;
    let message = ann.say(&held, "hi").await;
    let path = format!(
        "/v1/rooms/{held}/messages/{}",
        message["id"].as_str().unwrap()
    );
    for _ in 0..rounds() {
        let holders = [
            Holder::hold(&rig.fleet, &held),
            Holder::hold(&rig.fleet, &traffic.room),
        ];
        let edits = (0..20).map(async |i| {
            let request = ann.request(Method::PATCH, &path);
            let request = request.json(&json!({"content": i.to_string()}));
            ann.send(request).await
        });
        let time = lasts(Duration::from_secs(2), Duration::from_secs(20));
        let (answers, ()) = tokio::join!(join_all(edits), traffic.go_on_for(time));
        for answer in answers {
            answer.assert_problem(503, "unavailable");
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        }
        // The database answers; it is these rooms that cannot be had.
        for node in &rig.fleet.nodes {
            assert_eq!(readiness(node).await.status, 200);
            assert_eq!(node.client().get("/health/live").await.status, 200);
        }
        drop(holders);
        let holder = Holder::lock(&rig.fleet, "room_members");
        let members = format!("/v1/rooms/{held}/members");
        let reads = (0..20).map(async |_| ann.get(&members).await);
        for answer in join_all(reads).await {
            answer.assert_problem(503, "unavailable");
        }
        for node in &rig.fleet.nodes {
            assert_eq!(readiness(node).await.status, 200);
        }
        drop(holder);
        wait_for_store(&rig.fleet.nodes[0], true).await;
        traffic.acknowledge(SOME).await;
    }
    let outcome = judge("pool exhausted", &rig, traffic).await;
    assert_sockets_stayed_open(&outcome);
}
