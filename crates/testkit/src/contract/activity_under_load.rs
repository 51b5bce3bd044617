//! [`ActivityStore`](domain::ports::ActivityStore): counted in pieces, by many at once, and while things happen.

use std::time::Duration;

use domain::{Interval, Message, RoomId, User};
use tokio::time::timeout;

use super::{
    Stores,
    recount::{Book, all, count_all, moment},
    scene::at_once,
};
use crate::sample;

async fn messages(stores: &Stores) -> u64 {
    let totals = stores.activity.totals(&all(Interval::Minute, None)).await;
    totals.unwrap().0
}

/// So many messages in each of some rooms.
async fn much_said(stores: &Stores, book: &mut Book, ann: &User, each: i64) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    for _ in 0..3 {
        let room = stores.room(ann, &[]).await;
        for minutes in 0..each {
            book.say(stores, room, ann, moment(minutes * 25, 0)).await;
        }
        rooms.push(room);
    }
    rooms
}

pub async fn a_call_counts_no_more_than_its_limit_and_says_that_there_is_more(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut book = Book::default();
    much_said(stores, &mut book, &ann, 10).await;
    // Three rooms, each made in two events.
    let events: u64 = 3 * (2 + 10);
    assert!(stores.activity.count_on(0).await.unwrap(), "all is left");
    let mut calls = 0;
    let mut known = 0;
    loop {
        let more = stores.activity.count_on(4).await.unwrap();
        calls += 1;
        let now = messages(stores).await;
        assert!(now - known <= 4, "{now} after {known}");
        known = now;
        if !more {
            break;
        }
        assert!(calls <= events);
    }
    assert!(calls >= events.div_ceil(4), "{calls} calls");
    book.assert_counted(stores, 4).await;
    assert!(!stores.activity.count_on(0).await.unwrap(), "none is left");
}

pub async fn the_size_of_the_pieces_makes_no_difference(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut book = Book::default();
    let rooms = much_said(stores, &mut book, &ann, 6).await;
    for limit in [1, 2, 3, 5, 100, u32::MAX] {
        let message = book.say(stores, rooms[1], &ann, moment(0, 0)).await;
        stores.activity.start_anew().await.unwrap();
        book.assert_counted(stores, limit).await;
        book.delete(stores, &message, &ann).await;
        book.assert_counted(stores, limit).await;
    }
}

pub async fn a_room_that_is_deleted_is_forgotten_in_pieces_of_any_size(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut book = Book::default();
    for limit in [1, 2, 100] {
        let rooms = much_said(stores, &mut book, &ann, 8).await;
        book.assert_counted(stores, 1_000).await;
        book.delete_room(stores, rooms[0], &ann).await;
        // Beside it something is said that was not counted yet.
        book.say(stores, rooms[1], &ann, moment(1, 1)).await;
        book.delete_room(stores, rooms[2], &ann).await;
        let before = messages(stores).await;
        assert!(stores.activity.count_on(limit).await.unwrap());
        let forgotten = before - messages(stores).await;
        assert!(forgotten <= 3 * u64::from(limit), "{forgotten} at once");
        book.assert_counted(stores, limit).await;
    }
}

/// More than one call looks at, in which the first are always counted to their ends.
pub async fn no_room_of_many_is_passed_over(stores: &Stores) {
    let ann = stores.user("ann").await;
    for _ in 0..300 {
        let room = stores.room(&ann, &[]).await;
        stores.say(room, &ann, "soup").await;
    }
    assert!(count_all(stores, 10_000).await > 1);
    assert_eq!(messages(stores).await, 300);
}

pub async fn of_many_who_count_at_once_each_event_is_counted_once(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut book = Book::default();
    let rooms = much_said(stores, &mut book, &ann, 20).await;
    let gone = book.say(stores, rooms[0], &ann, moment(0, 0)).await;
    book.delete(stores, &gone, &ann).await;
    book.delete_room(stores, rooms[2], &ann).await;
    at_once(8, |number| {
        let stores = stores.clone();
        let limit = 1 + u32::try_from(number).unwrap() % 4;
        async move { count_all(&stores, limit).await }
    })
    .await;
    // Whoever was told that nothing is left was told the truth.
    assert!(!stores.activity.count_on(1).await.unwrap());
    book.assert_counted(stores, 1_000).await;
}

pub async fn a_call_that_is_cut_off_counts_all_of_it_or_nothing(stores: &Stores) {
    let ann = stores.user("ann").await;
    let mut book = Book::default();
    much_said(stores, &mut book, &ann, 20).await;
    // At whatever step each is then: which one is not the point.
    for micros in (0..3_000).step_by(150) {
        let call = stores.activity.count_on(2);
        let _ = timeout(Duration::from_micros(micros), call).await;
    }
    book.assert_counted(stores, 3).await;
}

