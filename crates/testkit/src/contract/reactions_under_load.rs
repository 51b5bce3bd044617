//! [`RoomLog::react`](domain::ports::RoomLog::react) and [`unreact`](domain::ports::RoomLog::unreact), many calls at once.

use domain::{
    Conflict, ReactionChange, ReactionCount, RoomEvent, RoomEventKind, Seq, StoreError, User,
    ports::Appended,
};

use super::{
    Stores,
    scene::{at_once, emoji},
};
use crate::sample::{self, now};

async fn sixteen(stores: &Stores) -> Vec<User> {
    let mut users = Vec::new();
    for number in 1..=16 {
        users.push(stores.user(&format!("user_{number}")).await);
    }
    users
}

fn new(answer: Appended) -> RoomEvent {
    match answer {
        Appended::New(event) => event,
        Appended::Repeat(event) => panic!("not a repeat: {event:?}"),
    }
}

fn change(event: &RoomEvent) -> &ReactionChange {
    match &event.kind {
        RoomEventKind::ReactionAdded(change) | RoomEventKind::ReactionRemoved(change) => change,
        other => panic!("no change of a reaction: {other:?}"),
    }
}

pub async fn sixteen_who_react_at_once_are_all_counted(stores: &Stores) {
    let users = sixteen(stores).await;
    let room = stores
        .room(&users[0], &users[1..].iter().collect::<Vec<_>>())
        .await;
    let message = stores.say(room, &users[0], "soup").await;
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let mut events = at_once(16, |n| {
        let (log, by) = (stores.log.clone(), ids[n]);
        async move {
            new(log
                .react(room, message.id, by, emoji("+1"), now())
                .await
                .unwrap())
        }
    })
    .await;
    events.sort_by_key(|event| event.seq);
    for (event, count) in events.iter().zip(1..) {
        let place = (event.seq.0 - message.seq.0, change(event).count);
        assert_eq!(place, (count, count), "numbered and counted without a gap");
    }
    let log = stores.log.read(room, message.seq, 100).await.unwrap();
    assert_eq!(log, events);
    let first_ten = events[..10].iter().map(|event| event.actor_id).collect();
    let standing = ReactionCount {
        emoji: emoji("+1"),
        count: 16,
        user_ids: first_ten,
        last_seq: events[15].seq,
    };
    assert_eq!(stores.shown(&message).await.reactions, [standing]);
    assert_eq!(stores.reactions_to(&message).await.len(), 16);

    let mut events = at_once(16, |n| {
        let (log, by) = (stores.log.clone(), ids[n]);
        async move { log.unreact(room, message.id, by, emoji("+1"), now()).await }
    })
    .await
    .into_iter()
    .map(|answer| answer.unwrap().expect("a reaction"))
    .collect::<Vec<_>>();
    events.sort_by_key(|event| event.seq);
    let counts: Vec<u64> = events.iter().map(|event| change(event).count).collect();
    assert_eq!(counts, (0..16).rev().collect::<Vec<_>>());
    assert_eq!(stores.shown(&message).await.reactions, []);
}

pub async fn one_reaction_sent_sixteen_times_at_once_is_one(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    let answers = at_once(16, |_| {
        let log = stores.log.clone();
        async move {
            log.react(room, message.id, ann.id, emoji("+1"), now())
                .await
        }
    })
    .await;
    let (mut added, mut repeats) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer.unwrap() {
            Appended::New(event) => added.push(event),
            Appended::Repeat(event) => repeats.push(event),
        }
    }
    assert_eq!((added.len(), repeats.len()), (1, 15));
    assert!(repeats.iter().all(|event| *event == added[0]));
    let log = stores.log.read(room, message.seq, 100).await.unwrap();
    assert_eq!(log, added);
    assert_eq!(stores.shown(&message).await.reactions[0].count, 1);
}

