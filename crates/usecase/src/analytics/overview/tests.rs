use domain::{Interval, Span, ports::MockActivityStore};
use mockall::predicate::eq;

use super::*;
use crate::{
    analytics::sample::{
        THIS_MONTH, THIS_WEEK, TODAY, admins_analyst, all_is_counted, analyst, days_from, ever,
        new_accounts, totals, users,
    },
    sample::{away, caller, room, rooms_where_ann_is},
};

#[tokio::test]
async fn each_number_is_of_its_own_days() {
    let mut activity = all_is_counted();
    for (span, said, made) in [
        (ever(None), (1_000, 40), 50),
        (days_from(TODAY, None), (10, 2), 1),
        (days_from(THIS_WEEK, None), (70, 12), 4),
        (days_from(THIS_MONTH, None), (300, 29), 8),
    ] {
        totals(&mut activity, span, said);
        new_accounts(&mut activity, span, made);
    }
    let hours = Span {
        interval: Interval::Hour,
        ..days_from(THIS_MONTH, None)
    };
    let busiest = vec![HourActivity {
        hour: 17,
        messages: 1_000,
    }];
    activity
        .expect_busiest_hours()
        .with(eq(hours))
        .return_const(Ok(busiest.clone()));
    assert_eq!(
        Overview(admins_analyst(activity)).execute(caller()).await,
        Ok(OverviewReport {
            messages: 1_000,
            senders: 40,
            accounts: 50,
            messages_today: 10,
            new_accounts_today: 1,
            daily_active_users: 2,
            weekly_active_users: 12,
            monthly_active_users: 29,
            busiest_hours: busiest,
        })
    );
}

#[tokio::test]
async fn the_owner_of_a_room_is_not_told_of_all() {
    let rooms = rooms_where_ann_is(domain::Role::Owner, room());
    let asked = Overview(analyst(users(false), rooms, MockActivityStore::new()));
    assert_eq!(
        asked.execute(caller()).await,
        Err(AnalyticsError::NotAllowed)
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut activity = all_is_counted();
    activity.expect_totals().return_const(Err(away()));
    assert_eq!(
        Overview(admins_analyst(activity)).execute(caller()).await,
        Err(AnalyticsError::Store(away()))
    );
}
