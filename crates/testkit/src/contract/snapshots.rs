//! [`RoomStore::snapshots`](domain::ports::RoomStore::snapshots), and
//! [`SessionStore::arrival`](domain::ports::SessionStore::arrival).

use domain::{
    ReceiptKind, RefreshTokenHash, RoomId, RoomSnapshot, Seq, SessionId, User, UserId,
    ports::Arrival,
};

use super::{Stores, sessions::log_in_as};
use crate::sample::{self, now};

async fn snapshot(stores: &Stores, user: &User, room: RoomId) -> RoomSnapshot {
    let mut found = stores
        .rooms
        .snapshots(user.id, Some(vec![room]))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

pub async fn what_is_unread_is_counted_exactly(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let sent = stores.say_many(room, &ann, 5).await; // 4 to 8
    stores.say(room, &bob, "one of my own").await; // 9
    stores
        .log
        .delete(room, sent[3].id, ann.id, now())
        .await
        .unwrap(); // 10
    stores
        .log
        .edit(room, sent[4].id, ann.id, sample::content("edited"), now())
        .await
        .unwrap(); // 11
    let expected = |last_read_seq, unread| RoomSnapshot {
        room_id: room,
        last_seq: Seq(11),
        last_read_seq,
        unread,
    };
    // From the event that let bob in.
    assert_eq!(snapshot(stores, &bob, room).await, expected(Seq(3), 4));

    for (message, unread) in [(&sent[0], 3), (&sent[2], 1), (&sent[4], 0)] {
        stores
            .messages
            .mark(room, bob.id, message.id, ReceiptKind::Read)
            .await
            .unwrap();
        assert_eq!(
            snapshot(stores, &bob, room).await,
            expected(message.seq, unread)
        );
    }
    assert_eq!(snapshot(stores, &ann, room).await, expected(Seq(2), 1));
}

pub async fn what_is_delivered_is_not_read(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let message = stores.say(room, &ann, "hello").await;
    stores
        .messages
        .mark(room, bob.id, message.id, ReceiptKind::Delivered)
        .await
        .unwrap();
    assert_eq!(snapshot(stores, &bob, room).await.unread, 1);
}

pub async fn who_comes_in_has_nothing_unread_and_who_comes_back_neither(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[]).await;
    stores.say_many(room, &ann, 3).await;
    for _ in 0..2 {
        let event = stores
            .members
            .add(&sample::new_member(room, bob.id, ann.id))
            .await
            .unwrap();
        let standing = snapshot(stores, &bob, room).await;
        assert_eq!((standing.last_read_seq, standing.unread), (event.seq, 0));
        stores.say(room, &ann, "welcome").await;
        assert_eq!(snapshot(stores, &bob, room).await.unread, 1);
        stores
            .members
            .remove(room, bob.id, bob.id, now())
            .await
            .unwrap();
        stores.say(room, &ann, "a pity").await;
    }
}

pub async fn a_mark_before_the_way_in_does_not_raise_the_count(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[]).await;
    let old = stores.say_many(room, &ann, 3).await;
    let event = stores
        .members
        .add(&sample::new_member(room, bob.id, ann.id))
        .await
        .unwrap();
    stores
        .messages
        .mark(room, bob.id, old[0].id, ReceiptKind::Read)
        .await
        .unwrap();
    let standing = snapshot(stores, &bob, room).await;
    assert_eq!((standing.last_read_seq, standing.unread), (event.seq, 0));
}

pub async fn each_room_of_the_user_has_one_and_no_other_room_has(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let (one, two) = (
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
    );
    let (foreign, left) = (
        stores.room(&ann, &[]).await,
        stores.room(&ann, &[&bob]).await,
    );
    stores
        .members
        .remove(left, bob.id, bob.id, now())
        .await
        .unwrap();
    stores.say(two, &ann, "hello").await;

    let rooms = async |only| {
        let mut found = stores.rooms.snapshots(bob.id, only).await.unwrap();
        found.sort_by_key(|standing| standing.room_id);
        found
            .iter()
            .map(|standing| (standing.room_id, standing.unread))
            .collect::<Vec<_>>()
    };
    assert_eq!(rooms(None).await, [(one, 0), (two, 1)]);
    assert_eq!(
        rooms(Some(vec![two, foreign, left, RoomId(sample::id())])).await,
        [(two, 1)]
    );
    assert!(rooms(Some(vec![])).await.is_empty());
    let nobody = stores
        .rooms
        .snapshots(UserId(sample::id()), None)
        .await
        .unwrap();
    assert!(nobody.is_empty());
}

pub async fn who_comes_by_a_log_in_that_stands_is_told_with_their_rooms(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let session = log_in_as(stores, &ann, RefreshTokenHash([1; 32])).await;
    let room = stores.room(&ann, &[&bob]).await;
    stores.room(&ann, &[]).await;
    stores.say(room, &bob, "hello").await;
    let arrival = async |session, user, only| {
        let told = stores.sessions.arrival(session, user, only).await;
        told.unwrap()
    };
    for only in [None, Some(vec![room]), Some(vec![])] {
        let rooms = stores.rooms.snapshots(ann.id, only.clone()).await.unwrap();
        let user = ann.clone();
        assert_eq!(
            arrival(session.id, ann.id, only).await,
            Some(Arrival { user, rooms })
        );
    }
    assert_eq!(arrival(session.id, bob.id, None).await, None);
    let unknown = SessionId(sample::id());
    assert_eq!(arrival(unknown, ann.id, None).await, None);
    let revoking = stores.sessions.revoke(ann.id, session.id, now());
    revoking.await.unwrap();
    assert_eq!(arrival(session.id, ann.id, None).await, None);
}