pub async fn what_happens_while_it_is_counted_is_counted(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let counting = tokio::spawn({
        let stores = stores.clone();
        async move {
            loop {
                stores.activity.count_on(2).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let told = at_once(40, |number| {
        let (stores, ann) = (stores.clone(), ann.clone());
        let room = if number % 3 == 0 { other } else { room };
        async move {
            let mut alone = Book::default();
            let at = moment(i64::try_from(number).unwrap() * 17, 0);
            let message = alone.say(&stores, room, &ann, at).await;
            let is_deleted = number % 5 == 0;
            if is_deleted {
                alone.delete(&stores, &message, &ann).await;
            }
            (message, is_deleted)
        }
    })
    .await;
    counting.abort();
    let _ = counting.await;
    let mut book = Book::default();
    for (message, is_deleted) in told {
        book.note(&message);
        if is_deleted {
            book.strike(&message);
        }
    }
    book.assert_counted(stores, 1_000).await;
}

/// Numbers that look like chance, and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let sides = sides as u64;
        usize::try_from((z ^ (z >> 31)) % sides).expect("less than the sides")
    }
}

/// Rooms that stand, and messages that do.
struct Scene {
    users: Vec<User>,
    rooms: Vec<RoomId>,
    messages: Vec<Message>,
    book: Book,
}

pub async fn whatever_happens_it_is_what_a_recount_gives(stores: &Stores) {
    for seed in [1, 7, 2_026] {
        let mut dice = Dice(seed);
        stores.activity.start_anew().await.unwrap();
        let mut scene = Scene::new(stores, seed).await;
        for step in 0..160 {
            scene.happens(stores, &mut dice).await;
            if dice.below(3) == 0 {
                let limit = 1 + u32::try_from(dice.below(6)).unwrap();
                stores.activity.count_on(limit).await.unwrap();
            }
            if step % 40 == 39 {
                let limit = 1 + u32::try_from(dice.below(20)).unwrap();
                scene.book.assert_counted(stores, limit).await;
            }
        }
        // What another seed says is another book.
        scene.leave(stores).await;
    }
}

impl Scene {
    async fn new(stores: &Stores, seed: u64) -> Self {
        let mut users = Vec::new();
        for number in 0..4 {
            users.push(stores.user(&format!("user {number} of {seed}")).await);
        }
        let mut scene = Self {
            users,
            rooms: Vec::new(),
            messages: Vec::new(),
            book: Book::default(),
        };
        for _ in 0..3 {
            scene.make_room(stores).await;
        }
        scene
    }

    async fn make_room(&mut self, stores: &Stores) {
        let others: Vec<_> = self.users[1..].iter().collect();
        self.rooms.push(stores.room(&self.users[0], &others).await);
    }

    /// One of what can happen, messages more often than the rest.
    async fn happens(&mut self, stores: &Stores, dice: &mut Dice) {
        let owner = self.users[0].clone();
        let pick = (!self.messages.is_empty()).then(|| dice.below(self.messages.len()));
        match (dice.below(20), pick) {
            (0..=2, Some(pick)) => {
                let message = self.messages.swap_remove(pick);
                self.book.delete(stores, &message, &owner).await;
            }
            (3, Some(pick)) => {
                let message = &self.messages[pick];
                let (room, id, by) = (message.room_id, message.id, message.sender_id);
                let edit =
                    stores
                        .log
                        .edit(room, id, by, sample::content("salad"), sample::later(1));
                edit.await.unwrap();
            }
            (4, Some(pick)) => {
                let message = &self.messages[pick];
                let (room, id) = (message.room_id, message.id);
                let reaction = super::scene::emoji("+1");
                let reacted = stores
                    .log
                    .react(room, id, owner.id, reaction, sample::now());
                reacted.await.unwrap();
            }
            (5, _) if dice.below(4) == 0 => {
                let room = self.rooms.swap_remove(dice.below(self.rooms.len()));
                self.messages.retain(|message| message.room_id != room);
                self.book.delete_room(stores, room, &owner).await;
                self.make_room(stores).await;
            }
            (6, _) if dice.below(6) == 0 => stores.activity.start_anew().await.unwrap(),
            _ => {
                let room = self.rooms[dice.below(self.rooms.len())];
                let by = self.users[dice.below(self.users.len())].clone();
                // Three days, with many messages at the edges.
                let minutes = i64::try_from(dice.below(72)).unwrap() * 60;
                let micros = [-1, 0, 1, 59_999_999][dice.below(4)];
                let at = moment(minutes, micros);
                let message = self.book.say(stores, room, &by, at).await;
                self.messages.push(message);
            }
        }
    }

    async fn leave(mut self, stores: &Stores) {
        for room in std::mem::take(&mut self.rooms) {
            self.book.delete_room(stores, room, &self.users[0]).await;
        }
        self.book.assert_counted(stores, 50).await;
        assert_eq!(messages(stores).await, 0);
    }
}
