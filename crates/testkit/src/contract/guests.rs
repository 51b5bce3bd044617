//! Guests: [`UserStore::admit`](domain::ports::UserStore::admit),
//! [`MemberStore::rename`](domain::ports::MemberStore::rename) and
//! [`MemberStore::guests`](domain::ports::MemberStore::guests).

use domain::{
    Member, Role, RoomEvent, RoomEventKind, RoomId, Seq, StoreError, User, UserId, Visibility,
    ports::{Appended, MessagePage, NewMessage, NewRoom},
    values::Username,
};

use super::{
    Stores,
    scene::{at_once, sent},
};
use crate::sample::{self, later, now};

impl Stores {
    /// Lets a guest in.
    pub(super) async fn guest(&self, name: &str) -> User {
        let guest = sample::guest(name);
        self.users.admit(&guest).await.expect("a guest");
        guest
    }

    /// The room that guests know by this name.
    pub(super) async fn open(&self, name: &str) -> RoomId {
        let opened = self.rooms.open_public(&sample::new_public_room(name)).await;
        opened.expect("a room").room.id
    }

    /// Somebody comes into a public room by themselves.
    pub(super) async fn comes(&self, room: RoomId, who: &User) -> RoomEvent {
        let new = sample::new_member(room, who.id, who.id);
        self.members.add(&new).await.expect("a membership")
    }

    /// Somebody leaves a room by themselves.
    pub(super) async fn leaves(&self, room: RoomId, who: &User) -> RoomEvent {
        let left = self.members.remove(room, who.id, who.id, now()).await;
        left.expect("the end of a membership")
    }
}

fn name(text: &str) -> Username {
    Username::parse(text).expect("a user name")
}

/// The same guest by another name, at another time.
fn renamed(guest: &User, to: &str, seconds: i64) -> User {
    let guest_id = guest.guest_id.clone().expect("a guest");
    User::guest(guest.id, guest_id, name(to), later(seconds))
}

pub async fn a_guest_is_found_as_they_were_let_in(stores: &Stores) {
    let zoe = stores.guest("Zoë 🦀").await;
    let shares = stores.users.shares_drafts(zoe.id).await.unwrap();
    assert_eq!(shares, Some(true));
    assert_eq!(stores.users.by_id(zoe.id).await.unwrap(), Some(zoe));
    let nobody = sample::guest("nobody");
    assert_eq!(stores.users.by_id(nobody.id).await.unwrap(), None);
}

pub async fn a_guest_who_comes_again_has_the_name_they_say_last(stores: &Stores) {
    let zoe = stores.guest("zoe").await;
    let other = stores.guest("zora").await;
    let again = renamed(&zoe, "Zaza", 60);
    stores.users.admit(&again).await.unwrap();
    let expected = User {
        // Known since the first time.
        created_at: zoe.created_at,
        ..again
    };
    assert_eq!(stores.users.by_id(zoe.id).await.unwrap(), Some(expected));
    assert_eq!(stores.users.by_id(other.id).await.unwrap(), Some(other));
}

pub async fn the_id_of_an_account_is_denied_to_a_guest_and_nothing_changes(stores: &Stores) {
    let ann = stores.user("ann").await;
    let house = stores.users.by_id(UserId::HOUSE).await.unwrap();
    let house = house.expect("the house is an account");
    for account in [ann, house] {
        let password = stores.users.password(account.id).await.unwrap();
        let thief = User {
            id: account.id,
            ..sample::guest("thief")
        };
        assert_eq!(stores.users.admit(&thief).await, Err(StoreError::Denied));
        let (id, email) = (account.id, account.email.clone());
        assert_eq!(stores.users.by_id(id).await.unwrap(), Some(account.clone()));
        assert_eq!(
            stores.users.by_email(&email).await.unwrap(),
            Some(account),
            "by address"
        );
        assert_eq!(stores.users.by_email(&thief.email).await.unwrap(), None);
        assert_eq!(stores.users.password(id).await.unwrap(), password);
    }
}

pub async fn nobody_logs_in_as_a_guest_or_as_the_house(stores: &Stores) {
    let zoe = stores.guest("zoe").await;
    let house = stores.users.by_id(UserId::HOUSE).await.unwrap();
    for user in [zoe, house.expect("the house is an account")] {
        assert_eq!(stores.users.credentials(&user.email).await.unwrap(), None);
        assert_eq!(stores.users.password(user.id).await.unwrap(), None);
    }
}

pub async fn two_guests_and_an_account_may_have_one_name(stores: &Stores) {
    let one = stores.guest("ann").await;
    let account = stores.user("ann").await;
    let other = stores.guest("ann").await;
    for user in [one, account, other] {
        assert_eq!(stores.users.by_id(user.id).await.unwrap(), Some(user));
    }
}

