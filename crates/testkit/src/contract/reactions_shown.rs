//! How reactions are shown: at their message in every view, one by one, and in the log.

use domain::{
    Message, MessageId, ReactionCount, RoomEvent, RoomEventKind, RoomId, Seq, User, UserId,
    ports::{Appended, MessagePage, NewMessage},
};

use super::{Stores, reactions::standing, scene::emoji};
use crate::sample::{self, later, now};

/// So many users, and a message in a room that all of them are in.
async fn crowd(stores: &Stores, count: usize) -> (Vec<User>, Message) {
    let mut users = Vec::new();
    for number in 1..=count {
        users.push(stores.user(&format!("user_{number}")).await);
    }
    let others: Vec<&User> = users[1..].iter().collect();
    let room = stores.room(&users[0], &others).await;
    let message = stores.say(room, &users[0], "soup").await;
    (users, message)
}

/// What stands at the message: by which emoji, how often, and since which event.
async fn counts(stores: &Stores, message: &Message) -> Vec<(String, u64, Seq)> {
    let reactions = stores.shown(message).await.reactions;
    let told = reactions
        .iter()
        .map(|it| (it.emoji.to_string(), it.count, it.last_seq));
    told.collect()
}

async fn users_of_first(stores: &Stores, message: &Message) -> Vec<UserId> {
    let mut reactions = stores.shown(message).await.reactions;
    reactions.swap_remove(0).user_ids
}

fn message_of(event: &RoomEvent) -> &Message {
    match &event.kind {
        RoomEventKind::MessageSent(message) | RoomEventKind::MessageEdited(message) => message,
        other => panic!("another event: {other:?}"),
    }
}

pub async fn every_view_of_a_message_shows_the_reactions(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let new = NewMessage {
        client_msg_id: Some(sample::client_msg_id("1")),
        ..sample::new_message(room, ann.id, "soop")
    };
    let message = super::scene::sent(stores.append(new.clone()).await);
    let bystander = stores.say(room, &ann, "salad").await;
    let first = stores.react(&message, &bob, "+1").await;
    let log = &stores.log;
    let edited = log.edit(room, message.id, ann.id, sample::content("soup"), later(1));
    let edited = edited.await.unwrap();
    stores.react(&message, &ann, "\u{1f372}").await;
    let last = stores.react(&message, &ann, "+1").await;
    let shown = Message {
        content: sample::content("soup"),
        updated_at: later(1),
        edited_at: Some(later(1)),
        edited_seq: Some(edited.seq),
        reactions: vec![
            ReactionCount {
                emoji: emoji("+1"),
                count: 2,
                user_ids: vec![bob.id, ann.id],
                last_seq: last.seq,
            },
            ReactionCount {
                emoji: emoji("\u{1f372}"),
                count: 1,
                user_ids: vec![ann.id],
                last_seq: Seq(edited.seq.0 + 1),
            },
        ],
        ..message.clone()
    };
    assert_eq!(message_of(&edited).reactions[0].last_seq, first.seq);
    assert_eq!(stores.shown(&message).await, shown);
    let (oldest, newest) = (
        [shown.clone(), bystander.clone()],
        [bystander, shown.clone()],
    );
    for (page, expected) in [
        (MessagePage::Newest { skip: 0 }, &newest),
        (MessagePage::Before(last.seq), &newest),
        (MessagePage::After(Seq::START), &oldest),
        (MessagePage::Around(message.seq), &oldest),
    ] {
        let found = stores.messages.page(room, page.clone(), 10).await;
        assert_eq!(found.unwrap(), expected, "{page:?}");
    }
    // A word, a part of one, and one that is too short for an index.
    for term in ["soup", "oup", "ou"] {
        let term = sample::term(term);
        let found = stores.messages.search(bob.id, None, &term, 10).await;
        assert_eq!(found.unwrap(), std::slice::from_ref(&shown), "{term}");
    }
    let events = stores.events(room).await;
    assert_eq!(events[3].kind, RoomEventKind::MessageSent(shown.clone()));
    assert_eq!(events[6].kind, RoomEventKind::MessageEdited(shown.clone()));
    let Ok(Appended::Repeat(repeat)) = log.append(new).await else {
        panic!("not a repeat");
    };
    assert_eq!(repeat.kind, RoomEventKind::MessageSent(shown));
}

