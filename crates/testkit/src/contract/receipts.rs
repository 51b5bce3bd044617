//! [`MessageStore`](domain::ports::MessageStore): marks, and what they make of a message's status.

use domain::{
    Message, MessageId,
    MessageStatus::{self, Delivered, Read, Sent},
    ReceiptKind, RoomId, StoreError, User,
    ports::{MessagePage, Receipt},
};

use super::{Stores, scene::at_once};
use crate::sample::{self, now};

async fn mark(stores: &Stores, user: &User, message: &Message, kind: ReceiptKind) -> bool {
    let receipt = stores
        .messages
        .mark(message.room_id, user.id, message.id, kind)
        .await
        .unwrap();
    assert_eq!(receipt.seq, message.seq);
    receipt.moved
}

/// The statuses of a room's messages, the oldest first.
async fn statuses(stores: &Stores, room: RoomId) -> Vec<MessageStatus> {
    let page = MessagePage::After(domain::Seq::START);
    let page = stores.messages.page(room, page, 50).await.unwrap();
    page.iter().map(|message| message.status).collect()
}

pub async fn a_mark_moves_the_status_of_all_up_to_it(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let sent = stores.say_many(room, &ann, 4).await;
    assert_eq!(statuses(stores, room).await, [Sent, Sent, Sent, Sent]);
    assert!(mark(stores, &bob, &sent[2], ReceiptKind::Delivered).await);
    assert_eq!(
        statuses(stores, room).await,
        [Delivered, Delivered, Delivered, Sent]
    );
    assert!(mark(stores, &bob, &sent[0], ReceiptKind::Read).await);
    assert_eq!(
        statuses(stores, room).await,
        [Read, Delivered, Delivered, Sent]
    );

    let found = stores
        .messages
        .by_id(room, sent[0].id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.status, Read);
    let found = stores
        .messages
        .search(ann.id, None, &sample::term("1"), 1)
        .await
        .unwrap();
    assert_eq!(found[0].status, Read);
}

pub async fn a_mark_never_moves_back(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let sent = stores.say_many(room, &ann, 3).await;
    assert!(mark(stores, &bob, &sent[1], ReceiptKind::Read).await);
    for message in &sent[..2] {
        assert!(!mark(stores, &bob, message, ReceiptKind::Read).await);
        // What is read is delivered too.
        assert!(!mark(stores, &bob, message, ReceiptKind::Delivered).await);
    }
    assert_eq!(statuses(stores, room).await, [Read, Read, Sent]);
    assert!(mark(stores, &bob, &sent[2], ReceiptKind::Delivered).await);
    assert!(!mark(stores, &bob, &sent[2], ReceiptKind::Delivered).await);
    assert_eq!(statuses(stores, room).await, [Read, Read, Delivered]);
}

pub async fn the_senders_own_mark_does_not_count(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let first = stores.say(room, &ann, "from ann").await;
    let second = stores.say(room, &bob, "from bob").await;
    mark(stores, &ann, &first, ReceiptKind::Read).await;
    assert_eq!(statuses(stores, room).await, [Sent, Sent]);
    mark(stores, &ann, &second, ReceiptKind::Read).await;
    assert_eq!(statuses(stores, room).await, [Sent, Read]);
}

pub async fn the_furthest_of_the_others_counts(stores: &Stores) {
    let (ann, bob, cid) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("cid").await,
    );
    let room = stores.room(&ann, &[&bob, &cid]).await;
    let message = stores.say(room, &ann, "hello").await;
    mark(stores, &bob, &message, ReceiptKind::Read).await;
    mark(stores, &cid, &message, ReceiptKind::Delivered).await;
    assert_eq!(statuses(stores, room).await, [Read]);
}

pub async fn the_marks_of_the_gone_still_count(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "hello").await;
    mark(stores, &bob, &message, ReceiptKind::Read).await;
    stores
        .members
        .remove(room, bob.id, bob.id, now())
        .await
        .unwrap();
    assert_eq!(statuses(stores, room).await, [Read]);
}

pub async fn who_comes_back_keeps_their_marks(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let sent = stores.say_many(room, &ann, 2).await;
    mark(stores, &bob, &sent[0], ReceiptKind::Read).await;
    stores
        .members
        .remove(room, bob.id, bob.id, now())
        .await
        .unwrap();
    stores
        .members
        .add(&sample::new_member(room, bob.id, ann.id))
        .await
        .unwrap();
    assert!(!mark(stores, &bob, &sent[0], ReceiptKind::Read).await);
    assert_eq!(statuses(stores, room).await, [Read, Sent]);
    assert!(mark(stores, &bob, &sent[1], ReceiptKind::Read).await);
}

pub async fn to_come_in_is_not_to_have_read(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[]).await;
    stores.say(room, &ann, "anybody here?").await;
    stores
        .members
        .add(&sample::new_member(room, bob.id, ann.id))
        .await
        .unwrap();
    assert_eq!(statuses(stores, room).await, [Sent]);
}

pub async fn only_a_member_marks_and_only_what_is_there(stores: &Stores) {
    let (ann, bob, eve) = (
        stores.user("ann").await,
        stores.user("bob").await,
        stores.user("eve").await,
    );
    let (room, other) = (
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
    );
    let message = stores.say(room, &ann, "hello").await.id;
    let deleted = stores.say(room, &ann, "oops").await.id;
    stores
        .log
        .delete(room, deleted, ann.id, now())
        .await
        .unwrap();
    for (room, user, message) in [
        (room, &eve, message),
        (room, &bob, MessageId(sample::id())),
        (room, &bob, deleted),
        (other, &bob, message),
        (RoomId(sample::id()), &bob, message),
    ] {
        for kind in [ReceiptKind::Delivered, ReceiptKind::Read] {
            let answer = stores.messages.mark(room, user.id, message, kind).await;
            assert_eq!(answer, Err(StoreError::NotFound));
        }
    }
    stores
        .members
        .remove(room, bob.id, ann.id, now())
        .await
        .unwrap();
    let answer = stores
        .messages
        .mark(room, bob.id, message, ReceiptKind::Read)
        .await;
    assert_eq!(answer, Err(StoreError::NotFound));
    assert_eq!(statuses(stores, room).await, [Sent]);
}

pub async fn of_sixteen_equal_marks_at_once_one_moves(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "hello").await;
    let answers = at_once(16, |_| {
        let (messages, id, bob) = (stores.messages.clone(), message.id, bob.id);
        async move {
            messages
                .mark(room, bob, id, ReceiptKind::Read)
                .await
                .unwrap()
        }
    })
    .await;
    let moved = Receipt {
        seq: message.seq,
        moved: true,
    };
    assert_eq!(answers.iter().filter(|answer| **answer == moved).count(), 1);
}

pub async fn an_event_that_is_read_again_shows_the_present_status(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "hello").await;
    mark(stores, &bob, &message, ReceiptKind::Delivered).await;
    let event = stores.events(room).await.pop().unwrap();
    assert_eq!(super::scene::sent(event).status, Delivered);
}
