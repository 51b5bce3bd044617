//! The numbers of the API beside a recount of the messages themselves, over some weeks of several rooms, which are written past
//! the node. `RECOUNT_MESSAGES` in the environment says how many, if not a few thousand: `make check-analytics` asks for a
//! million.

mod questions;
mod rows;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{postgres::Postgres, redis::Redis};

use self::{
    questions::{Recount, micros},
    rows::{Rows, message},
};
use super::{OVERVIEW, first_admin, good};
use crate::{
    api::Client,
    fleet::rig::{Backend, Fleet},
    server::Server,
};

const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Longer than any window.
const DAYS: i64 = 40;

/// A message, in the numbers of its room and its sender.
struct Said {
    room: usize,
    sender: usize,
    /// In microseconds since 1970.
    at: i64,
    stands: bool,
}

struct People {
    admin: Client,
    users: Vec<Client>,
    /// Of the first user, with all of them.
    rooms: Vec<String>,
}

impl People {
    async fn come(server: &Server) -> Self {
        let mut users = Vec::new();
        for name in ["Ann", "Bob", "Cat", "Dan", "Eve"] {
            users.push(server.user(name).await);
        }
        let others: Vec<_> = users[1..].iter().collect();
        let mut rooms = Vec::new();
        for name in ["One", "Two", "Three", "Four"] {
            rooms.push(users[0].room(name, &others).await);
        }
        Self {
            admin: first_admin(server).await,
            users,
            rooms,
        }
    }

    /// The last numbers of the rooms.
    async fn last(&self) -> Vec<i64> {
        let mut last = Vec::new();
        for room in &self.rooms {
            let body = good(&self.users[0], &format!("/v1/rooms/{room}")).await;
            last.push(body["last_seq"].as_i64().unwrap());
        }
        last
    }

    fn at(self, server: &Server) -> Self {
        Self {
            admin: self.admin.at(server),
            users: self.users.iter().map(|user| user.at(server)).collect(),
            rooms: self.rooms,
        }
    }
}

/// Some rooms and people say more than others, and the last one nothing.
fn all_that_is_said(count: usize, until: i64) -> Vec<Said> {
    let mut state: u64 = 1;
    let mut below = |most: u64| {
        // Knuth, The Art of Computer Programming, volume 2, 3.3.4: MMIX.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let span = u64::try_from(DAYS * DAY).unwrap();
    (0..count)
        .map(|_| Said {
            room: usize::try_from(below(3) * below(2)).unwrap(),
            sender: usize::try_from(below(4) * below(3) / 2).unwrap(),
            at: until - 1 - i64::try_from(below(1 << 31) * (span >> 31)).unwrap(),
            stands: true,
        })
        .collect()
}

async fn compare(rows: Rows) {
    let mut server = rows.node().start().await;
    let people = People::come(&server).await;
    let last = people.last().await;
    server.signal("TERM");
    server.ended().await;
    let until = micros(&server.wait_for_log("listening")["timestamp"]);
    let count = std::env::var("RECOUNT_MESSAGES").map(|count| count.parse().unwrap());
    let mut said = all_that_is_said(count.unwrap_or(4_000), until);
    rows.add(&people, &said, last);

    let server = rows.node().start().await;
    let people = people.at(&server);
    let all_are_counted = async |expected: usize| {
        let mut before = Value::Null;
        loop {
            // Each question counts on for a while.
            let told = good(&people.admin, OVERVIEW).await["messages"].clone();
            if told == json!(expected) {
                break;
            }
            assert_ne!(told, before, "{expected} were expected");
            before = told;
        }
    };
    all_are_counted(said.len()).await;
    Recount::of(&people, &said, until).await.compare().await;

    // Some are deleted, old ones and new ones, and a room with all that is in it.
    let owner = &people.users[0];
    for number in (0..said.len()).step_by(said.len() / 20) {
        let room = &people.rooms[said[number].room];
        let path = format!("/v1/rooms/{room}/messages/{}", message(number));
        let deleted = owner.send(owner.request(Method::DELETE, &path)).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        said[number].stands = false;
    }
    let gone = &people.rooms[1];
    let deleted = owner.delete(&format!("/v1/rooms/{gone}")).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    for said in said.iter_mut().filter(|said| said.room == 1) {
        said.stands = false;
    }
    all_are_counted(said.iter().filter(|said| said.stands).count()).await;
    Recount::of(&people, &said, until).await.compare().await;
}

#[tokio::test]
async fn every_number_is_that_of_a_recount_on_sqlite() {
    compare(Rows::Sqlite(tempfile::tempdir().unwrap())).await;
}

#[tokio::test]
async fn every_number_is_that_of_a_recount_on_postgres() {
    let postgres = Backend::Shared(Postgres::shared());
    let fleet = Fleet::over(postgres, Backend::Shared(Redis::shared()), &[]).await;
    compare(Rows::Postgres(fleet)).await;
}
