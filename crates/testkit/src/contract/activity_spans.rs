//! [`ActivityStore`](domain::ports::ActivityStore): which intervals there are, and who comes first.

use domain::Interval;

use super::{
    Stores,
    recount::{Book, INTERVALS, all, count_all, moment},
};

pub async fn an_interval_has_its_first_microsecond_and_not_that_of_the_next(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let mut book = Book::default();
    for minutes in [0, 1, 60, 24 * 60] {
        for micros in [-1, 0] {
            book.say(stores, room, &ann, moment(minutes, micros)).await;
        }
    }
    book.assert_counted(stores, 1_000).await;
    let starts = async |interval| {
        let points = stores.activity.series(&all(interval, None)).await.unwrap();
        points
            .iter()
            .map(|point| (point.at, point.messages))
            .collect::<Vec<_>>()
    };
    let hour = 60;
    let day = 24 * hour;
    assert_eq!(
        starts(Interval::Minute).await,
        [
            (moment(-1, 0), 1),
            (moment(0, 0), 2),
            (moment(1, 0), 1),
            (moment(hour - 1, 0), 1),
            (moment(hour, 0), 1),
            (moment(day - 1, 0), 1),
            (moment(day, 0), 1),
        ]
    );
    assert_eq!(
        starts(Interval::Hour).await,
        [
            (moment(-hour, 0), 1),
            (moment(0, 0), 4),
            (moment(hour, 0), 1),
            (moment(23 * hour, 0), 1),
            (moment(day, 0), 1),
        ]
    );
    assert_eq!(
        starts(Interval::Day).await,
        [(moment(-day, 0), 1), (moment(0, 0), 6), (moment(day, 0), 1)]
    );
}

pub async fn a_span_has_the_intervals_that_begin_in_it(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let mut book = Book::default();
    for minutes in 0..300 {
        let place = if minutes % 3 == 0 { other } else { room };
        if minutes % 7 != 0 {
            book.say(stores, place, &ann, moment(minutes, 5)).await;
        }
    }
    count_all(stores, 1_000).await;
    for interval in INTERVALS {
        for place in [None, Some(room)] {
            for (from, to) in [
                (moment(60, 0), moment(120, 0)),
                // A microsecond more or less at either end.
                (moment(60, 1), moment(120, 1)),
                (moment(60, -1), moment(120, -1)),
                (moment(0, 0), moment(0, 1)),
                (moment(60, 0), moment(60, 0)),
                (moment(120, 0), moment(60, 0)),
            ] {
                let mut span = all(interval, place);
                (span.from, span.to) = (from, to);
                book.assert_span(stores, &span).await;
            }
        }
    }
}

pub async fn the_most_come_first_then_the_lower_id_and_no_more_than_asked_for(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (bob, cat) = (stores.user("bob").await, stores.user("cat").await);
    let mut rooms = Vec::new();
    for _ in 0..4 {
        rooms.push(stores.room(&ann, &[&bob, &cat]).await);
    }
    let mut book = Book::default();
    // Of the rooms the second has the most, and two others are equal; so are two of the users.
    for (room, by) in [
        (3, &cat),
        (3, &ann),
        (2, &bob),
        (1, &cat),
        (1, &ann),
        (1, &cat),
        (0, &ann),
        (0, &bob),
    ] {
        book.say(stores, rooms[room], by, moment(0, 0)).await;
    }
    book.assert_counted(stores, 1_000).await;
    let span = all(Interval::Hour, None);
    let top = stores.activity.top_rooms(&span, 3).await.unwrap();
    let top: Vec<_> = top.iter().map(|it| (it.room_id, it.messages)).collect();
    assert_eq!(top, [(rooms[1], 3), (rooms[0], 2), (rooms[3], 2)]);
    let top = stores.activity.top_users(&span, 2).await.unwrap();
    let top: Vec<_> = top.iter().map(|it| (it.user_id, it.messages)).collect();
    assert_eq!(top, [(ann.id, 3), (cat.id, 3)]);
    let top = stores.activity.top_users(&span, 1).await.unwrap();
    assert_eq!(
        (top.len(), &top[0].username, &top[0].guest_id),
        (1, &ann.username, &None)
    );
}
