use domain::{Role, ports::MockActivityStore};

use super::*;
use crate::{
    analytics::sample::{
        THIS_MONTH, THIS_WEEK, TODAY, admins_analyst, all_is_counted, analyst, days_from,
        new_accounts, time, totals, users,
    },
    sample::{away, caller, room, rooms_where_ann_is},
};

#[tokio::test]
async fn a_window_has_one_seven_or_thirty_days_with_today() {
    for (window, first) in [
        (Window::Day, TODAY),
        (Window::Week, THIS_WEEK),
        (Window::Month, THIS_MONTH),
    ] {
        let mut activity = all_is_counted();
        totals(&mut activity, days_from(first, None), (20, 3));
        new_accounts(&mut activity, days_from(first, None), 2);
        let asked = ActiveUsers(admins_analyst(activity));
        let report = ActiveUsersReport {
            from: time(first),
            users: 3,
            messages: 20,
            new_accounts: 2,
        };
        assert_eq!(asked.execute(caller(), window, None).await, Ok(report));
    }
}

#[tokio::test]
async fn an_owner_is_told_who_has_said_something_in_the_room() {
    let of_room = Some(room().id);
    let mut activity = all_is_counted();
    totals(&mut activity, days_from(TODAY, of_room), (5, 2));
    new_accounts(&mut activity, days_from(TODAY, None), 9);
    let rooms = rooms_where_ann_is(Role::Owner, room());
    let asked = ActiveUsers(analyst(users(false), rooms, activity));
    let report = asked.execute(caller(), Window::Day, of_room).await.unwrap();
    assert_eq!((report.messages, report.users), (5, 2));
}

#[tokio::test]
async fn others_are_refused() {
    let rooms = rooms_where_ann_is(Role::Member, room());
    let asked = ActiveUsers(analyst(users(false), rooms, MockActivityStore::new()));
    for of_room in [None, Some(room().id)] {
        assert_eq!(
            asked.execute(caller(), Window::Day, of_room).await,
            Err(AnalyticsError::NotAllowed)
        );
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut first = all_is_counted();
    first.expect_totals().return_const(Err(away()));
    let mut second = all_is_counted();
    second.expect_totals().return_const(Ok((1, 1)));
    second.expect_new_accounts().return_const(Err(away()));
    for activity in [first, second] {
        let asked = ActiveUsers(admins_analyst(activity));
        assert_eq!(
            asked.execute(caller(), Window::Day, None).await,
            Err(AnalyticsError::Store(away()))
        );
    }
}
