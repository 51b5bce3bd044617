//! What was sent and still stands, as somebody would write it down who was there; and the same questions asked of that.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ActivityPoint, HourActivity, Interval, Message, MessageId, RoomId, Span, Timestamp, User,
    UserId, ports::NewMessage,
};

use super::{Stores, scene::sent};
use crate::sample;

/// 2026-01-02 at 0:00, in microseconds.
const MIDNIGHT: i64 = 1_767_312_000_000_000;
const MINUTE: i64 = 60_000_000;

pub(super) const INTERVALS: [Interval; 3] = [Interval::Minute, Interval::Hour, Interval::Day];

/// So many minutes and microseconds after a midnight.
pub(super) fn moment(minutes: i64, micros: i64) -> Timestamp {
    Timestamp::from_microsecond(MIDNIGHT + minutes * MINUTE + micros).expect("a time of this age")
}

/// All intervals of this length, in one room or in all.
pub(super) fn all(interval: Interval, room: Option<RoomId>) -> Span {
    Span {
        interval,
        from: Timestamp::UNIX_EPOCH,
        to: moment(1_000_000, 0),
        room,
    }
}

#[derive(Clone, Copy)]
struct Entry {
    message: MessageId,
    room: RoomId,
    sender: UserId,
    at: Timestamp,
}

/// Messages and senders.
type Tally = (u64, BTreeSet<UserId>);

#[derive(Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    rooms: BTreeSet<RoomId>,
}

impl Book {
    /// Sends a message at this time, and writes it down.
    pub(super) async fn say(
        &mut self,
        stores: &Stores,
        room: RoomId,
        by: &User,
        at: Timestamp,
    ) -> Message {
        let new = NewMessage {
            at,
            ..sample::new_message(room, by.id, "soup")
        };
        let message = sent(stores.append(new).await);
        self.note(&message);
        message
    }

    /// Writes a message down that was sent.
    pub(super) fn note(&mut self, message: &Message) {
        self.rooms.insert(message.room_id);
        self.entries.push(Entry {
            message: message.id,
            room: message.room_id,
            sender: message.sender_id,
            at: message.created_at,
        });
    }

    /// Deletes a message, and strikes it out.
    pub(super) async fn delete(&mut self, stores: &Stores, message: &Message, by: &User) {
        let deletion = stores
            .log
            .delete(message.room_id, message.id, by.id, moment(999_999, 0));
        deletion.await.expect("a deletion");
        self.strike(message);
    }

    /// Strikes a message out that was deleted.
    pub(super) fn strike(&mut self, message: &Message) {
        self.entries.retain(|entry| entry.message != message.id);
    }

    /// Deletes a room, and strikes all of it out.
    pub(super) async fn delete_room(&mut self, stores: &Stores, room: RoomId, by: &User) {
        let deletion = stores.rooms.delete(room, by.id, moment(999_999, 0));
        deletion.await.expect("a deletion");
        self.entries.retain(|entry| entry.room != room);
    }

    /// Counts all, in calls of so many events, and compares every answer about it.
    pub(super) async fn assert_counted(&self, stores: &Stores, limit: u32) {
        count_all(stores, limit).await;
        let rooms = self.rooms.iter().copied().map(Some);
        for room in rooms.chain([None]) {
            for interval in INTERVALS {
                self.assert_span(stores, &all(interval, room)).await;
            }
        }
    }

    /// Compares every answer about one span.
    pub(super) async fn assert_span(&self, stores: &Stores, span: &Span) {
        let activity = &stores.activity;
        let series = activity.series(span).await.unwrap();
        assert_eq!(series, self.series(span), "the series of {span:?}");
        let totals = activity.totals(span).await.unwrap();
        assert_eq!(totals, self.totals(span), "the totals of {span:?}");
        let rooms = activity.top_rooms(span, 100).await.unwrap();
        let rooms = rooms.iter().map(|it| (it.room_id, it.messages, it.senders));
        assert_eq!(
            rooms.collect::<Vec<_>>(),
            self.rooms(span),
            "rooms of {span:?}"
        );
        let users = activity.top_users(span, 100).await.unwrap();
        let users = users.iter().map(|it| (it.user_id, it.messages));
        assert_eq!(
            users.collect::<Vec<_>>(),
            self.users(span),
            "users of {span:?}"
        );
        if span.interval != Interval::Day {
            let hours = activity.busiest_hours(span).await.unwrap();
            assert_eq!(hours, self.hours(span), "the hours of {span:?}");
        }
    }

    fn tallies<K: Ord>(
        &self,
        span: &Span,
        key: impl Fn(&Entry, i64) -> K,
    ) -> BTreeMap<K, (u64, BTreeSet<UserId>)> {
        let length = span.interval.seconds() * 1_000_000;
        let mut tallies: BTreeMap<K, Tally> = BTreeMap::new();
        for entry in &self.entries {
            let start = entry.at.as_microsecond().div_euclid(length) * length;
            let begins_in = span.from.as_microsecond() <= start && start < span.to.as_microsecond();
            if begins_in && span.room.is_none_or(|room| room == entry.room) {
                let (messages, senders) = tallies.entry(key(entry, start)).or_default();
                *messages += 1;
                senders.insert(entry.sender);
            }
        }
        tallies
    }

    fn series(&self, span: &Span) -> Vec<ActivityPoint> {
        let tallies = self.tallies(span, |_, start| start).into_iter();
        let points = tallies.map(|(start, (messages, senders))| ActivityPoint {
            at: Timestamp::from_microsecond(start).expect("a time of this age"),
            messages,
            senders: senders.len() as u64,
        });
        points.collect()
    }

    pub(super) fn totals(&self, span: &Span) -> (u64, u64) {
        let tallies = self.tallies(span, |_, _| ());
        let only = tallies.into_values().next().unwrap_or_default();
        (only.0, only.1.len() as u64)
    }

    fn rooms(&self, span: &Span) -> Vec<(RoomId, u64, u64)> {
        let tallies = self.tallies(span, |entry, _| entry.room).into_iter();
        let mut rooms: Vec<_> = tallies
            .map(|(room, (messages, senders))| (room, messages, senders.len() as u64))
            .collect();
        // Stable: of equals the order of their ids stays.
        rooms.sort_by_key(|(_, messages, _)| std::cmp::Reverse(*messages));
        rooms
    }

    fn users(&self, span: &Span) -> Vec<(UserId, u64)> {
        let tallies = self.tallies(span, |entry, _| entry.sender).into_iter();
        let mut users: Vec<_> = tallies
            .map(|(user, (messages, _))| (user, messages))
            .collect();
        users.sort_by_key(|(_, messages)| std::cmp::Reverse(*messages));
        users
    }

    fn hours(&self, span: &Span) -> Vec<HourActivity> {
        let hour = |entry: &Entry, _| entry.at.as_microsecond().div_euclid(60 * MINUTE) % 24;
        let tallies = self.tallies(span, hour).into_iter();
        let hours = tallies.map(|(hour, (messages, _))| HourActivity {
            hour: u8::try_from(hour).expect("less than 24"),
            messages,
        });
        hours.collect()
    }
}

/// Counts to the end, in calls of so many events. Answers how many calls that took.
pub(super) async fn count_all(stores: &Stores, limit: u32) -> usize {
    let mut calls = 1;
    while stores.activity.count_on(limit).await.expect("a count") {
        calls += 1;
        assert!(calls < 100_000, "it never ends");
    }
    calls
}
