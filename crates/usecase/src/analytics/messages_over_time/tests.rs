use domain::{Role, Span, ports::MockActivityStore};
use mockall::predicate::eq;

use super::*;
use crate::{
    analytics::sample::{admins_analyst, all_is_counted, analyst, time, users},
    sample::{away, caller, room, rooms_where_ann_is},
};

fn input(interval: Interval, from: Option<&str>, to: Option<&str>) -> MessagesOverTimeInput {
    MessagesOverTimeInput {
        interval,
        from: from.map(time),
        to: to.map(time),
        room: None,
    }
}

fn point(at: &str, messages: u64) -> ActivityPoint {
    ActivityPoint {
        at: time(at),
        messages,
        senders: messages,
    }
}

/// Answers these points for this span.
fn series(span: Span, points: Vec<ActivityPoint>) -> MockActivityStore {
    let mut activity = all_is_counted();
    activity
        .expect_series()
        .with(eq(span))
        .times(1)
        .return_const(Ok(points));
    activity
}

fn span(interval: Interval, from: &str, to: &str) -> Span {
    Span {
        interval,
        from: time(from),
        to: time(to),
        room: None,
    }
}

async fn ask(
    activity: MockActivityStore,
    input: MessagesOverTimeInput,
) -> Result<Vec<ActivityPoint>, AnalyticsError> {
    MessagesOverTime(admins_analyst(activity))
        .execute(caller(), input)
        .await
}

#[tokio::test]
async fn intervals_in_which_nothing_was_sent_are_told_too() {
    let counted = vec![point("01:01:00", 2), point("01:03:00", 7)];
    let activity = series(span(Interval::Minute, "01:00:00", "01:05:00"), counted);
    let input = input(Interval::Minute, Some("01:00:00"), Some("01:05:00"));
    let expected = [
        point("01:00:00", 0),
        point("01:01:00", 2),
        point("01:02:00", 0),
        point("01:03:00", 7),
        point("01:04:00", 0),
    ];
    assert_eq!(ask(activity, input).await, Ok(expected.to_vec()));
}

#[tokio::test]
async fn intervals_that_are_touched_are_told_whole() {
    let activity = series(
        span(Interval::Hour, "01:00:00", "02:00:00.000001"),
        vec![point("02:00:00", 1)],
    );
    let input = input(Interval::Hour, Some("01:59:59"), Some("02:00:00.000001"));
    let expected = [point("01:00:00", 0), point("02:00:00", 1)];
    assert_eq!(ask(activity, input).await, Ok(expected.to_vec()));
}

#[tokio::test]
async fn without_a_span_it_is_an_hour_of_minutes_two_days_of_hours_or_thirty_days_up_to_now() {
    for (interval, from, to, points, last) in [
        (Interval::Minute, "02:05:00", "03:05:00", 60, "03:04:00"),
        (
            Interval::Hour,
            "2025-12-31T04:00:00Z",
            "04:00:00",
            48,
            "03:00:00",
        ),
        (
            Interval::Day,
            "2025-12-04T00:00:00Z",
            "2026-01-03T00:00:00Z",
            30,
            "00:00:00",
        ),
    ] {
        let activity = series(span(interval, from, to), vec![]);
        let told = ask(activity, input(interval, None, None)).await.unwrap();
        assert_eq!(told.len(), points, "{interval:?}");
        assert_eq!(told.first(), Some(&point(from, 0)));
        assert_eq!(told.last(), Some(&point(last, 0)));
    }
}

#[tokio::test]
async fn one_end_of_the_span_is_enough() {
    let activity = series(span(Interval::Hour, "01:00:00", "04:00:00"), vec![]);
    let since = input(Interval::Hour, Some("01:30:00"), None);
    assert_eq!(ask(activity, since).await.unwrap().len(), 3);

    let until = input(Interval::Minute, None, Some("2025-06-01T12:00:00Z"));
    let told = span(
        Interval::Minute,
        "2025-06-01T11:00:00Z",
        "2025-06-01T12:00:00Z",
    );
    assert_eq!(ask(series(told, vec![]), until).await.unwrap().len(), 60);
}

