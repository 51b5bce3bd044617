//! [`RoomLog`](domain::ports::RoomLog), many calls at once.

use std::collections::HashSet;

use domain::{
    Seq, StoreError,
    ports::{Appended, NewMessage},
};

use super::{Stores, scene::at_once};
use crate::sample::{self, now};

pub async fn sixty_four_appends_at_once_leave_no_gap_and_no_double(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let answers = at_once(64, |n| {
        let log = stores.log.clone();
        let sender = if n % 2 == 0 { ann.id } else { bob.id };
        let new = sample::new_message(room, sender, &n.to_string());
        async move { log.append(new).await.unwrap() }
    })
    .await;
    let numbers: HashSet<u64> = answers
        .iter()
        .map(|answer| match answer {
            Appended::New(event) => event.seq.0,
            Appended::Repeat(event) => panic!("not a repeat: {event:?}"),
        })
        .collect();
    assert_eq!(numbers, (4..68).collect());
    assert!(
        stores
            .events(room)
            .await
            .iter()
            .map(|event| event.seq.0)
            .eq(1..68)
    );
}

pub async fn one_reference_sent_sixteen_times_at_once_is_one_message(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let answers = at_once(16, |n| {
        let log = stores.log.clone();
        let new = NewMessage {
            client_msg_id: Some(sample::client_msg_id("once")),
            ..sample::new_message(room, ann.id, &n.to_string())
        };
        async move { log.append(new).await.unwrap() }
    })
    .await;
    let mut new = 0;
    let mut events = Vec::new();
    for answer in answers {
        match answer {
            Appended::New(event) => {
                new += 1;
                events.push(event);
            }
            Appended::Repeat(event) => events.push(event),
        }
    }
    assert_eq!(new, 1);
    assert!(events.iter().all(|event| *event == events[0]));
    assert_eq!(stores.events(room).await.len(), 3);
}

pub async fn whoever_reads_a_number_reads_all_below_it(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let reader = tokio::spawn({
        let log = stores.log.clone();
        async move {
            let mut heard = 0;
            while heard < 34 {
                let events = log.read(room, Seq(heard), 100).await.unwrap();
                for event in events {
                    assert_eq!(event.seq, Seq(heard + 1));
                    heard += 1;
                }
            }
        }
    });
    at_once(32, |n| {
        let log = stores.log.clone();
        let new = sample::new_message(room, ann.id, &n.to_string());
        async move { log.append(new).await.unwrap() }
    })
    .await;
    reader.await.unwrap();
}

pub async fn nothing_of_the_removed_follows_their_removal(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let removal = tokio::spawn({
        let members = stores.members.clone();
        async move { members.remove(room, bob.id, ann.id, now()).await.unwrap() }
    });
    let answers = at_once(32, |n| {
        let log = stores.log.clone();
        let new = sample::new_message(room, bob.id, &n.to_string());
        async move { log.append(new).await }
    })
    .await;
    let removed = removal.await.unwrap();
    for answer in answers {
        match answer {
            Ok(Appended::New(event)) => assert!(event.seq < removed.seq),
            Ok(Appended::Repeat(event)) => panic!("not a repeat: {event:?}"),
            Err(error) => assert_eq!(error, StoreError::NotFound),
        }
    }
    assert_eq!(stores.events(room).await.last(), Some(&removed));
}

pub async fn a_caller_who_goes_away_disturbs_nobody(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for n in 0..16 {
        let new = sample::new_message(room, ann.id, &n.to_string());
        let call = tokio::spawn({
            let log = stores.log.clone();
            async move { log.append(new).await }
        });
        tokio::task::yield_now().await;
        call.abort();
        let _ = call.await;
        stores.say(room, &ann, "still here").await;
    }
    let events = stores.events(room).await;
    let count = u64::try_from(events.len()).unwrap();
    assert!(events.iter().map(|event| event.seq.0).eq(1..=count));
}
