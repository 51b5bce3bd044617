//! The numbers of the API beside a recount of the messages themselves, over some weeks of several rooms, which are written past
//! the node. `RECOUNT_MESSAGES` in the environment says how many, if not a few thousand: `make check-analytics` asks for a
//! million.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{postgres::Postgres, redis::Redis};

use super::{MESSAGES, OVERVIEW, TOP_ROOMS, TOP_USERS, first_admin, good, report_of};
use crate::{
    api::Client,
    fleet::rig::{Backend, Fleet},
    rest::with_query,
    server::{Server, Start},
};

const DAY: i64 = 24 * 3_600 * 1_000_000;
/// Longer than any window.
const DAYS: i64 = 40;
/// How many rows one statement adds: psql takes it as an argument.
const ROWS: usize = 200;

/// A message, in the numbers of its room and its sender.
struct Said {
    room: usize,
    sender: usize,
    /// In microseconds since 1970.
    at: i64,
    stands: bool,
}

/// The database, past the node.
enum Rows {
    /// In its folder.
    Sqlite(TempDir),
    Postgres(Fleet),
}

impl Rows {
    /// A node over it, to be started.
    fn node(&self) -> Start {
        let node = match self {
            Self::Sqlite(folder) => Start::default().in_folder(folder.path()),
            Self::Postgres(fleet) => fleet.node().with("DB_STATEMENT_TIMEOUT", "30s"),
        };
        node.with("RATE_REST_USER", "off")
            .with("RATE_REGISTER_IP", "off")
    }

    fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("data/chatterstack.db");
                Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            Self::Postgres(fleet) => drop(fleet.query(sql)),
        }
    }

    fn id(&self, id: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.replace('-', "")),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    fn time(&self, at: i64) -> String {
        match self {
            Self::Sqlite(_) => at.to_string(),
            Self::Postgres(_) => {
                format!("timestamptz 'epoch' + {at} * interval '1 microsecond'")
            }
        }
    }

    /// Adds what was said to the rooms and to their logs, which stood here.
    fn add(&self, people: &People, said: &[Said], mut last: Vec<i64>) {
        for (chunk, said) in said.chunks(ROWS).enumerate() {
            let (mut messages, mut events) = (Vec::new(), Vec::new());
            for (place, said) in said.iter().enumerate() {
                last[said.room] += 1;
                let id = self.id(&message(chunk * ROWS + place));
                let room = self.id(&people.rooms[said.room]);
                let sender = self.id(people.users[said.sender].id());
                let (seq, at) = (last[said.room], self.time(said.at));
                messages.push(format!(
                    "({id}, {room}, {seq}, {sender}, 'x', '[]', {at}, {at})"
                ));
                events.push(format!(
                    "({room}, {seq}, 'message_sent', {sender}, {id}, {at})"
                ));
            }
            self.run(&format!(
                "INSERT INTO messages (id, room_id, seq, sender_id, content, attachments, created_at, updated_at) VALUES {};
                 INSERT INTO room_events (room_id, seq, kind, actor_id, subject_id, at) VALUES {};",
                messages.join(", "),
                events.join(", "),
            ));
        }
        for (room, last) in people.rooms.iter().zip(last) {
            let room = self.id(room);
            self.run(&format!(
                "UPDATE rooms SET last_seq = {last} WHERE id = {room}"
            ));
        }
    }
}

fn message(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
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

/// Messages and senders.
fn tally<'a>(said: impl Iterator<Item = &'a Said>) -> (usize, usize) {
    let mut senders = BTreeSet::new();
    let count = said.map(|said| senders.insert(said.sender)).count();
    (count, senders.len())
}

/// What is asked, and what the recount gives.
struct Recount<'a> {
    people: &'a People,
    said: &'a [Said],
    until: i64,
    /// When this day began.
    today: i64,
}

fn micros(value: &Value) -> i64 {
    let time: Timestamp = value.as_str().unwrap().parse().unwrap();
    time.as_microsecond()
}

fn text(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap().to_string()
}

