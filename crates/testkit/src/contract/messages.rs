//! [`MessageStore`](domain::ports::MessageStore): one message.

use domain::{MessageId, RoomId, ports::MessagePage};

use super::Stores;
use crate::sample::{self, now};

pub async fn a_message_is_found_in_its_room_alone(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (room, other) = (stores.room(&ann, &[]).await, stores.room(&ann, &[]).await);
    let message = stores.say(room, &ann, "hello").await;
    let by_id = |room, id| stores.messages.by_id(room, id);
    assert_eq!(
        by_id(room, message.id).await.unwrap(),
        Some(message.clone())
    );
    assert_eq!(by_id(other, message.id).await.unwrap(), None);
    assert_eq!(by_id(RoomId(sample::id()), message.id).await.unwrap(), None);
    assert_eq!(by_id(room, MessageId(sample::id())).await.unwrap(), None);
}

pub async fn a_message_is_found_by_its_sender_in_any_room(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "hello").await;
    let sent_by = |user, id| stores.messages.sent_by(user, id);
    let found = sent_by(ann.id, message.id).await;
    assert_eq!(found, Ok(Some(message.clone())));
    assert_eq!(sent_by(bob.id, message.id).await, Ok(None));
    assert_eq!(sent_by(ann.id, MessageId(sample::id())).await, Ok(None));
    let deleted = stores.log.delete(room, message.id, ann.id, now());
    deleted.await.unwrap();
    assert_eq!(sent_by(ann.id, message.id).await, Ok(None));
}

pub async fn a_deleted_message_is_in_no_view_but_the_log(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let message = stores.say(room, &ann, "farewell").await;
    stores
        .log
        .delete(room, message.id, ann.id, now())
        .await
        .unwrap();
    assert_eq!(stores.messages.by_id(room, message.id).await.unwrap(), None);
    let newest = MessagePage::Newest { skip: 0 };
    assert!(stores.texts(room, newest, 10).await.is_empty());
    assert!(stores.found(ann.id, None, "farewell").await.is_empty());
}
