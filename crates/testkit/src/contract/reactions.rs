//! [`RoomLog::react`](domain::ports::RoomLog::react) and [`unreact`](domain::ports::RoomLog::unreact), one call at a
//! time.

use domain::{
    Conflict, Message, MessageId, Reaction, ReactionChange, ReactionCount, RoomEvent,
    RoomEventKind, RoomId, Seq, StoreError, User, UserId, ports::Appended,
};

use super::{Stores, scene::emoji};
use crate::sample::{self, later, now};

/// Each is another one to the character, though a store could take some for one another, or for something else than text.
const EMOJIS: [&str; 10] = [
    "\u{1f44d}",
    "\u{1f44d}\u{1f3fd}",
    "\u{2764}",
    "\u{2764}\u{fe0f}",
    "\u{e9}",
    "e\u{301}",
    "a",
    "A",
    "'\"\\%",
    "NULL",
];

/// The event of a reaction, a second after the message.
fn told(room_id: RoomId, seq: Seq, by: &User, kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id,
        seq,
        actor_id: by.id,
        at: later(1),
        members: None,
        kind,
    }
}

fn change(message: &Message, by: &User, with: &str, count: u64) -> ReactionChange {
    ReactionChange {
        message_id: message.id,
        user_id: by.id,
        username: by.username.clone(),
        emoji: emoji(with),
        count,
    }
}

pub(super) fn standing(with: &str, users: &[&User], last: &RoomEvent) -> ReactionCount {
    ReactionCount {
        emoji: emoji(with),
        count: users.len() as u64,
        user_ids: users.iter().map(|user| user.id).collect(),
        last_seq: last.seq,
    }
}

fn emojis_at(message: &Message) -> Vec<&str> {
    let reactions = message.reactions.iter();
    reactions.map(|it| it.emoji.as_str()).collect()
}

pub async fn a_reaction_is_the_newest_event_and_stands_at_the_message(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let added = stores
        .log
        .react(room, message.id, bob.id, emoji("+1"), later(1))
        .await
        .unwrap();
    let Appended::New(event) = added else {
        panic!("not a repeat: {added:?}");
    };
    let added = RoomEventKind::ReactionAdded(change(&message, &bob, "+1", 1));
    let expected = told(room, message.seq.next(), &bob, added);
    assert_eq!(event, expected);
    assert_eq!(stores.events(room).await.last(), Some(&event));
    let heads = stores.log.heads(vec![room]).await.unwrap();
    assert_eq!(heads, [(room, event.seq)]);
    let reaction = Reaction {
        emoji: emoji("+1"),
        user_id: bob.id,
        username: bob.username.clone(),
        seq: event.seq,
        created_at: later(1),
    };
    assert_eq!(stores.reactions_to(&message).await, [reaction]);
    let reactions = vec![standing("+1", &[&bob], &event)];
    let now = stores.shown(&message).await;
    // It is no change of the text.
    assert_eq!(
        now,
        Message {
            reactions,
            ..message
        }
    );
}

pub async fn a_repeat_answers_the_first_reaction_and_stores_nothing(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let first = stores.react(&message, &bob, "+1").await;
    stores.react(&message, &ann, "+1").await;
    stores.react(&message, &bob, "-1").await;
    let before = (
        stores.events(room).await,
        stores.shown(&message).await,
        stores.reactions_to(&message).await,
    );
    let again = stores
        .log
        .react(room, message.id, bob.id, emoji("+1"), later(9))
        .await;
    assert_eq!(again, Ok(Appended::Repeat(first)));
    let after = (
        stores.events(room).await,
        stores.shown(&message).await,
        stores.reactions_to(&message).await,
    );
    assert_eq!(after, before);
}