pub async fn a_guest_who_is_let_in_sixteen_times_at_once_is_one(stores: &Stores) {
    // Several rounds: where all come to an empty place at the very same time is a matter of luck.
    for _ in 0..8 {
        let zoe = sample::guest("zoe");
        let answers = at_once(16, |number| {
            let users = stores.users.clone();
            let guest = renamed(&zoe, &format!("zoe {number}"), 0);
            async move { users.admit(&guest).await }
        })
        .await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let found = stores.users.by_id(zoe.id).await.unwrap().unwrap();
        assert!(found.username.as_str().starts_with("zoe "));
        assert_eq!((found.email, found.guest_id), (zoe.email, zoe.guest_id));
    }
}

pub async fn another_name_is_told_in_the_room_with_the_next_number(stores: &Stores) {
    let (zoe, bob) = (stores.guest("zoe").await, stores.user("bob").await);
    let room = stores.open("lobby").await;
    stores.comes(room, &zoe).await;
    stores.comes(room, &bob).await;
    let (members, zaza) = (&stores.members, name("Zaza"));
    let event = members.rename(room, zoe.id, &zaza, later(9)).await.unwrap();
    let expected = RoomEvent {
        room_id: room,
        seq: Seq(4),
        actor_id: zoe.id,
        at: later(9),
        members: Some(2),
        kind: RoomEventKind::MemberRenamed {
            user_id: zoe.id,
            username: zaza.clone(),
            guest_id: zoe.guest_id.clone(),
        },
    };
    assert_eq!(event, expected);
    assert_eq!(stores.events(room).await.last(), Some(&event));
    let heads = stores.log.heads(vec![room]).await.unwrap();
    assert_eq!(heads, [(room, Seq(4))]);
    // Also when it is the one that they have.
    let again = members.rename(room, zoe.id, &zaza, later(9)).await.unwrap();
    let seq = Seq(5);
    assert_eq!(again, RoomEvent { seq, ..expected });
}

pub async fn another_name_is_shown_wherever_the_guest_is_from_then_on(stores: &Stores) {
    let zoe = stores.guest("zoe").await;
    let bob = stores.user("bob").await;
    let rooms = [stores.open("lobby").await, stores.open("garden").await];
    let mut said = Vec::new();
    for room in rooms {
        stores.comes(room, &zoe).await;
        stores.comes(room, &bob).await;
        said.push(stores.say(room, &zoe, "before").await);
        // So that they are remembered by whoever remembers.
        assert!(stores.members.get(room, zoe.id).await.unwrap().is_some());
    }
    let before = stores.events(rooms[1]).await.len();
    let to = name("Zaza");
    let renaming = stores.members.rename(rooms[0], zoe.id, &to, later(9));
    renaming.await.unwrap();

    let found = stores.users.by_id(zoe.id).await.unwrap().unwrap();
    let zaza = User {
        created_at: zoe.created_at,
        ..renamed(&zoe, "Zaza", 9)
    };
    assert_eq!(found, zaza);
    for (room, message) in rooms.into_iter().zip(said) {
        // What was said under another name stays so: whoever is known by the same id later has not said it.
        assert_eq!(stores.shown(&message).await, message);
        let after = stores.say(room, &zaza, "after").await;
        assert_eq!(after.username, to);
        let page = MessagePage::Newest { skip: 0 };
        let page = stores.messages.page(room, page, 10).await.unwrap();
        assert_eq!(page, [after, message.clone()]);
        let member = sample::member(&zaza, Role::Member);
        let listed = stores.members.list(room).await.unwrap();
        assert_eq!(listed, [member.clone(), sample::member(&bob, Role::Member)]);
        let found = stores.members.get(room, zoe.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&member));
        // A replay tells of the member as they are now, and of the message as it was sent.
        let log = stores.events(room).await;
        assert_eq!(log[1].kind, RoomEventKind::MemberJoined(member));
        assert_eq!(log[3].kind, RoomEventKind::MessageSent(message));
    }
    let elsewhere = stores.events(rooms[1]).await.len();
    assert_eq!(elsewhere, before + 1, "it is told in one room");
}

