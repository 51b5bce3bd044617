//! [`RoomLog`](domain::ports::RoomLog): edits and deletions.

use domain::{
    Message, MessageId, Role, RoomEventKind, RoomId, Seq, StoreError,
    ports::{NewMessage, NewRoom},
};

use super::{
    Stores,
    scene::{picture, sent},
};
use crate::sample::{self, later, now};

pub async fn an_edit_gives_another_text_and_an_event(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &bob, "soop").await;
    let content = sample::content("soup");
    let event = stores
        .log
        .edit(room, message.id, bob.id, content.clone(), later(1))
        .await
        .unwrap();
    assert_eq!(
        (event.seq, event.actor_id, event.at),
        (message.seq.next(), bob.id, later(1))
    );
    let edited = Message {
        content,
        updated_at: later(1),
        edited_at: Some(later(1)),
        edited_seq: Some(event.seq),
        ..message
    };
    assert_eq!(event.kind, RoomEventKind::MessageEdited(edited.clone()));

    let events = stores.events(room).await;
    assert_eq!(events.last(), Some(&event));
    // The event that sent it shows the present text too.
    assert_eq!(events[3].kind, RoomEventKind::MessageSent(edited));
}

pub async fn the_latest_edit_is_named_by_its_number(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let (message, other) = (
        stores.say(room, &ann, "soop").await,
        stores.say(room, &ann, "salat").await,
    );
    let edit = async |message: &Message, text| {
        let (content, log) = (sample::content(text), &stores.log);
        let edited = log.edit(room, message.id, ann.id, content, now()).await;
        edited.unwrap().seq
    };
    let first = edit(&message, "soup").await;
    stores.react(&message, &ann, "+1").await;
    assert_eq!(stores.shown(&message).await.edited_seq, Some(first));
    assert_eq!(stores.shown(&other).await.edited_seq, None);
    let second = edit(&message, "Soup").await;
    // The same text is an edit, too.
    let third = edit(&message, "Soup").await;
    assert!(first < second && second < third);
    let events = stores.events(room).await;
    let shown = events.iter().filter_map(|event| match &event.kind {
        RoomEventKind::MessageSent(it) | RoomEventKind::MessageEdited(it) => {
            (it.id == message.id).then_some(it.edited_seq)
        }
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [Some(third); 4]);
}

pub async fn only_its_sender_edits_a_message(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &bob, "soop").await;
    let edit = |by| {
        stores
            .log
            .edit(room, message.id, by, sample::content("soup"), now())
    };
    assert_eq!(edit(ann.id).await, Err(StoreError::Denied));
    let eve = stores.user("eve").await;
    assert_eq!(edit(eve.id).await, Err(StoreError::NotFound));
    stores
        .members
        .remove(room, bob.id, ann.id, now())
        .await
        .unwrap();
    assert_eq!(edit(bob.id).await, Err(StoreError::NotFound));
    assert_eq!(
        stores.messages.by_id(room, message.id).await.unwrap(),
        Some(message)
    );
}

pub async fn a_deletion_takes_the_content_away_for_good(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let new = NewMessage {
        attachments: vec![picture()],
        ..sample::new_message(room, ann.id, "secret")
    };
    let message = sent(stores.append(new).await);
    stores
        .log
        .edit(
            room,
            message.id,
            ann.id,
            sample::content("secret still"),
            later(1),
        )
        .await
        .unwrap();
    let event = stores
        .log
        .delete(room, message.id, ann.id, later(2))
        .await
        .unwrap();
    assert_eq!(
        (event.seq, event.actor_id, event.at),
        (Seq(5), ann.id, later(2))
    );
    assert_eq!(
        event.kind,
        RoomEventKind::MessageDeleted {
            message_id: message.id
        }
    );

    let events = stores.events(room).await;
    assert_eq!(events.last(), Some(&event));
    assert!(!format!("{events:?}").contains("secret") && !format!("{events:?}").contains("png"));
    for event in &events[2..4] {
        let (RoomEventKind::MessageSent(shown) | RoomEventKind::MessageEdited(shown)) = &event.kind
        else {
            panic!("another event: {event:?}");
        };
        assert_eq!((shown.id, shown.deleted_at), (message.id, Some(later(2))));
    }
}

pub async fn its_sender_and_admins_delete_a_message(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let (cid, eve) = (stores.user("cid").await, stores.user("eve").await);
    let change = |room: &mut NewRoom| {
        room.members = vec![(bob.id, Role::Admin), (cid.id, Role::Member)];
    };
    let room = stores.room_with(&ann, &[], change).await;
    for (sender, by, answer) in [
        (&ann, &cid, Err(StoreError::Denied)),
        (&ann, &eve, Err(StoreError::NotFound)),
        (&ann, &bob, Ok(())),
        (&cid, &ann, Ok(())),
        (&cid, &cid, Ok(())),
    ] {
        let message = stores.say(room, sender, "x").await;
        let deleted = stores.log.delete(room, message.id, by.id, now()).await;
        assert_eq!(deleted.map(|_| ()), answer);
    }
}

pub async fn what_is_not_there_is_neither_edited_nor_deleted(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let elsewhere = stores.say(other, &ann, "x").await.id;
    let deleted = stores.say(room, &ann, "x").await.id;
    stores
        .log
        .delete(room, deleted, ann.id, now())
        .await
        .unwrap();
    let before = stores.events(room).await;
    let gone = stores.room(&ann, &[]).await;
    let in_gone = stores.say(gone, &ann, "x").await.id;
    stores.rooms.delete(gone, ann.id, now()).await.unwrap();
    for (room, message) in [
        (room, elsewhere),
        (room, deleted),
        (room, MessageId(sample::id())),
        (RoomId(sample::id()), elsewhere),
        (gone, in_gone),
    ] {
        let answer = stores
            .log
            .edit(room, message, ann.id, sample::content("y"), now())
            .await;
        assert_eq!(answer, Err(StoreError::NotFound));
        let answer = stores.log.delete(room, message, ann.id, now()).await;
        assert_eq!(answer, Err(StoreError::NotFound));
    }
    assert_eq!(stores.events(room).await, before);
}