impl Recount<'_> {
    fn standing(&self, room: Option<usize>, from: i64) -> impl Iterator<Item = &Said> {
        let stands = move |said: &&Said| {
            said.stands && said.at >= from && room.is_none_or(|room| said.room == room)
        };
        self.said.iter().filter(stands)
    }

    /// When a window of so many days began.
    fn days_back(&self, days: i64) -> i64 {
        self.today - (days - 1) * DAY
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)], room: Option<usize>) -> Value {
        let room = room.map(|room| ("room_id", self.people.rooms[room].as_str()));
        let query: Vec<_> = query.iter().copied().chain(room).collect();
        good(&self.people.admin, &with_query(path, &query)).await
    }

    async fn series(&self, room: Option<usize>) {
        for (interval, length, days) in [
            ("day", DAY, DAYS),
            ("hour", DAY / 24, DAYS),
            ("minute", DAY / 24 / 60, 1),
        ] {
            let from = self.until - days * DAY;
            let (since, to) = (text(from), text(self.until));
            let query = [("interval", interval), ("from", &since), ("to", &to)];
            let told = self.ask(MESSAGES, &query, room).await;
            let first = from.div_euclid(length) * length;
            let count = usize::try_from((self.until - first + length - 1) / length).unwrap();
            let mut expected = vec![Vec::new(); count];
            for said in self.standing(room, first) {
                expected[usize::try_from((said.at - first) / length).unwrap()].push(said);
            }
            let points = told["points"].as_array().unwrap();
            assert_eq!(points.len(), count, "{interval}");
            for (place, (point, expected)) in points.iter().zip(expected).enumerate() {
                let (messages, senders) = tally(expected.into_iter());
                let at = first + i64::try_from(place).unwrap() * length;
                assert_eq!(micros(&point["at"]), at);
                let told = (&point["messages"], &point["senders"]);
                assert_eq!(
                    told,
                    (&json!(messages), &json!(senders)),
                    "{interval} {point}"
                );
            }
        }
    }

    async fn windows(&self, room: Option<usize>) {
        for (window, days) in [("day", 1), ("week", 7), ("month", 30)] {
            let query = [("window", window), ("limit", "100")];
            let active = self
                .ask("/v1/analytics/users/active", &query[..1], room)
                .await;
            let from = self.days_back(days);
            let (messages, users) = tally(self.standing(room, from));
            assert_eq!(micros(&active["from"]), from);
            let told = (&active["messages"], &active["users"]);
            assert_eq!(told, (&json!(messages), &json!(users)), "{window}");

            let ranked = self.ask(TOP_USERS, &query, room).await;
            let count = |user: usize| {
                let said = self.standing(room, from);
                said.filter(|said| said.sender == user).count()
            };
            let ids = self.people.users.iter().map(Client::id);
            let expected = ranking(ids.enumerate().map(|(user, id)| (count(user), id)));
            assert_eq!(pairs(&ranked["users"], "user_id"), expected, "{window}");

            if room.is_none() {
                let ranked = self.ask(TOP_ROOMS, &query, None).await;
                let rooms = self.people.rooms.iter().enumerate();
                let expected = ranking(rooms.map(|(room, id)| {
                    let said = self.standing(Some(room), from);
                    (said.count(), id.as_str())
                }));
                assert_eq!(pairs(&ranked["rooms"], "room_id"), expected, "{window}");
            }
        }
    }

    /// What the overview tells of all, and the report of one room.
    fn assert_counted(&self, told: &Value, room: Option<usize>) {
        let (messages, senders) = tally(self.standing(room, 0));
        assert_eq!(
            (&told["messages"], &told["senders"]),
            (&json!(messages), &json!(senders))
        );
        for (name, days) in [
            ("daily_active_users", 1),
            ("weekly_active_users", 7),
            ("monthly_active_users", 30),
        ] {
            let (_, users) = tally(self.standing(room, self.days_back(days)));
            assert_eq!(told[name], json!(users), "{name}");
        }
        let mut hours = [0; 24];
        for said in self.standing(room, self.days_back(30)) {
            hours[usize::try_from(said.at.rem_euclid(DAY) / (DAY / 24)).unwrap()] += 1;
        }
        let hours = hours
            .iter()
            .enumerate()
            .filter(|(_, messages)| **messages > 0);
        let expected: Vec<_> = hours
            .map(|(hour, messages)| json!({"hour": hour, "messages": messages}))
            .collect();
        assert_eq!(told["busiest_hours"], json!(expected));
    }

    async fn compare(&self) {
        let overview = self.ask(OVERVIEW, &[], None).await;
        self.assert_counted(&overview, None);
        let today = self.standing(None, self.today).count();
        assert_eq!(overview["messages_today"], json!(today));
        self.series(None).await;
        self.windows(None).await;
        for (room, id) in self.people.rooms.iter().enumerate() {
            let asked = self.people.admin.get(&report_of(id)).await;
            if self.standing(Some(room), 0).count() == 0 && asked.status == 404 {
                continue;
            }
            self.assert_counted(&asked.body, Some(room));
            self.series(Some(room)).await;
            self.windows(Some(room)).await;
        }
    }
}

/// Those with the most first, and of equals the one with the lower id.
fn ranking<'a>(counts: impl Iterator<Item = (usize, &'a str)>) -> Vec<(u64, String)> {
    let counts = counts.filter(|(count, _)| *count > 0);
    let mut ranked: Vec<_> = counts
        .map(|(count, id)| (u64::try_from(count).unwrap(), id.to_owned()))
        .collect();
    ranked.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    ranked
}

fn pairs(rows: &Value, id: &str) -> Vec<(u64, String)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let id = row[id].as_str().unwrap().to_owned();
        (row["messages"].as_u64().unwrap(), id)
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
    let active = good(&people.admin, "/v1/analytics/users/active").await;
    let today = micros(&active["from"]);
    let of_all = Recount {
        people: &people,
        said: &said,
        until,
        today,
    };
    of_all.compare().await;

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
    let of_the_rest = Recount {
        people: &people,
        said: &said,
        until,
        today,
    };
    of_the_rest.compare().await;
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