pub async fn the_emoji_that_came_first_comes_first(stores: &Stores) {
    let (users, message) = crowd(stores, 2).await;
    let (ann, bob) = (&users[0], &users[1]);
    let told = |with: &str, count, last: &RoomEvent| (with.to_owned(), count, last.seq);
    let z = stores.react(&message, ann, "z").await;
    let a = stores.react(&message, ann, "a").await;
    let m = stores.react(&message, ann, "m").await;
    let expected = [told("z", 1, &z), told("a", 1, &a), told("m", 1, &m)];
    assert_eq!(counts(stores, &message).await, expected);
    // Who goes does not move the emoji while another stands by it.
    let more = stores.react(&message, bob, "z").await;
    let expected = [told("z", 2, &more), told("a", 1, &a), told("m", 1, &m)];
    assert_eq!(counts(stores, &message).await, expected);
    let fewer = stores.unreact(&message, ann, "z").await;
    let expected = [told("z", 1, &fewer), told("a", 1, &a), told("m", 1, &m)];
    assert_eq!(counts(stores, &message).await, expected);
    // Once nobody does, its place is gone, and it comes back as the last one.
    stores.unreact(&message, bob, "z").await;
    let expected = [told("a", 1, &a), told("m", 1, &m)];
    assert_eq!(counts(stores, &message).await, expected);
    let back = stores.react(&message, bob, "z").await;
    let expected = [told("a", 1, &a), told("m", 1, &m), told("z", 1, &back)];
    assert_eq!(counts(stores, &message).await, expected);
}

pub async fn beside_a_count_the_first_ten_are_named(stores: &Stores) {
    let (users, message) = crowd(stores, 12).await;
    let ids = |numbers: &[usize]| -> Vec<UserId> {
        let users = numbers.iter().map(|number| users[number - 1].id);
        users.collect()
    };
    // Neither the order in which they came into the room, nor that of their ids.
    let order = [12, 3, 7, 1, 9, 2, 11, 4, 10, 5, 8, 6];
    for (number, count) in order.iter().zip(1..) {
        stores.react(&message, &users[number - 1], "+1").await;
        let shown = users_of_first(stores, &message).await;
        assert_eq!(shown, ids(&order[..count.min(10)]));
    }
    // Those who wait move up, and who comes back is the last.
    stores.unreact(&message, &users[2], "+1").await;
    stores.react(&message, &users[2], "+1").await;
    let named = ids(&[12, 7, 1, 9, 2, 11, 4, 10, 5, 8]);
    assert_eq!(users_of_first(stores, &message).await, named);
    let reactions = stores.reactions_to(&message).await;
    let listed: Vec<_> = reactions.iter().map(|it| it.user_id).collect();
    assert_eq!(listed, ids(&[12, 7, 1, 9, 2, 11, 4, 10, 5, 8, 6, 3]));
    assert_eq!(stores.shown(&message).await.reactions[0].count, 12);
}

pub async fn a_replay_shows_each_change_with_its_own_count(stores: &Stores) {
    let (users, message) = crowd(stores, 3).await;
    let [ann, bob, cid] = &users[..] else {
        panic!("three users");
    };
    let told = [
        stores.react(&message, ann, "+1").await,
        stores.react(&message, bob, "+1").await,
        stores.react(&message, bob, "-1").await,
        stores.unreact(&message, ann, "+1").await,
        stores.react(&message, cid, "+1").await,
        stores.unreact(&message, bob, "+1").await,
        stores.unreact(&message, cid, "+1").await,
        stores.react(&message, ann, "+1").await,
    ];
    let counts = told.iter().map(|event| match &event.kind {
        RoomEventKind::ReactionAdded(change) => ("added", change.emoji.as_str(), change.count),
        RoomEventKind::ReactionRemoved(change) => ("removed", change.emoji.as_str(), change.count),
        other => panic!("another event: {other:?}"),
    });
    let expected = [
        ("added", "+1", 1),
        ("added", "+1", 2),
        ("added", "-1", 1),
        ("removed", "+1", 1),
        ("added", "+1", 2),
        ("removed", "+1", 1),
        ("removed", "+1", 0),
        ("added", "+1", 1),
    ];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    let replay = stores.log.read(message.room_id, message.seq, 100).await;
    assert_eq!(replay.unwrap(), told);
}

