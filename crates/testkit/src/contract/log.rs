//! [`RoomLog`](domain::ports::RoomLog): appending and reading, one call at a time.

use domain::{
    Message, MessageStatus, RoomEventKind, RoomId, Seq, StoreError,
    ports::{Appended, NewMessage},
    values::MessageContent,
};

use super::{
    Stores,
    scene::{picture, sent},
};
use crate::sample::{self, later, now};

pub async fn an_appended_message_is_the_newest_event(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let new = NewMessage {
        attachments: vec![picture(), picture()],
        client_msg_id: Some(sample::client_msg_id("mine 1")),
        at: later(1),
        ..sample::new_message(room, ann.id, " Grüße 👋🏽\u{202e}\n\t\"%_\\' ")
    };
    let event = stores.append(new.clone()).await;
    assert_eq!((event.room_id, event.seq), (room, Seq(3)));
    assert_eq!((event.actor_id, event.at), (ann.id, later(1)));
    let message = Message {
        id: new.id,
        attachments: new.attachments,
        client_msg_id: new.client_msg_id,
        created_at: later(1),
        updated_at: later(1),
        status: MessageStatus::Sent,
        content: new.content,
        ..sample::message(room, Seq(3), &ann, "x")
    };
    assert_eq!(stores.events(room).await.last(), Some(&event));
    assert_eq!(
        stores.rooms.by_id(room).await.unwrap().unwrap().last_seq,
        Seq(3)
    );
    assert_eq!(sent(event), message);
}

pub async fn a_message_of_nothing_but_attachments_is_kept(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let new = NewMessage {
        content: MessageContent::empty(),
        attachments: vec![picture()],
        ..sample::new_message(room, ann.id, "x")
    };
    let message = sent(stores.append(new).await);
    assert_eq!(message.content, MessageContent::empty());
    assert_eq!(message.attachments, [picture()]);
}

pub async fn a_message_that_was_interrupted_says_so(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for interrupted in [true, false] {
        let new = NewMessage {
            interrupted,
            ..sample::new_message(room, ann.id, "so far")
        };
        let message = sent(stores.append(new).await);
        assert_eq!(message.interrupted, interrupted);
        let found = stores.messages.by_id(room, message.id).await;
        assert_eq!(found, Ok(Some(message)));
    }
}

pub async fn a_repeat_answers_the_first_event_and_stores_nothing(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let reference = Some(sample::client_msg_id("1"));
    let new = |text| NewMessage {
        client_msg_id: reference.clone(),
        ..sample::new_message(room, ann.id, text)
    };
    let first = stores.append(new("first")).await;
    stores.say(room, &ann, "between").await;
    let again = stores.log.append(new("another text")).await.unwrap();
    assert_eq!(again, Appended::Repeat(first));
    assert_eq!(stores.events(room).await.len(), 4);
}

pub async fn a_repeat_shows_the_message_as_it_is_now(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let new = NewMessage {
        client_msg_id: Some(sample::client_msg_id("1")),
        ..sample::new_message(room, ann.id, "first")
    };
    stores.append(new.clone()).await;
    let repeat = async || match stores.log.append(new.clone()).await.unwrap() {
        Appended::Repeat(event) => sent(event),
        Appended::New(event) => panic!("not a repeat: {event:?}"),
    };
    let edited = sample::content("second");
    stores
        .log
        .edit(room, new.id, ann.id, edited.clone(), now())
        .await
        .unwrap();
    assert_eq!(repeat().await.content, edited);
    stores
        .log
        .delete(room, new.id, ann.id, later(9))
        .await
        .unwrap();
    let gone = repeat().await;
    assert_eq!(
        (gone.content, gone.deleted_at),
        (MessageContent::empty(), Some(later(9)))
    );
}

pub async fn a_reference_counts_for_one_sender_in_one_room(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let (one, other) = (
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
    );
    let reference = Some(sample::client_msg_id("1"));
    for (room, user) in [(one, &ann), (one, &bob), (other, &ann)] {
        let new = NewMessage {
            client_msg_id: reference.clone(),
            ..sample::new_message(room, user.id, "x")
        };
        stores.append(new).await;
    }
    // The case of a reference counts.
    for reference in ["a", "A", " a"] {
        let reference = Some(sample::client_msg_id(reference));
        stores
            .append(NewMessage {
                client_msg_id: reference,
                ..sample::new_message(one, ann.id, "x")
            })
            .await;
    }
}

pub async fn only_a_member_appends_even_if_it_is_a_repeat(stores: &Stores) {
    let (ann, bob, eve) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("eve").await,
    );
    let room = stores.room(&ann, &[&bob]).await;
    let new = NewMessage {
        client_msg_id: Some(sample::client_msg_id("1")),
        ..sample::new_message(room, bob.id, "x")
    };
    stores.append(new.clone()).await;
    stores
        .members
        .remove(room, bob.id, ann.id, now())
        .await
        .unwrap();
    let before = stores.events(room).await;
    for new in [
        new,
        sample::new_message(room, bob.id, "y"),
        sample::new_message(room, eve.id, "z"),
    ] {
        assert_eq!(stores.log.append(new).await, Err(StoreError::NotFound));
    }
    assert_eq!(stores.events(room).await, before);
}

pub async fn the_log_is_read_in_pages_without_a_gap(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    stores
        .say(stores.room(&ann, &[]).await, &ann, "elsewhere")
        .await;
    stores.say_many(room, &ann, 8).await;
    let all = stores.events(room).await;
    assert_eq!(all.len(), 10);
    let mut read = Vec::new();
    let mut after = Seq::START;
    loop {
        let page = stores.log.read(room, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        read.extend(page);
    }
    assert_eq!(read, all);
    assert!(read.iter().map(|event| event.seq.0).eq(1..=10));
}

pub async fn behind_the_end_of_the_log_is_nothing(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    for after in [Seq(2), Seq(3), Seq(i64::MAX as u64 + 1), Seq(u64::MAX)] {
        assert!(
            stores.log.read(room, after, 10).await.unwrap().is_empty(),
            "{after}"
        );
    }
    assert!(
        stores
            .log
            .read(room, Seq::START, 0)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(stores.events(RoomId(sample::id())).await.is_empty());
}

pub async fn a_deleted_room_tells_its_log_and_takes_no_more(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    stores.say(room, &ann, "last words").await;
    stores.rooms.delete(room, ann.id, now()).await.unwrap();
    let answer = stores
        .log
        .append(sample::new_message(room, ann.id, "too late"))
        .await;
    assert_eq!(answer, Err(StoreError::NotFound));
    let events = stores.events(room).await;
    assert_eq!(events.len(), 4);
    assert_eq!(events[3].kind, RoomEventKind::RoomDeleted);
}

pub async fn the_heads_of_rooms_are_their_latest_numbers(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (quiet, busy) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let (deleted, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    stores.say_many(busy, &ann, 3).await;
    stores.say(other, &ann, "not asked for").await;
    stores.rooms.delete(deleted, ann.id, now()).await.unwrap();

    let nowhere = RoomId(sample::id());
    let asked = vec![busy, quiet, nowhere, deleted, busy];
    let mut heads = stores.log.heads(asked).await.unwrap();
    heads.sort();
    heads.dedup();
    let mut expected = vec![(quiet, Seq(2)), (busy, Seq(5)), (deleted, Seq(3))];
    expected.sort();
    assert_eq!(heads, expected);
    assert!(stores.log.heads(vec![]).await.unwrap().is_empty());
}
