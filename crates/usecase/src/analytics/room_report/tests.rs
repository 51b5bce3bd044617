use domain::{
    Interval, Role, Span,
    ports::{MockActivityStore, MockRoomStore},
};
use mockall::predicate::eq;

use super::*;
use crate::{
    analytics::sample::{
        THIS_MONTH, THIS_WEEK, TODAY, all_is_counted, analyst, days_from, ever, totals, users,
    },
    sample::{away, caller, room, rooms_where_ann_is, rooms_with},
};

fn hours() -> Vec<HourActivity> {
    [(3, 5), (23, 1)]
        .map(|(hour, messages)| HourActivity { hour, messages })
        .to_vec()
}

/// What is counted of the room.
fn counted() -> MockActivityStore {
    let of_room = Some(room().id);
    let mut activity = all_is_counted();
    for (span, said) in [
        (ever(of_room), (1_000, 40)),
        (days_from(TODAY, of_room), (10, 2)),
        (days_from(THIS_WEEK, of_room), (70, 12)),
        (days_from(THIS_MONTH, of_room), (300, 29)),
    ] {
        totals(&mut activity, span, said);
    }
    activity.expect_new_accounts().return_const(Ok(0));
    let by_hours = Span {
        interval: Interval::Hour,
        ..days_from(THIS_MONTH, of_room)
    };
    activity
        .expect_busiest_hours()
        .with(eq(by_hours))
        .times(1)
        .return_const(Ok(hours()));
    activity
}

#[tokio::test]
async fn an_owner_and_an_admin_are_told_what_the_room_is_like() {
    for (is_admin, role) in [(false, Some(Role::Owner)), (true, None)] {
        let rooms = rooms_with(room().id, Some((room(), role)));
        let asked = RoomReport(analyst(users(is_admin), Arc::new(rooms), counted()));
        assert_eq!(
            asked.execute(caller(), room().id).await,
            Ok(RoomReportAnswer {
                messages: 1_000,
                senders: 40,
                daily_active_users: 2,
                weekly_active_users: 12,
                monthly_active_users: 29,
                busiest_hours: hours(),
            })
        );
    }
}

#[tokio::test]
async fn others_are_refused() {
    let of_member = rooms_where_ann_is(Role::Member, room());
    let unknown = Arc::new(rooms_with(room().id, None));
    for (rooms, refusal) in [
        (of_member, AnalyticsError::NotAllowed),
        (unknown, AnalyticsError::RoomNotFound),
    ] {
        let asked = RoomReport(analyst(users(false), rooms, MockActivityStore::new()));
        assert_eq!(asked.execute(caller(), room().id).await, Err(refusal));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut activity = all_is_counted();
    activity.expect_totals().return_const(Ok((1, 1)));
    activity.expect_new_accounts().return_const(Ok(0));
    activity.expect_busiest_hours().return_const(Err(away()));
    let mut rooms = MockRoomStore::new();
    rooms.expect_by_id().return_const(Ok(Some(room())));
    let asked = RoomReport(analyst(users(true), Arc::new(rooms), activity));
    assert_eq!(
        asked.execute(caller(), room().id).await,
        Err(AnalyticsError::Store(away()))
    );
}