pub async fn only_a_guest_who_is_in_the_room_is_renamed(stores: &Stores) {
    let ann = stores.user("ann").await;
    let (gone, never) = (stores.guest("gone").await, stores.guest("never").await);
    let open = |room: &mut NewRoom| (room.visibility, room.guests) = (Visibility::Public, true);
    let room = stores.room_with(&ann, &[], open).await;
    let deleted = stores.room_with(&ann, &[], open).await;
    for room in [room, deleted] {
        stores.comes(room, &gone).await;
    }
    stores.leaves(room, &gone).await;
    stores.rooms.delete(deleted, ann.id, now()).await.unwrap();
    let (nobody, nowhere) = (UserId(sample::id()), RoomId(sample::id()));
    let to = name("Zaza");
    let before = (stores.events(room).await, stores.events(deleted).await);
    for (room, user) in [
        (room, ann.id), // an account, whose name is its own
        (room, gone.id),
        (room, never.id),
        (room, nobody),
        (deleted, gone.id),
        (nowhere, gone.id),
    ] {
        let renaming = stores.members.rename(room, user, &to, later(9));
        assert_eq!(renaming.await, Err(StoreError::NotFound), "{user}");
    }
    for user in [ann, gone, never] {
        assert_eq!(stores.users.by_id(user.id).await.unwrap(), Some(user));
    }
    let after = (stores.events(room).await, stores.events(deleted).await);
    assert_eq!(after, before);
}

/// All guests, asked for in pages of this size.
async fn all_guests(stores: &Stores, limit: u32) -> Vec<(RoomId, UserId)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = stores.members.guests(after, limit).await.unwrap();
        assert!(page.len() <= limit as usize, "{page:?}");
        let Some(last) = page.last() else {
            return all;
        };
        after = Some(*last);
        all.extend(page);
        assert!(all.len() < 100, "it does not end");
    }
}

pub async fn guests_are_paged_through_in_order_while_they_are_members(stores: &Stores) {
    assert!(all_guests(stores, 10).await.is_empty());
    let bob = stores.user("bob").await;
    let guests = [
        stores.guest("zoe").await,
        stores.guest("zora").await,
        stores.guest("zaza").await,
    ];
    let rooms = [
        stores.open("lobby").await,
        stores.open("garden").await,
        stores.open("kitchen").await,
    ];
    let open = |room: &mut NewRoom| (room.visibility, room.guests) = (Visibility::Public, true);
    let deleted = stores.room_with(&bob, &[], open).await;
    stores.comes(deleted, &guests[0]).await;
    let mut expected = Vec::new();
    for room in rooms {
        stores.comes(room, &bob).await;
        for guest in &guests {
            stores.comes(room, guest).await;
            expected.push((room, guest.id));
        }
    }
    stores.rooms.delete(deleted, bob.id, now()).await.unwrap();
    // One leaves for good, one comes back.
    for guest in &guests[..2] {
        stores.leaves(rooms[1], guest).await;
    }
    stores.comes(rooms[1], &guests[1]).await;
    expected.retain(|it| *it != (rooms[1], guests[0].id));
    expected.sort();
    for limit in [1, 2, 3, 10] {
        assert_eq!(all_guests(stores, limit).await, expected, "{limit}");
    }
    // The one that was asked for last may have left meanwhile.
    let after = Some((rooms[1], guests[0].id));
    let behind = stores.members.guests(after, 10).await.unwrap();
    expected.retain(|it| Some(*it) > after);
    assert_eq!(behind, expected);
}

pub async fn a_message_and_a_member_tell_what_a_guest_is_known_by(stores: &Stores) {
    let (zoe, bob) = (stores.guest("zoe").await, stores.user("bob").await);
    let room = stores.open("lobby").await;
    stores.comes(room, &zoe).await;
    stores.comes(room, &bob).await;
    let new = NewMessage {
        client_msg_id: Some(sample::client_msg_id("mine")),
        ..sample::new_message(room, zoe.id, "hi")
    };
    let of_zoe = sent(stores.append(new.clone()).await);
    let of_bob = stores.say(room, &bob, "hello").await;
    assert_eq!(of_zoe.guest_id, zoe.guest_id);
    assert_eq!(of_bob.guest_id, None);

    assert_eq!(stores.shown(&of_zoe).await, of_zoe);
    let page = MessagePage::Newest { skip: 0 };
    let page = stores.messages.page(room, page, 10).await.unwrap();
    assert_eq!(page, [of_bob.clone(), of_zoe.clone()]);
    let term = sample::term("hi");
    let found = stores.messages.search(bob.id, None, &term, 10).await;
    assert_eq!(found.unwrap(), std::slice::from_ref(&of_zoe));
    let log = stores.events(room).await;
    let told: Vec<_> = log[3..].iter().map(|event| &event.kind).collect();
    assert_eq!(
        told,
        [
            &RoomEventKind::MessageSent(of_zoe.clone()),
            &RoomEventKind::MessageSent(of_bob)
        ]
    );
    let again = stores.log.append(new).await.unwrap();
    assert_eq!(again, Appended::Repeat(log[3].clone()));

    let members: [Member; 2] = [&zoe, &bob].map(|user| sample::member(user, Role::Member));
    assert_eq!(stores.members.list(room).await.unwrap(), members);
    for member in members {
        let found = stores.members.get(room, member.user_id).await.unwrap();
        assert_eq!(found, Some(member));
    }
}