#[tokio::test]
async fn a_span_of_two_thousand_intervals_is_told_and_no_longer_one() {
    let (from, to) = ("2026-01-02T00:00:00Z", "2026-01-03T09:20:00Z");
    let activity = series(span(Interval::Minute, from, to), vec![]);
    let longest = input(Interval::Minute, Some(from), Some(to));
    assert_eq!(ask(activity, longest).await.unwrap().len(), 2_000);

    let longer = input(Interval::Minute, Some(from), Some("2026-01-03T09:20:01Z"));
    let refused = Err(AnalyticsError::BadSpan);
    assert_eq!(ask(all_is_counted(), longer).await, refused);
}

#[tokio::test]
async fn a_span_that_does_not_end_after_it_begins_is_refused() {
    for (from, to) in [
        (Some("02:00:00"), Some("02:00:00")),
        (Some("02:00:00"), Some("01:00:00")),
        // In the future, without an end.
        (Some("2027-01-01T00:00:00Z"), None),
    ] {
        let answer = ask(all_is_counted(), input(Interval::Hour, from, to)).await;
        assert_eq!(answer, Err(AnalyticsError::BadSpan), "{from:?} {to:?}");
    }
}

#[tokio::test]
async fn the_first_and_the_last_moment_that_there_are_break_nothing() {
    for (from, to) in [
        (Some(Timestamp::MIN), None),
        (None, Some(Timestamp::MIN)),
        (Some(Timestamp::MIN), Some(Timestamp::MAX)),
    ] {
        let (interval, room) = (Interval::Day, None);
        let input = MessagesOverTimeInput {
            interval,
            from,
            to,
            room,
        };
        let answer = ask(all_is_counted(), input).await;
        assert_eq!(answer, Err(AnalyticsError::BadSpan));
    }
    let mut activity = all_is_counted();
    activity.expect_series().return_const(Ok(vec![]));
    let input = MessagesOverTimeInput {
        interval: Interval::Day,
        from: None,
        to: Some(Timestamp::MAX),
        room: None,
    };
    assert_eq!(ask(activity, input).await.unwrap().len(), 31);
}

#[tokio::test]
async fn an_owner_is_told_of_the_room_alone() {
    let of_room = Span {
        room: Some(room().id),
        ..span(Interval::Hour, "02:00:00", "03:00:00")
    };
    let activity = series(of_room, vec![point("02:00:00", 4)]);
    let rooms = rooms_where_ann_is(Role::Owner, room());
    let input = MessagesOverTimeInput {
        room: Some(room().id),
        ..input(Interval::Hour, Some("02:00:00"), Some("03:00:00"))
    };
    let answer = MessagesOverTime(analyst(users(false), rooms, activity))
        .execute(caller(), input)
        .await;
    assert_eq!(answer, Ok(vec![point("02:00:00", 4)]));
}

/// Whoever may not ask is told so, however they ask.
#[tokio::test]
async fn a_stranger_is_refused_before_the_span_is_looked_at() {
    let rooms = rooms_where_ann_is(Role::Member, room());
    let backwards = MessagesOverTimeInput {
        room: Some(room().id),
        ..input(Interval::Hour, Some("02:00:00"), Some("01:00:00"))
    };
    let asked = MessagesOverTime(analyst(users(false), rooms, MockActivityStore::new()));
    assert_eq!(
        asked.execute(caller(), backwards).await,
        Err(AnalyticsError::NotAllowed)
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut activity = all_is_counted();
    activity.expect_series().return_const(Err(away()));
    let answer = ask(activity, input(Interval::Day, None, None)).await;
    assert_eq!(answer, Err(AnalyticsError::Store(away())));
}
