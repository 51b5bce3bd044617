use domain::{
    Room,
    ports::{MockActivityStore, MockRoomStore, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::{
    analytics::sample::{all_is_counted, analyst, days_from, ever, time, users},
    sample::{away, caller, public_room, room, rooms_that_are_away, rooms_with},
};

/// What the store answers when it is asked for the room, and for what Ann is in it.
type Answer = Option<(Room, Option<Role>)>;

async fn admit(
    is_admin: bool,
    rooms: MockRoomStore,
    asks_of: Option<RoomId>,
    activity: MockActivityStore,
) -> Result<(), AnalyticsError> {
    let analyst = analyst(users(is_admin), Arc::new(rooms), activity);
    analyst.admit(caller(), asks_of).await
}

#[tokio::test]
async fn an_admin_asks_of_all_rooms_and_of_each() {
    let nobodys = MockRoomStore::new();
    assert_eq!(admit(true, nobodys, None, all_is_counted()).await, Ok(()));
    let roles = [None, Some(Role::Member), Some(Role::Owner)];
    for found in roles.map(|role| (room(), role)) {
        let rooms = rooms_with(room().id, Some(found));
        let asks_of = Some(room().id);
        assert_eq!(admit(true, rooms, asks_of, all_is_counted()).await, Ok(()));
    }
}

#[tokio::test]
async fn a_room_that_is_not_there_is_unknown_to_an_admin_too() {
    let rooms = rooms_with(room().id, None);
    let answer = admit(true, rooms, Some(room().id), MockActivityStore::new()).await;
    assert_eq!(answer, Err(AnalyticsError::RoomNotFound));
}

#[tokio::test]
async fn the_owner_of_a_room_asks_of_it() {
    for found in [room(), public_room()] {
        let rooms = rooms_with(found.id, Some((found, Some(Role::Owner))));
        let asks_of = Some(room().id);
        assert_eq!(admit(false, rooms, asks_of, all_is_counted()).await, Ok(()));
    }
}

/// Nothing is counted for them either: the store is not even asked.
#[tokio::test]
async fn everybody_else_is_refused_and_a_private_room_of_others_is_unknown() {
    use AnalyticsError::{NotAllowed, RoomNotFound};
    let answers: [(Answer, AnalyticsError); 6] = [
        (Some((room(), Some(Role::Admin))), NotAllowed),
        (Some((room(), Some(Role::Member))), NotAllowed),
        (Some((public_room(), Some(Role::Member))), NotAllowed),
        (Some((public_room(), None)), NotAllowed),
        (Some((room(), None)), RoomNotFound),
        (None, RoomNotFound),
    ];
    for (found, expected) in answers {
        let rooms = rooms_with(room().id, found.clone());
        let answer = admit(false, rooms, Some(room().id), MockActivityStore::new()).await;
        assert_eq!(answer, Err(expected), "{found:?}");
    }
    let answer = admit(false, MockRoomStore::new(), None, MockActivityStore::new()).await;
    assert_eq!(answer, Err(NotAllowed));
}

#[tokio::test]
async fn who_is_not_known_any_more_is_no_admin() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Ok(None));
    let rooms = Arc::new(MockRoomStore::new());
    let analyst = analyst(users, rooms, MockActivityStore::new());
    let answer = analyst.admit(caller(), None).await;
    assert_eq!(answer, Err(AnalyticsError::NotAllowed));
}

#[tokio::test]
async fn a_question_waits_for_twenty_batches_and_no_more() {
    let mut activity = MockActivityStore::new();
    activity
        .expect_count_on()
        .with(eq(CountActivity::BATCH))
        .times(20)
        .return_const(Ok(true));
    assert_eq!(
        admit(true, MockRoomStore::new(), None, activity).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_store_that_is_away_admits_nobody() {
    let failed = Err(AnalyticsError::Store(away()));
    let rooms = || Arc::new(rooms_with(room().id, Some((room(), Some(Role::Owner)))));
    let mut nobody = MockUserStore::new();
    nobody.expect_by_id().return_const(Err(away()));
    let of_users = analyst(nobody, rooms(), MockActivityStore::new());
    assert_eq!(of_users.admit(caller(), None).await, failed);

    let of_rooms = analyst(
        users(false),
        rooms_that_are_away(),
        MockActivityStore::new(),
    );
    assert_eq!(of_rooms.admit(caller(), Some(room().id)).await, failed);

    let mut rooms_by_id = MockRoomStore::new();
    rooms_by_id.expect_by_id().return_const(Err(away()));
    let answer = admit(true, rooms_by_id, Some(room().id), MockActivityStore::new()).await;
    assert_eq!(answer, failed);

    let mut uncounted = MockActivityStore::new();
    uncounted.expect_count_on().return_const(Err(away()));
    let of_activity = analyst(users(false), rooms(), uncounted);
    assert_eq!(of_activity.admit(caller(), Some(room().id)).await, failed);
}

#[test]
fn a_span_begins_with_the_interval_that_its_beginning_lies_in() {
    for (interval, start) in [
        (Interval::Minute, "03:04:00"),
        (Interval::Hour, "03:00:00"),
        (Interval::Day, "00:00:00"),
    ] {
        let (from, to) = (time("03:04:05.5"), time("03:04:05.6"));
        let room = Some(room().id);
        assert_eq!(
            Analyst::span(interval, from, to, room),
            Ok(Span {
                interval,
                from: time(start),
                to,
                room,
            })
        );
    }
}

#[test]
fn a_span_ends_after_it_begins_and_has_at_most_two_thousand_intervals() {
    let seconds = |seconds: i64| Timestamp::from_second(seconds).unwrap();
    for interval in [Interval::Minute, Interval::Hour, Interval::Day] {
        let length = interval.seconds();
        for (from, to, is_good) in [
            (seconds(0), seconds(2_000 * length), true),
            (seconds(length - 1), seconds(2_000 * length), true),
            (seconds(0), seconds(2_000 * length + 1), false),
            // One that is touched alone counts as well as a whole one.
            (seconds(length - 1), seconds(2_000 * length + 1), false),
            (seconds(0), seconds(1), true),
            (seconds(1), seconds(1), false),
            (seconds(2), seconds(1), false),
            (Timestamp::MIN, Timestamp::MAX, false),
            (Timestamp::MAX, Timestamp::MIN, false),
        ] {
            let span = Analyst::span(interval, from, to, None);
            assert_eq!(span.is_ok(), is_good, "{interval:?} {from} {to}");
            if !is_good {
                assert_eq!(span, Err(AnalyticsError::BadSpan));
            }
        }
    }
}

#[test]
fn the_last_days_are_whole_and_today_is_one_of_them() {
    let users = users(true);
    let rooms = Arc::new(MockRoomStore::new());
    let analyst = analyst(users, rooms, MockActivityStore::new());
    let room = Some(room().id);
    for (days, first) in [
        (1, "2026-01-02T00:00:00Z"),
        (2, "2026-01-01T00:00:00Z"),
        (7, "2025-12-27T00:00:00Z"),
        (30, "2025-12-04T00:00:00Z"),
    ] {
        assert_eq!(analyst.last_days(days, room), Ok(days_from(first, room)));
    }
    assert_eq!(analyst.ever(None), ever(None));
}
