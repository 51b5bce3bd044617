//! [`ActivityStore`](domain::ports::ActivityStore): what counts, and what does not.

use domain::{Interval, Member, RoomId, Seq, Timestamp, User, UserId, Visibility};

use super::{
    Stores,
    recount::{Book, INTERVALS, all, count_all, moment},
    scene::emoji,
};
use crate::sample::{self, later};

/// Lets a guest into the platform.
async fn guest(stores: &Stores, name: &str) -> User {
    let guest = sample::guest(name);
    stores.users.admit(&guest).await.unwrap();
    guest
}

/// Lets somebody into a public room.
async fn enter(stores: &Stores, room: RoomId, user: &User) {
    let new = sample::new_member(room, user.id, user.id);
    stores.members.add(&new).await.unwrap();
}

async fn messages_in(stores: &Stores, room: RoomId) -> u64 {
    let span = all(Interval::Day, Some(room));
    stores.activity.totals(&span).await.unwrap().0
}

pub async fn where_nothing_was_said_nothing_is_counted(stores: &Stores) {
    assert!(!stores.activity.count_on(10).await.unwrap());
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let book = Book::default();
    book.assert_counted(stores, 1).await;
    for interval in INTERVALS {
        book.assert_span(stores, &all(interval, Some(room))).await;
    }
    let unknown = all(Interval::Day, Some(RoomId(sample::id())));
    assert_eq!(stores.activity.totals(&unknown).await, Ok((0, 0)));
}

pub async fn what_is_counted_is_what_a_recount_gives(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let cat = stores.user("cat").await;
    let rooms = [
        stores.room(&ann, &[&bob, &cat]).await,
        stores.room(&bob, &[&ann]).await,
        stores.public_room(&ann).await,
    ];
    enter(stores, rooms[2], &cat).await;
    let mut book = Book::default();
    // Within a minute, an hour and a day, over their ends, and not in the order of time.
    for (room, by, minutes, micros) in [
        (rooms[0], &ann, 0, 0),
        (rooms[0], &bob, 0, 59_999_999),
        (rooms[0], &ann, 0, 30_000_000),
        (rooms[0], &cat, 1, 0),
        (rooms[1], &ann, 61, 7),
        (rooms[1], &bob, 23 * 60 + 59, 1),
        (rooms[2], &ann, 24 * 60, 0),
        (rooms[2], &cat, 24 * 60 + 61, 0),
        (rooms[2], &ann, 24 * 60 + 61, 0),
        (rooms[0], &ann, -1, 0),
        (rooms[0], &ann, 40 * 24 * 60, 0),
        (rooms[1], &bob, 0, 0),
    ] {
        book.say(stores, room, by, moment(minutes, micros)).await;
    }
    book.assert_counted(stores, 1_000).await;
    // What comes later is added to what is there.
    book.say(stores, rooms[1], &ann, moment(0, 1)).await;
    book.say(stores, rooms[2], &cat, moment(0, 1)).await;
    book.assert_counted(stores, 1_000).await;
}

pub async fn a_message_that_is_deleted_counts_no_more(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let mut book = Book::default();
    let before = book.say(stores, room, &bob, moment(0, 0)).await;
    let after = book.say(stores, room, &bob, moment(90, 0)).await;
    book.say(stores, room, &bob, moment(90, 1)).await;
    // Before it was counted, by its sender; and after, by another, in whose name nothing may be missing.
    book.delete(stores, &before, &bob).await;
    book.say(stores, room, &ann, moment(90, 2)).await;
    book.assert_counted(stores, 1_000).await;
    book.delete(stores, &after, &ann).await;
    book.assert_counted(stores, 1_000).await;
    assert_eq!(messages_in(stores, room).await, 2);
    // The last one of an interval takes the interval with it.
    let last = book.say(stores, room, &ann, moment(5_000, 0)).await;
    book.assert_counted(stores, 1).await;
    book.delete(stores, &last, &ann).await;
    book.assert_counted(stores, 1).await;
}

pub async fn a_room_that_is_deleted_counts_no_more(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut rooms = Vec::new();
    let mut book = Book::default();
    for _ in 0..3 {
        let room = stores.room(&ann, &[]).await;
        rooms.push(room);
        for minutes in 0..5 {
            book.say(stores, room, &ann, moment(minutes, 0)).await;
        }
    }
    // Before anything of it was counted, and after.
    book.delete_room(stores, rooms[0], &ann).await;
    book.assert_counted(stores, 2).await;
    book.delete_room(stores, rooms[1], &ann).await;
    book.assert_counted(stores, 2).await;
    assert_eq!(messages_in(stores, rooms[1]).await, 0);
    assert_eq!(messages_in(stores, rooms[2]).await, 5);
}

pub async fn only_messages_count(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.public_room(&ann).await;
    let zoe = guest(stores, "zoe").await;
    let mut book = Book::default();
    let message = book.say(stores, room, &ann, moment(0, 0)).await;
    let (content, at) = (sample::content("salad"), moment(700, 0));
    let edit = stores.log.edit(room, message.id, ann.id, content, at);
    edit.await.unwrap();
    stores.react(&message, &ann, "+1").await;
    stores.unreact(&message, &ann, "+1").await;
    let again = stores
        .log
        .react(room, message.id, ann.id, emoji("-1"), at)
        .await;
    again.unwrap();
    enter(stores, room, &bob).await;
    enter(stores, room, &zoe).await;
    let name = sample::user("zoë").username;
    let renamed = stores.members.rename(room, zoe.id, &name, at).await;
    renamed.unwrap();
    let left = stores.members.remove(room, bob.id, bob.id, at).await;
    left.unwrap();
    book.assert_counted(stores, 1).await;
    assert_eq!(messages_in(stores, room).await, 1);
}