pub async fn a_reaction_that_is_taken_back_is_gone_with_an_event(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    stores.react(&message, &ann, "+1").await;
    let other = stores.react(&message, &ann, "-1").await;
    let of_bob = stores.react(&message, &bob, "+1").await;
    let event = stores
        .log
        .unreact(room, message.id, ann.id, emoji("+1"), later(1))
        .await
        .unwrap()
        .expect("a reaction");
    let removed = RoomEventKind::ReactionRemoved(change(&message, &ann, "+1", 1));
    let expected = told(room, of_bob.seq.next(), &ann, removed);
    assert_eq!(event, expected);
    assert_eq!(stores.events(room).await.last(), Some(&event));
    let left = [
        standing("+1", &[&bob], &event),
        standing("-1", &[&ann], &other),
    ];
    assert_eq!(stores.shown(&message).await.reactions, left);
    let left = stores.reactions_to(&message).await;
    let left: Vec<_> = left.iter().map(|it| (it.user_id, it.seq)).collect();
    assert_eq!(left, [(ann.id, other.seq), (bob.id, of_bob.seq)]);

    let last = stores.unreact(&message, &bob, "+1").await;
    assert_eq!(
        last.kind,
        RoomEventKind::ReactionRemoved(change(&message, &bob, "+1", 0))
    );
    assert_eq!(emojis_at(&stores.shown(&message).await), ["-1"]);
}

pub async fn where_there_is_no_reaction_none_is_taken_back_and_nothing_is_stored(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let other = stores.say(room, &ann, "salad").await;
    stores.react(&message, &ann, "+1").await;
    stores.react(&message, &bob, "-1").await;
    stores.unreact(&message, &bob, "-1").await;
    let before = (stores.events(room).await, stores.shown(&message).await);
    for (message, by, with) in [
        (&message, &bob, "+1"),
        (&message, &bob, "-1"),
        (&message, &ann, "-1"),
        (&message, &ann, "+"),
        (&other, &ann, "+1"),
    ] {
        let answer = stores
            .log
            .unreact(room, message.id, by.id, emoji(with), now())
            .await;
        assert_eq!(answer, Ok(None), "{with} of {}", by.name);
    }
    let after = (stores.events(room).await, stores.shown(&message).await);
    assert_eq!(after, before);
}

pub async fn who_took_a_reaction_back_reacts_anew(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    stores.react(&message, &ann, "+1").await;
    let gone = stores.unreact(&message, &ann, "+1").await;
    let anew = stores.react(&message, &ann, "+1").await;
    assert_eq!(anew.seq, gone.seq.next());
    let added = RoomEventKind::ReactionAdded(change(&message, &ann, "+1", 1));
    assert_eq!(anew.kind, added);
    let again = stores
        .log
        .react(room, message.id, ann.id, emoji("+1"), now())
        .await;
    assert_eq!(again, Ok(Appended::Repeat(anew)));
}

pub async fn emojis_are_told_apart_to_the_character(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    for with in EMOJIS {
        for (user, count) in [(&ann, 1), (&bob, 2)] {
            let event = stores.react(&message, user, with).await;
            let added = RoomEventKind::ReactionAdded(change(&message, user, with, count));
            assert_eq!(event.kind, added);
        }
    }
    assert_eq!(emojis_at(&stores.shown(&message).await), EMOJIS);
    for with in &EMOJIS[..9] {
        for user in [&ann, &bob] {
            stores.unreact(&message, user, with).await;
        }
    }
    assert_eq!(emojis_at(&stores.shown(&message).await), ["NULL"]);
}

pub async fn what_stands_at_one_message_does_not_stand_at_another(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let messages = [
        stores.say(room, &ann, "soup").await,
        stores.say(room, &ann, "salad").await,
        stores.say(other, &ann, "soup").await,
    ];
    for message in &messages {
        let event = stores.react(message, &ann, "+1").await;
        let added = RoomEventKind::ReactionAdded(change(message, &ann, "+1", 1));
        assert_eq!(event.kind, added);
    }
    stores.unreact(&messages[0], &ann, "+1").await;
    for (message, left) in messages.iter().zip([0, 1, 1]) {
        assert_eq!(stores.shown(message).await.reactions.len(), left);
        assert_eq!(stores.reactions_to(message).await.len(), left);
    }
}

