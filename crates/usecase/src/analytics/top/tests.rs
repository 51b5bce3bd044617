use domain::{
    Role, Visibility,
    ports::{MockActivityStore, MockRoomStore},
};
use mockall::predicate::eq;

use super::*;
use crate::{
    analytics::sample::{
        THIS_MONTH, THIS_WEEK, TODAY, admins_analyst, all_is_counted, analyst, days_from, ever,
        users,
    },
    sample::{ann, away, caller, room, rooms_where_ann_is},
};

fn input(window: Option<Window>) -> TopInput {
    TopInput {
        window,
        limit: PageSize::parse(5).expect("a size"),
    }
}

/// Each window, none too, and the days that it has.
fn windows(of_room: Option<RoomId>) -> [(Option<Window>, Span); 4] {
    [
        (None, ever(of_room)),
        (Some(Window::Day), days_from(TODAY, of_room)),
        (Some(Window::Week), days_from(THIS_WEEK, of_room)),
        (Some(Window::Month), days_from(THIS_MONTH, of_room)),
    ]
}

fn ranked_room() -> RoomActivity {
    RoomActivity {
        room_id: room().id,
        name: None,
        visibility: Visibility::Private,
        messages: 9,
        senders: 2,
    }
}

fn ranked_user() -> UserActivity {
    UserActivity {
        user_id: ann().id,
        username: ann().username,
        guest_id: None,
        messages: 9,
    }
}

#[tokio::test]
async fn an_admin_is_told_the_rooms_and_users_of_a_window_or_of_ever() {
    for (window, span) in windows(None) {
        let mut activity = all_is_counted();
        activity
            .expect_top_rooms()
            .with(eq(span), eq(5))
            .return_const(Ok(vec![ranked_room()]));
        let asked = Top(admins_analyst(activity));
        let rooms = asked.rooms(caller(), input(window)).await;
        assert_eq!(rooms, Ok(vec![ranked_room()]));

        let mut activity = all_is_counted();
        activity
            .expect_top_users()
            .with(eq(span), eq(5))
            .return_const(Ok(vec![ranked_user()]));
        let asked = Top(admins_analyst(activity));
        let users = asked.users(caller(), input(window), None).await;
        assert_eq!(users, Ok(vec![ranked_user()]));
    }
}

#[tokio::test]
async fn an_owner_is_told_the_users_of_the_room_and_no_rooms() {
    let of_room = Some(room().id);
    for (window, span) in windows(of_room) {
        let mut activity = all_is_counted();
        activity
            .expect_top_users()
            .with(eq(span), eq(5))
            .return_const(Ok(vec![ranked_user()]));
        let rooms = rooms_where_ann_is(Role::Owner, room());
        let asked = Top(analyst(users(false), rooms, activity));
        let users = asked.users(caller(), input(window), of_room).await;
        assert_eq!(users, Ok(vec![ranked_user()]));
        let rooms = asked.rooms(caller(), input(window)).await;
        assert_eq!(rooms, Err(AnalyticsError::NotAllowed));
    }
}

#[tokio::test]
async fn others_are_refused() {
    let rooms = rooms_where_ann_is(Role::Admin, room());
    let asked = Top(analyst(users(false), rooms, MockActivityStore::new()));
    for of_room in [None, Some(room().id)] {
        let users = asked.users(caller(), input(None), of_room).await;
        assert_eq!(users, Err(AnalyticsError::NotAllowed));
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let away_again = || {
        let mut activity = all_is_counted();
        activity.expect_top_rooms().return_const(Err(away()));
        activity.expect_top_users().return_const(Err(away()));
        let nowhere = Arc::new(MockRoomStore::new());
        Top(analyst(users(true), nowhere, activity))
    };
    let failed = AnalyticsError::Store(away());
    let rooms = away_again().rooms(caller(), input(None)).await;
    assert_eq!(rooms, Err(failed));
    let users = away_again().users(caller(), input(None), None).await;
    assert_eq!(users, Err(AnalyticsError::Store(away())));
}
