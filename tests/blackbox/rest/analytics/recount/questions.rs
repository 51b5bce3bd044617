//! What the API is asked, and what a recount of the messages gives.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{ACTIVE, MESSAGES, OVERVIEW, TOP_ROOMS, TOP_USERS, good, report_of},
    DAY, DAYS, People, Said,
};
use crate::{api::Client, rest::with_query};

/// Messages and senders.
fn tally<'a>(said: impl Iterator<Item = &'a Said>) -> (usize, usize) {
    let mut senders = BTreeSet::new();
    let count = said.map(|said| senders.insert(said.sender)).count();
    (count, senders.len())
}

/// What is asked, and what the recount gives.
pub struct Recount<'a> {
    people: &'a People,
    said: &'a [Said],
    until: i64,
    /// When this day began.
    today: i64,
}

pub fn micros(value: &Value) -> i64 {
    let time: Timestamp = value.as_str().unwrap().parse().unwrap();
    time.as_microsecond()
}

fn text(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap().to_string()
}

impl<'a> Recount<'a> {
    /// Of what was said up to here.
    pub async fn of(people: &'a People, said: &'a [Said], until: i64) -> Self {
        let active = good(&people.admin, ACTIVE).await;
        Self {
            people,
            said,
            until,
            today: micros(&active["from"]),
        }
    }

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
            let active = self.ask(ACTIVE, &query[..1], room).await;
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

    pub async fn compare(&self) {
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