pub async fn one_reaction_taken_back_sixteen_times_at_once_goes_once(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    let added = stores.react(&message, &ann, "+1").await;
    let answers = at_once(16, |_| {
        let log = stores.log.clone();
        async move {
            log.unreact(room, message.id, ann.id, emoji("+1"), now())
                .await
        }
    })
    .await;
    let removed: Vec<_> = answers.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(removed.len(), 1);
    assert_eq!(change(&removed[0]).count, 0);
    let log = stores.log.read(room, added.seq, 100).await.unwrap();
    assert_eq!(log, removed);
}

pub async fn of_thirty_two_different_emojis_at_once_twenty_stand(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    let answers = at_once(32, |n| {
        let log = stores.log.clone();
        let with = emoji(&n.to_string());
        async move { log.react(room, message.id, ann.id, with, now()).await }
    })
    .await;
    let mut events = Vec::new();
    for answer in answers {
        match answer {
            Ok(answer) => events.push(new(answer)),
            Err(error) => assert_eq!(error, StoreError::Conflict(Conflict::TooManyEmojis)),
        }
    }
    events.sort_by_key(|event| event.seq);
    assert_eq!(events.len(), 20);
    let standing = stores.shown(&message).await.reactions;
    let standing: Vec<_> = standing.iter().map(|it| (&it.emoji, it.last_seq)).collect();
    let added = events.iter().map(|event| (&change(event).emoji, event.seq));
    assert_eq!(standing, added.collect::<Vec<_>>());
}

pub async fn reactions_and_messages_at_once_leave_no_gap_and_no_double(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    let mut events = at_once(48, |n| {
        let log = stores.log.clone();
        async move {
            let answer = match n % 3 {
                0 => {
                    let with = emoji(&n.to_string());
                    log.react(room, message.id, ann.id, with, now()).await
                }
                _ => {
                    let said = sample::new_message(room, ann.id, &n.to_string());
                    log.append(said).await
                }
            };
            new(answer.unwrap())
        }
    })
    .await;
    events.sort_by_key(|event| event.seq);
    assert!(events.iter().map(|event| event.seq.0).eq(4..52));
    let log = stores.log.read(room, message.seq, 100).await.unwrap();
    assert_eq!(log, events);
    assert_eq!(stores.shown(&message).await.reactions.len(), 16);
}

pub async fn no_reaction_of_the_removed_follows_their_removal(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "soup").await;
    let removal = tokio::spawn({
        let members = stores.members.clone();
        async move { members.remove(room, bob.id, ann.id, now()).await.unwrap() }
    });
    let answers = at_once(16, |n| {
        let log = stores.log.clone();
        let with = emoji(&n.to_string());
        async move { log.react(room, message.id, bob.id, with, now()).await }
    })
    .await;
    let removed = removal.await.unwrap();
    for answer in answers {
        match answer {
            Ok(answer) => assert!(new(answer).seq < removed.seq),
            Err(error) => assert_eq!(error, StoreError::NotFound),
        }
    }
    assert_eq!(stores.events(room).await.last(), Some(&removed));
}

pub async fn no_reaction_follows_the_deletion_of_its_message(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "soup").await;
    let deletion = tokio::spawn({
        let (log, id) = (stores.log.clone(), message.id);
        async move { log.delete(room, id, ann.id, now()).await.unwrap() }
    });
    let answers = at_once(16, |n| {
        let log = stores.log.clone();
        let with = emoji(&n.to_string());
        async move { log.react(room, message.id, ann.id, with, now()).await }
    })
    .await;
    let deleted = deletion.await.unwrap();
    for answer in answers {
        match answer {
            Ok(answer) => assert!(new(answer).seq < deleted.seq),
            Err(error) => assert_eq!(error, StoreError::NotFound),
        }
    }
    let log = stores.log.read(room, Seq::START, 100).await.unwrap();
    assert_eq!(log.last(), Some(&deleted));
    let RoomEventKind::MessageSent(shown) = &log[2].kind else {
        panic!("another event: {:?}", log[2]);
    };
    assert_eq!(shown.reactions, []);
    assert_eq!(stores.reactions_to(&message).await, []);
}
