//! Who asks in the unit tests of analytics, and what is there to be asked.

use std::sync::Arc;

use domain::{
    Interval, RoomId, Span, Timestamp, User,
    ports::{MockActivityStore, MockRoomStore, MockUserStore},
};
use mockall::predicate::eq;

use super::{CountActivity, access::Analyst};
use crate::sample::{ann, clock};

/// A time of the day of [`testkit::sample::now`], which is 2026-01-02T03:04:05.000006Z.
pub fn time(text: &str) -> Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("2026-01-02T{text}Z")
    };
    text.parse().expect("a time")
}

/// Knows Ann, as an admin or not.
pub fn users(is_admin: bool) -> MockUserStore {
    let mut users = MockUserStore::new();
    let known = User { is_admin, ..ann() };
    users
        .expect_by_id()
        .with(eq(ann().id))
        .return_const(Ok(Some(known)));
    users
}

/// In which all is counted as soon as it is asked once.
pub fn all_is_counted() -> MockActivityStore {
    let mut activity = MockActivityStore::new();
    activity
        .expect_count_on()
        .with(eq(CountActivity::BATCH))
        .times(1)
        .return_const(Ok(false));
    activity
}

pub fn analyst(
    users: MockUserStore,
    rooms: Arc<MockRoomStore>,
    activity: MockActivityStore,
) -> Arc<Analyst> {
    let activity = Arc::new(activity);
    Arc::new(Analyst {
        users: Arc::new(users),
        rooms,
        activity: activity.clone(),
        clock: clock(),
        count: CountActivity { activity },
    })
}

/// Asked by an admin, of all rooms.
pub fn admins_analyst(activity: MockActivityStore) -> Arc<Analyst> {
    analyst(users(true), Arc::new(MockRoomStore::new()), activity)
}

/// Days from this one on, up to a day from now.
pub fn days_from(first: &str, room: Option<RoomId>) -> Span {
    Span {
        interval: Interval::Day,
        from: time(first),
        to: time("2026-01-03T03:04:05Z"),
        room,
    }
}

/// All days.
pub fn ever(room: Option<RoomId>) -> Span {
    days_from("1970-01-01T00:00:00Z", room)
}

pub const TODAY: &str = "2026-01-02T00:00:00Z";
pub const THIS_WEEK: &str = "2025-12-27T00:00:00Z";
pub const THIS_MONTH: &str = "2025-12-04T00:00:00Z";

/// Answers this many messages and senders for this span.
pub fn totals(activity: &mut MockActivityStore, span: Span, answer: (u64, u64)) {
    activity
        .expect_totals()
        .with(eq(span))
        .times(1)
        .return_const(Ok(answer));
}

/// Answers this many accounts that were made in this span.
pub fn new_accounts(activity: &mut MockActivityStore, span: Span, answer: u64) {
    activity
        .expect_new_accounts()
        .with(eq(span.from), eq(span.to))
        .times(1)
        .return_const(Ok(answer));
}
