//! The same questions asked of the store and of the messages themselves.

use std::time::{Duration, Instant};

use domain::{Interval, RoomId, Span, ports::ActivityStore};
use uuid::Uuid;

use crate::world;

pub const INTERVALS: [Interval; 3] = [Interval::Minute, Interval::Hour, Interval::Day];

/// How many rooms and users are ranked.
pub const RANKED: u32 = 100;

/// What is said of all rooms, or of one.
#[derive(Debug, PartialEq, Default)]
pub struct Answers {
    /// For each of [`INTERVALS`]: when each begins, in microseconds, its messages and its senders.
    pub series: Vec<Vec<(i64, u64, u64)>>,
    pub totals: (u64, u64),
    pub rooms: Vec<(Uuid, u64, u64)>,
    pub users: Vec<(Uuid, u64)>,
    pub hours: Vec<(u8, u64)>,
    pub accounts: u64,
}

impl Answers {
    /// Asks the store, in each interval, and tells how long the longest answer took.
    pub async fn of(store: &dyn ActivityStore, room: Option<Uuid>) -> (Vec<Self>, Duration) {
        let mut longest = Duration::ZERO;
        let mut all = Vec::new();
        let mut series = Vec::new();
        for interval in INTERVALS {
            let span = span(interval, room);
            let points = timed(&mut longest, store.series(&span)).await;
            let points = points.iter();
            let points = points.map(|it| (it.at.as_microsecond(), it.messages, it.senders));
            series.push(points.collect::<Vec<_>>());
        }
        for interval in INTERVALS {
            let span = span(interval, room);
            let totals = timed(&mut longest, store.totals(&span)).await;
            let rooms = timed(&mut longest, store.top_rooms(&span, RANKED)).await;
            let users = timed(&mut longest, store.top_users(&span, RANKED)).await;
            let by_hours = match interval {
                // A day has no hours.
                Interval::Day => self::span(Interval::Hour, room),
                _ => span,
            };
            let hours = timed(&mut longest, store.busiest_hours(&by_hours)).await;
            let accounts = store.new_accounts(span.from, span.to);
            let accounts = timed(&mut longest, accounts).await;
            let rooms = rooms.iter();
            let rooms = rooms.map(|it| (it.room_id.0, it.messages, it.senders));
            all.push(Self {
                series: series.clone(),
                totals,
                rooms: rooms.collect(),
                users: users.iter().map(|it| (it.user_id.0, it.messages)).collect(),
                hours: hours.iter().map(|it| (it.hour, it.messages)).collect(),
                accounts,
            });
        }
        (all, longest)
    }

    /// Where two differ, in a few words each.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let mut differences = Vec::new();
        let mut compare = |is_same: bool, what| {
            if !is_same {
                differences.push(what);
            }
        };
        compare(self.series == other.series, "series");
        compare(self.totals == other.totals, "totals");
        compare(self.rooms == other.rooms, "top rooms");
        compare(self.users == other.users, "top users");
        compare(self.hours == other.hours, "busiest hours");
        compare(self.accounts == other.accounts, "new accounts");
        differences
    }

    /// How many numbers it tells.
    pub fn numbers(&self) -> usize {
        let points: usize = self.series.iter().map(Vec::len).sum();
        2 * (points + 1 + self.rooms.len()) + self.users.len() + self.hours.len() + 1
    }
}

fn span(interval: Interval, room: Option<Uuid>) -> Span {
    Span {
        interval,
        from: world::begin(),
        to: world::end(),
        room: room.map(RoomId),
    }
}

async fn timed<T>(
    longest: &mut Duration,
    question: impl Future<Output = domain::StoreResult<T>>,
) -> T {
    let asked = Instant::now();
    let answer = question.await.expect("an answer");
    *longest = asked.elapsed().max(*longest);
    answer
}