pub async fn a_message_carries_twenty_different_emojis(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let other = stores.say(room, &ann, "salad").await;
    for number in 1..=20 {
        let user = if number % 2 == 0 { &ann } else { &bob };
        stores.react(&message, user, &number.to_string()).await;
    }
    let react = async |by: UserId, with: &str| {
        let log = &stores.log;
        log.react(room, message.id, by, emoji(with), now()).await
    };
    let too_many = Err(StoreError::Conflict(Conflict::TooManyEmojis));
    let before = (stores.events(room).await, stores.shown(&message).await);
    assert_eq!(react(ann.id, "21").await, too_many);
    assert_eq!(react(bob.id, "21").await, too_many);
    assert!(matches!(react(ann.id, "20").await, Ok(Appended::Repeat(_))));
    let after = (stores.events(room).await, stores.shown(&message).await);
    assert_eq!(after, before);

    // What stands there already takes no further place, and another message has its own.
    stores.react(&message, &bob, "20").await;
    stores.react(&other, &ann, "21").await;
    // One of two goes, and the emoji stays.
    stores.unreact(&message, &ann, "20").await;
    assert_eq!(react(ann.id, "21").await, too_many);
    stores.unreact(&message, &bob, "20").await;
    stores.react(&message, &ann, "21").await;
    // What stood there once has no right to its place.
    assert_eq!(react(bob.id, "20").await, too_many);
    stores.unreact(&message, &bob, "1").await;
    stores.react(&message, &bob, "20").await;
    let expected: Vec<String> = (2..=19).chain([21, 20]).map(|n| n.to_string()).collect();
    let now = stores.shown(&message).await;
    assert_eq!(emojis_at(&now), expected);
}

pub async fn only_a_member_reacts_and_only_to_what_is_there(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let eve = stores.user("eve").await;
    let (room, other) = (
        stores.public_room(&ann).await,
        stores.room(&ann, &[&eve]).await,
    );
    let let_in = sample::new_member(room, bob.id, ann.id);
    stores.members.add(&let_in).await.unwrap();
    let message = stores.say(room, &ann, "here").await;
    let elsewhere = stores.say(other, &ann, "there").await;
    let deleted = stores.say(room, &ann, "farewell").await;
    for message in [&message, &deleted] {
        stores.react(message, &bob, "+1").await;
    }
    stores.react(&elsewhere, &ann, "+1").await;
    let gone = stores.room(&ann, &[]).await;
    let in_gone = stores.say(gone, &ann, "lost").await;
    stores.react(&in_gone, &ann, "+1").await;
    let by_ann = |room, message| stores.log.delete(room, message, ann.id, now());
    by_ann(room, deleted.id).await.unwrap();
    stores.rooms.delete(gone, ann.id, now()).await.unwrap();
    let removed = stores.members.remove(room, bob.id, ann.id, now()).await;
    removed.unwrap();
    let before = [stores.events(room).await, stores.events(other).await];
    for (room, message, by) in [
        // A stranger, also one of a public room; one who was removed, and whose reaction stands there.
        (room, message.id, &eve),
        (other, elsewhere.id, &bob),
        (room, message.id, &bob),
        // What is deleted, unknown, or in another room of the same member.
        (room, deleted.id, &ann),
        (room, MessageId(sample::id()), &ann),
        (room, elsewhere.id, &ann),
        (other, message.id, &ann),
        (gone, in_gone.id, &ann),
        (RoomId(sample::id()), message.id, &ann),
    ] {
        let (log, with) = (&stores.log, emoji("+1"));
        let answer = log.react(room, message, by.id, with.clone(), now()).await;
        assert_eq!(answer, Err(StoreError::NotFound));
        let answer = log.unreact(room, message, by.id, with, now()).await;
        assert_eq!(answer, Err(StoreError::NotFound));
    }
    let after = [stores.events(room).await, stores.events(other).await];
    assert_eq!(after, before);
    let left: Vec<_> = stores.reactions_to(&message).await;
    assert_eq!(left.len(), 1);
}