pub async fn a_repeat_counts_once(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for _ in 0..3 {
        let mut new = sample::new_message(room, ann.id, "soup");
        new.client_msg_id = Some(sample::client_msg_id("m1"));
        stores.log.append(new).await.unwrap();
        count_all(stores, 1_000).await;
    }
    assert_eq!(messages_in(stores, room).await, 1);
}

pub async fn what_those_said_who_are_gone_still_counts(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let mut book = Book::default();
    book.say(stores, room, &bob, moment(0, 0)).await;
    let left = stores.members.remove(room, bob.id, bob.id, later(1)).await;
    left.unwrap();
    book.assert_counted(stores, 1_000).await;
}

pub async fn a_private_room_is_counted_without_its_name(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let private = stores.room(&ann, &[]).await;
    let public = stores.public_room(&ann).await;
    let direct = sample::new_direct_room(ann.id, bob.id);
    let direct = stores.rooms.open_direct(&direct).await.unwrap().room.id;
    for room in [private, public, direct] {
        stores.say(room, &ann, "secret").await;
    }
    count_all(stores, 1_000).await;
    for span in [
        all(Interval::Day, None),
        all(Interval::Day, Some(private)),
        all(Interval::Day, Some(public)),
        all(Interval::Day, Some(direct)),
    ] {
        for told in stores.activity.top_rooms(&span, 10).await.unwrap() {
            let is_public = told.room_id == public;
            let name = is_public.then(|| sample::room_name("The kitchen"));
            assert_eq!(told.name, name);
            assert_eq!(told.visibility == Visibility::Public, is_public);
            assert_eq!((told.messages, told.senders), (1, 1));
        }
    }
}

pub async fn what_guests_say_counts_and_their_ids_are_told(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.public_room(&ann).await;
    let zoe = guest(stores, "zoe").await;
    enter(stores, room, &zoe).await;
    let mut book = Book::default();
    for by in [&zoe, &ann, &zoe] {
        book.say(stores, room, by, moment(0, 0)).await;
    }
    book.assert_counted(stores, 1_000).await;
    let span = all(Interval::Day, Some(room));
    let top = stores.activity.top_users(&span, 1).await.unwrap();
    let Member { guest_id, .. } = stores.members.get(room, zoe.id).await.unwrap().unwrap();
    assert_eq!(
        (top[0].user_id, &top[0].username, &top[0].guest_id),
        (zoe.id, &zoe.username, &guest_id)
    );
    assert_eq!(guest_id, zoe.guest_id);
}

pub async fn an_account_is_new_when_it_was_made_and_guests_and_the_house_are_none(stores: &Stores) {
    let new = async |from: Timestamp, to: Timestamp| {
        let counted = stores.activity.new_accounts(from, to).await;
        counted.unwrap()
    };
    let ever = (Timestamp::UNIX_EPOCH, moment(1_000_000, 0));
    // The house is there from the start.
    assert!(
        stores
            .users
            .by_id(UserId::HOUSE)
            .await
            .unwrap()
            .is_some_and(|house| house.created_at > ever.0 && house.created_at < ever.1)
    );
    assert_eq!(new(ever.0, ever.1).await, 0);
    let ann = stores.user("ann").await;
    stores.user("bob").await;
    let zoe = guest(stores, "zoe").await;
    assert_eq!(new(ever.0, ever.1).await, 2);
    let made = ann.created_at;
    assert_eq!(zoe.created_at, made);
    let next = Timestamp::from_microsecond(made.as_microsecond() + 1).unwrap();
    assert_eq!(new(made, next).await, 2);
    assert_eq!(new(ever.0, made).await, 0);
    assert_eq!(new(next, ever.1).await, 0);
}

pub async fn what_is_counted_anew_is_the_same(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, gone) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let mut book = Book::default();
    for minutes in 0..20 {
        let message = book.say(stores, room, &ann, moment(minutes * 100, 0)).await;
        book.say(stores, gone, &ann, moment(minutes, 0)).await;
        if minutes % 4 == 0 {
            book.delete(stores, &message, &ann).await;
        }
    }
    book.assert_counted(stores, 1_000).await;
    stores.activity.start_anew().await.unwrap();
    Book::default()
        .assert_span(stores, &all(Interval::Day, None))
        .await;
    book.assert_counted(stores, 1_000).await;
    // In the middle of it, too.
    book.delete_room(stores, gone, &ann).await;
    stores.activity.start_anew().await.unwrap();
    assert!(stores.activity.count_on(7).await.unwrap());
    stores.activity.start_anew().await.unwrap();
    book.assert_counted(stores, 7).await;
    let heads = stores.log.heads(vec![room]).await.unwrap();
    assert!(heads[0].1 > Seq::START, "the logs stay");
}
