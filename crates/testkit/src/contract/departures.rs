//! [`MemberStore::remove`](domain::ports::MemberStore::remove).

use domain::{
    Role, RoomEventKind, RoomId, Seq, StoreError, UserId,
    ports::{Departure, NewRoom},
};

use super::Stores;
use crate::sample::{self, later, now};

pub async fn somebody_leaves_and_the_log_tells_it(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.room(&ann, &[&bob]).await;
    let event = stores
        .members
        .remove(room, bob.id, bob.id, later(1))
        .await
        .unwrap();
    assert_eq!(
        (event.seq, event.actor_id, event.at),
        (Seq(4), bob.id, later(1))
    );
    assert_eq!(
        event.kind,
        RoomEventKind::MemberLeft {
            user_id: bob.id,
            username: Some(bob.username.clone()),
            guest_id: None,
        }
    );
    assert_eq!(stores.events(room).await.last(), Some(&event));
    let again = stores.members.remove(room, bob.id, bob.id, later(2)).await;
    assert_eq!(again, Err(StoreError::NotFound));
}

pub async fn only_who_stands_above_removes_another(stores: &Stores) {
    let (own, adm, adm2) = (
        stores.user("own").await,
        stores.user("adm").await,
        stores.user("adm2").await,
    );
    let (mem, mem2, eve) = (
        stores.user("mem").await,
        stores.user("mem2").await,
        stores.user("eve").await,
    );
    let change = |room: &mut NewRoom| {
        room.members = vec![
            (adm.id, Role::Admin),
            (adm2.id, Role::Admin),
            (mem.id, Role::Member),
            (mem2.id, Role::Member),
        ];
    };
    let room = stores.room_with(&own, &[], change).await;
    let remove = |user: UserId, by: UserId| stores.members.remove(room, user, by, now());
    for (user, by) in [
        (&mem, &mem2),
        (&adm, &adm2),
        (&adm, &mem),
        (&own, &adm),
        (&mem, &eve),
    ] {
        assert_eq!(
            remove(user.id, by.id).await,
            Err(StoreError::Denied),
            "{by:?} removes {user:?}"
        );
    }
    assert_eq!(stores.members.list(room).await.unwrap().len(), 5);
    remove(mem.id, adm.id).await.unwrap();
    remove(adm.id, own.id).await.unwrap();
    assert_eq!(remove(mem2.id, adm.id).await, Err(StoreError::Denied));
}

pub async fn an_owner_stays(stores: &Stores) {
    let ann = stores.user("ann").await;
    let room = stores.room(&ann, &[]).await;
    let answer = stores.members.remove(room, ann.id, ann.id, now()).await;
    assert_eq!(answer, Err(StoreError::Denied));
}

pub async fn who_comes_back_may_write_again(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let room = stores.public_room(&ann).await;
    for _ in 0..2 {
        stores
            .members
            .add(&sample::new_member(room, bob.id, bob.id))
            .await
            .unwrap();
        stores.say(room, &bob, "here I am").await;
        stores
            .members
            .remove(room, bob.id, ann.id, now())
            .await
            .unwrap();
        let unheard = stores
            .log
            .append(sample::new_message(room, bob.id, "and now?"))
            .await;
        assert_eq!(unheard, Err(StoreError::NotFound));
    }
}

pub async fn the_end_of_a_membership_is_told_until_it_begins_again(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let rooms = [
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[&bob]).await,
        stores.room(&ann, &[]).await,
    ];
    let [left, deleted, again, stays, never] = rooms;
    stores.say(left, &ann, "before").await;
    for room in [left, again] {
        let gone = stores.members.remove(room, bob.id, ann.id, later(1)).await;
        gone.unwrap();
    }
    stores.say(left, &ann, "after").await;
    let gone = stores.rooms.delete(deleted, ann.id, later(2)).await;
    gone.unwrap();
    let back = sample::new_member(again, bob.id, ann.id);
    stores.members.add(&back).await.unwrap();

    let asked = vec![left, deleted, again, stays, never, RoomId(sample::id())];
    let mut told = stores.members.departures(bob.id, asked).await.unwrap();
    told.sort();
    let departure = |room_id, seq| Departure { room_id, seq };
    let mut expected = vec![departure(left, Seq(5)), departure(deleted, Seq(4))];
    expected.sort();
    assert_eq!(told, expected);
    let gone = stores.members.remove(again, bob.id, bob.id, later(3)).await;
    let end = departure(again, gone.unwrap().seq);
    let told = stores.members.departures(bob.id, vec![again]).await;
    assert_eq!(told.unwrap(), [end], "the latest end counts");
    let nothing = stores.members.departures(bob.id, vec![]).await;
    assert_eq!(nothing.unwrap(), []);
}