pub async fn reactions_are_listed_from_an_event_on_and_no_more_than_asked_for(stores: &Stores) {
    let (users, message) = crowd(stores, 2).await;
    let mut seqs = Vec::new();
    for (by, with) in [(1, "b"), (0, "a"), (0, "b"), (1, "a"), (0, "c")] {
        let event = stores.react(&message, &users[by], with).await;
        seqs.push(event.seq);
        stores.say(message.room_id, &users[by], "between").await;
    }
    stores.unreact(&message, &users[0], "b").await;
    seqs.remove(2);
    let listed = async |after, limit| {
        let (room, id) = (message.room_id, message.id);
        let reactions = stores.messages.reactions(room, id, after, limit).await;
        let reactions = reactions.unwrap();
        reactions.iter().map(|it| it.seq).collect::<Vec<Seq>>()
    };
    for (after, limit, expected) in [
        (Seq::START, 10, &seqs[..]),
        (Seq::START, 4, &seqs[..]),
        (Seq::START, 3, &seqs[..3]),
        (Seq::START, 0, &[]),
        (Seq(seqs[0].0 - 1), 10, &seqs[..]),
        (seqs[0], 2, &seqs[1..3]),
        (seqs[0].next(), 1, &seqs[1..2]),
        (seqs[2], 10, &seqs[3..]),
        (seqs[3], 10, &[]),
        (Seq(u64::MAX), 10, &[]),
    ] {
        assert_eq!(
            listed(after, limit).await,
            expected,
            "{limit} after {after}"
        );
    }
}

pub async fn the_reactions_to_what_is_not_there_are_none(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let message = stores.say(room, &ann, "soup").await;
    stores.react(&message, &ann, "+1").await;
    for (room, message) in [
        (other, message.id),
        (RoomId(sample::id()), message.id),
        (room, MessageId(sample::id())),
    ] {
        let reactions = stores.messages.reactions(room, message, Seq::START, 10);
        assert_eq!(reactions.await, Ok(vec![]));
    }
}

pub async fn a_deletion_takes_the_reactions_away(stores: &Stores) {
    let (users, message) = crowd(stores, 2).await;
    let (ann, bob) = (&users[0], &users[1]);
    let (room, id) = (message.room_id, message.id);
    let bystander = stores.say(room, ann, "salad").await;
    for with in ["+1", "\u{1f372}"] {
        stores.react(&message, bob, with).await;
    }
    let stays = stores.react(&bystander, bob, "+1").await;
    let edit = sample::content("soup!");
    stores
        .log
        .edit(room, id, ann.id, edit, now())
        .await
        .unwrap();
    let deleted = stores.log.delete(room, id, ann.id, now()).await.unwrap();

    assert_eq!(stores.reactions_to(&message).await, []);
    let events = stores.events(room).await;
    assert!(events.iter().map(|event| event.seq.0).eq(1..=deleted.seq.0));
    let of_it = |event: &&RoomEvent| match &event.kind {
        RoomEventKind::MessageSent(it) | RoomEventKind::MessageEdited(it) => it.id == id,
        _ => false,
    };
    let shown: Vec<_> = events.iter().filter(of_it).map(message_of).collect();
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|message| message.reactions.is_empty()));
    let told = counts(stores, &bystander).await;
    assert_eq!(told, [("+1".to_owned(), 1, stays.seq)]);
}

pub async fn the_reactions_of_those_who_left_stay(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let first = stores.react(&message, &bob, "+1").await;
    let removed = stores.members.remove(room, bob.id, ann.id, now()).await;
    removed.unwrap();
    let left = [standing("+1", &[&bob], &first)];
    assert_eq!(stores.shown(&message).await.reactions, left);
    let back = sample::new_member(room, bob.id, ann.id);
    stores.members.add(&back).await.unwrap();
    let again = stores
        .log
        .react(room, message.id, bob.id, emoji("+1"), now())
        .await;
    assert_eq!(again, Ok(Appended::Repeat(first)));
    assert_eq!(stores.unreact(&message, &bob, "+1").await.actor_id, bob.id);
    assert_eq!(stores.reactions_to(&message).await, []);
}

pub async fn a_reaction_is_no_message_that_is_unread(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let before = stores.rooms.snapshots(bob.id, None).await.unwrap();
    assert_eq!((before[0].unread, before[0].last_seq), (1, Seq(4)));
    stores.react(&message, &ann, "+1").await;
    stores.unreact(&message, &ann, "+1").await;
    let after = stores.rooms.snapshots(bob.id, None).await.unwrap();
    assert_eq!((after[0].unread, after[0].last_seq), (1, Seq(6)));
}
