//! Who keeps order in rooms that guests may come into: [`RoomLog::delete`](domain::ports::RoomLog::delete),
//! [`MemberStore::remove`](domain::ports::MemberStore::remove) and [`RoomStore::delete`](domain::ports::RoomStore::delete), by an
//! admin of the server.

use domain::{
    RefreshTokenHash, RoomEventKind, RoomId, StoreError, User, Visibility, ports::NewRoom,
};

use super::{Stores, sessions::log_in_as};
use crate::sample::{later, now};

impl Stores {
    /// An account that is an admin of the server.
    async fn admin(&self, name: &str) -> User {
        let user = self.user(name).await;
        let made = self.users.set_admin(user.id, true, now()).await;
        made.expect("an admin");
        user
    }
}

/// A room that guests may come into, of an account.
async fn room_of_account(stores: &Stores, owner: &User) -> RoomId {
    let change = |room: &mut NewRoom| {
        room.visibility = Visibility::Public;
        room.guests = true;
    };
    stores.room_with(owner, &[], change).await
}

pub async fn an_admin_of_the_server_keeps_order_among_guests(stores: &Stores) {
    let (root, ann) = (stores.admin("root").await, stores.user("ann").await);
    let zoe = stores.guest("zoe").await;
    let rooms = [
        stores.open("Lobby").await,
        room_of_account(stores, &ann).await,
    ];
    for (place, room) in rooms.into_iter().enumerate() {
        stores.comes(room, &zoe).await;
        if place == 1 {
            // As a member they have the same rights.
            stores.comes(room, &root).await;
        }
        let rude = stores.say(room, &zoe, "rude").await;
        let deleted = stores.log.delete(room, rude.id, root.id, later(1)).await;
        let event = deleted.unwrap();
        assert_eq!((event.actor_id, event.at), (root.id, later(1)));
        assert_eq!(stores.events(room).await.last(), Some(&event));
        let found = stores.messages.by_id(room, rude.id).await.unwrap();
        assert_eq!(found, None);

        let left = stores.members.remove(room, zoe.id, root.id, later(2)).await;
        let event = left.unwrap();
        assert_eq!(event.actor_id, root.id);
        let RoomEventKind::MemberLeft { user_id, .. } = event.kind else {
            panic!("{event:?}");
        };
        assert_eq!(user_id, zoe.id);
        assert_eq!(stores.members.get(room, zoe.id).await.unwrap(), None);

        let deleted = stores.rooms.delete(room, root.id, later(3)).await;
        let (event, _) = deleted.unwrap();
        assert_eq!(event.kind, RoomEventKind::RoomDeleted);
        assert_eq!(event.actor_id, root.id);
        assert_eq!(stores.rooms.by_id(room).await.unwrap(), None);
    }
}

pub async fn an_admin_of_the_server_takes_no_account_out_of_a_room(stores: &Stores) {
    let (root, ann) = (stores.admin("root").await, stores.user("ann").await);
    let bob = stores.user("bob").await;
    for room in [
        stores.open("Lobby").await,
        room_of_account(stores, &ann).await,
    ] {
        stores.comes(room, &bob).await;
        let refused = stores.members.remove(room, bob.id, root.id, now()).await;
        assert_eq!(refused, Err(StoreError::Denied));
        assert!(stores.members.get(room, bob.id).await.unwrap().is_some());
    }
}

pub async fn in_other_rooms_an_admin_of_the_server_is_a_stranger(stores: &Stores) {
    let (root, ann) = (stores.admin("root").await, stores.user("ann").await);
    let bob = stores.user("bob").await;
    let rooms = [stores.room(&ann, &[]).await, stores.public_room(&ann).await];
    for room in rooms {
        let new = crate::sample::new_member(room, bob.id, ann.id);
        stores.members.add(&new).await.unwrap();
        let message = stores.say(room, &bob, "hi").await;
        assert_untouched(stores, room, &root, message.id, &bob).await;
    }
}

pub async fn whoever_is_no_admin_of_the_server_at_the_commit_keeps_no_order(stores: &Stores) {
    let (once, gone) = (stores.admin("once").await, stores.admin("gone").await);
    let never = stores.user("never").await;
    let users = &stores.users;
    users.set_admin(once.id, false, later(1)).await.unwrap();
    let own = log_in_as(stores, &gone, RefreshTokenHash([1; 32])).await;
    let password = users.password(gone.id).await.unwrap().unwrap();
    let deactivation = users.deactivate(gone.id, own.id, &password, later(1)).await;
    deactivation.unwrap();
    let (zoe, room) = (stores.guest("zoe").await, stores.open("Lobby").await);
    stores.comes(room, &zoe).await;
    let message = stores.say(room, &zoe, "hi").await;
    for user in [&once, &gone, &never] {
        assert_untouched(stores, room, user, message.id, &zoe).await;
    }
}

/// Asserts that somebody who is not in the room can change nothing of it.
async fn assert_untouched(
    stores: &Stores,
    room: RoomId,
    by: &User,
    message: domain::MessageId,
    member: &User,
) {
    let before = stores.events(room).await;
    let refused = stores.log.delete(room, message, by.id, later(2)).await;
    assert_eq!(refused, Err(StoreError::NotFound));
    let refused = stores
        .members
        .remove(room, member.id, by.id, later(2))
        .await;
    assert_eq!(refused, Err(StoreError::Denied));
    let refused = stores.rooms.delete(room, by.id, later(2)).await;
    assert_eq!(refused, Err(StoreError::Denied));
    assert_eq!(stores.events(room).await, before);
}
