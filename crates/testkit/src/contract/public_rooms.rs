//! [`RoomStore::open_public`](domain::ports::RoomStore::open_public), and
//! [`RoomStore::of_guests`](domain::ports::RoomStore::of_guests).

use domain::{
    Message, Role, Room, RoomEvent, RoomEventKind, Seq, User, UserId, Visibility, direct_room_name,
    ports::{NewMessage, NewRoom},
    values::RoomDescription,
};

use super::{
    Stores,
    rooms::joined,
    scene::{at_once, sent},
};
use crate::sample::{self, later, now};

pub async fn a_room_that_guests_know_by_its_name_is_made_once(stores: &Stores) {
    let zoe = stores.guest("zoe").await;
    let first = sample::new_public_room("Lobby");
    let opened = stores.rooms.open_public(&first).await.unwrap();
    let room = Room {
        id: first.id,
        name: sample::room_name("Lobby"),
        description: RoomDescription::default(),
        is_group: true,
        visibility: Visibility::Public,
        guests: true,
        created_by: UserId::HOUSE,
        created_at: now(),
        last_seq: Seq(1),
    };
    assert_eq!(opened.room, room);
    let made = RoomEvent {
        room_id: first.id,
        seq: Seq(1),
        actor_id: UserId::HOUSE,
        at: now(),
        members: None,
        kind: RoomEventKind::RoomCreated,
    };
    assert_eq!(opened.events, std::slice::from_ref(&made));
    assert_eq!(stores.events(first.id).await, [made]);
    assert!(stores.members.list(first.id).await.unwrap().is_empty());

    stores.comes(first.id, &zoe).await;
    let again = NewRoom {
        description: RoomDescription::parse("another").unwrap(),
        created_at: later(1),
        ..sample::new_public_room("Lobby")
    };
    let found = stores.rooms.open_public(&again).await.unwrap();
    let last_seq = Seq(2);
    assert_eq!(found.room, Room { last_seq, ..room });
    assert!(found.events.is_empty());
    assert_eq!(stores.rooms.by_id(again.id).await.unwrap(), None);
    assert_eq!(stores.events(first.id).await.len(), 2);
}

pub async fn a_room_that_sixteen_ask_for_at_once_is_one(stores: &Stores) {
    let answers = at_once(16, |_| {
        let rooms = stores.rooms.clone();
        async move {
            let new = sample::new_public_room("Lobby");
            rooms.open_public(&new).await.unwrap()
        }
    })
    .await;
    let first = answers[0].room.id;
    assert!(answers.iter().all(|answer| answer.room.id == first));
    let made = answers.iter().filter(|answer| !answer.events.is_empty());
    assert_eq!(made.count(), 1);
    assert_eq!(stores.rooms.public(None, 20).await.unwrap().len(), 1);
}

/// As any name of a room: blanks around it are cut off, and the case of letters counts.
pub async fn rooms_of_guests_are_told_apart_by_the_letter(stores: &Stores) {
    let names = ["Lobby", "lobby", "LOBBY", "Lobby 2", "Löbby", "Lob%"];
    let mut made = Vec::new();
    for name in names {
        made.push(stores.open(name).await);
    }
    let mut each_once = made.clone();
    each_once.sort();
    each_once.dedup();
    assert_eq!(each_once.len(), names.len());
    for (name, room) in names.into_iter().zip(made) {
        assert_eq!(stores.open(&format!("  {name} ")).await, room);
        let name = sample::room_name(name);
        let found = stores.rooms.of_guests(&name).await.unwrap().unwrap();
        assert_eq!((found.id, &found.name), (room, &name));
    }
}

pub async fn a_room_is_known_to_guests_by_its_name_once_it_is_opened(stores: &Stores) {
    let zoe = stores.guest("zoe").await;
    let lobby = sample::room_name("Lobby");
    assert_eq!(stores.rooms.of_guests(&lobby).await.unwrap(), None);
    let room = stores.open("Lobby").await;
    stores.comes(room, &zoe).await;
    let found = stores.rooms.of_guests(&lobby).await.unwrap();
    assert_eq!(found, stores.rooms.by_id(room).await.unwrap());
    assert_eq!(found.unwrap().last_seq, Seq(2));
    let garden = sample::room_name("Garden");
    assert_eq!(stores.rooms.of_guests(&garden).await.unwrap(), None);
}

pub async fn a_room_of_another_kind_and_the_same_name_is_another_room(stores: &Stores) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let direct_name = direct_room_name(ann.id, bob.id);
    let names = ["Lobby", direct_name.as_str(), "guests:Lobby"];
    for name in names {
        let by_account = NewRoom {
            created_by: ann.id,
            ..sample::new_public_room(name)
        };
        stores.rooms.create(&by_account).await.unwrap();
        let name = sample::room_name(name);
        assert_eq!(stores.rooms.of_guests(&name).await.unwrap(), None);
    }
    let direct = sample::new_direct_room(ann.id, bob.id);
    stores.rooms.open_direct(&direct).await.unwrap();
    let of_guests = sample::new_public_room(direct_name.as_str());
    let opened = stores.rooms.open_public(&of_guests).await.unwrap();
    assert_eq!(opened.room.id, of_guests.id);
    let again = sample::new_direct_room(bob.id, ann.id);
    let found = stores.rooms.open_direct(&again).await.unwrap();
    assert_eq!(found.room.id, direct.id);

    for name in ["Lobby", "guests:Lobby"] {
        let new = sample::new_public_room(name);
        let opened = stores.rooms.open_public(&new).await.unwrap();
        assert_eq!(opened.room.id, new.id, "{name}");
    }
}

pub async fn a_room_of_guests_that_was_deleted_is_made_anew(stores: &Stores) {
    let first = stores.open("Lobby").await;
    let deleted = stores.rooms.delete(first, UserId::HOUSE, now()).await;
    assert_eq!(deleted.unwrap().1, []);
    let lobby = sample::room_name("Lobby");
    assert_eq!(stores.rooms.of_guests(&lobby).await.unwrap(), None);
    let second = sample::new_public_room("Lobby");
    let opened = stores.rooms.open_public(&second).await.unwrap();
    assert_eq!((opened.room.id, opened.events.len()), (second.id, 1));
}

pub async fn whether_guests_may_come_is_kept(stores: &Stores) {
    let ann = stores.user("ann").await;
    for guests in [false, true] {
        let new = NewRoom {
            guests,
            created_by: ann.id,
            created_at: later(i64::from(guests)),
            ..sample::new_public_room("Lobby")
        };
        let made = stores.rooms.create(&new).await.unwrap().room;
        assert_eq!(made.guests, guests);
        let rooms = &stores.rooms;
        assert_eq!(rooms.by_id(new.id).await.unwrap(), Some(made.clone()));
        let (found, _) = rooms.with_role(new.id, ann.id).await.unwrap().unwrap();
        assert_eq!(found.guests, guests);
        // The newest first, both.
        assert_eq!(
            rooms.public(None, 1).await.unwrap(),
            std::slice::from_ref(&made)
        );
        assert_eq!(rooms.of_user(ann.id, None, 1).await.unwrap(), [made]);
    }
    let direct = sample::new_direct_room(ann.id, stores.user("bob").await.id);
    let opened = stores.rooms.open_direct(&direct).await.unwrap();
    assert!(!opened.room.guests);
}

pub async fn the_house_is_in_none_of_its_rooms(stores: &Stores) {
    let bob = stores.user("bob").await;
    let new = NewRoom {
        members: vec![(bob.id, Role::Member)],
        ..sample::new_public_room("Lobby")
    };
    let made = stores.rooms.create(&new).await.unwrap();
    assert_eq!(joined(&made), [(bob.id, Role::Member)]);
    let listed = stores.members.list(new.id).await.unwrap();
    assert_eq!(listed, [sample::member(&bob, Role::Member)]);
    let of_house = stores.rooms.of_user(UserId::HOUSE, None, 10).await.unwrap();
    assert!(of_house.is_empty());
}

/// A public room that guests may come into, or not, of this name.
async fn room_of(stores: &Stores, owner: &User, name: &str, guests: bool) -> domain::RoomId {
    let change = |room: &mut NewRoom| {
        room.name = sample::room_name(name);
        room.visibility = Visibility::Public;
        room.guests = guests;
    };
    stores.room_with(owner, &[], change).await
}

pub async fn what_somebody_says_among_guests_is_told_with_the_names_that_guests_know(
    stores: &Stores,
) {
    let (ann, bob) = (stores.user("ann").await, stores.user("bob").await);
    let zoe = stores.guest("zoe").await;
    let lobby = stores.open("Lobby").await;
    let garden = room_of(stores, &ann, "Garden", true).await;
    let deleted = room_of(stores, &ann, "Cellar", true).await;
    let members_alone = room_of(stores, &ann, "Attic", false).await;
    let private = stores.room(&ann, &[&bob]).await;
    for room in [lobby, garden, deleted, members_alone] {
        stores.comes(room, &bob).await;
    }
    for room in [lobby, garden] {
        stores.comes(room, &zoe).await;
    }
    let mut said = Vec::<Message>::new();
    for (room, sender, seconds) in [
        (lobby, &bob, 1),
        (garden, &bob, 2),
        (lobby, &bob, 3), // deleted below
        (deleted, &bob, 4),
        (members_alone, &bob, 5),
        (private, &bob, 6),
        (lobby, &zoe, 7),
        (garden, &zoe, 8),
        (lobby, &bob, 9),
    ] {
        let new = NewMessage {
            at: later(seconds),
            ..sample::new_message(room, sender.id, &seconds.to_string())
        };
        said.push(sent(stores.append(new).await));
    }
    let regretted = stores.log.delete(lobby, said[2].id, bob.id, later(10));
    regretted.await.unwrap();
    let gone = stores.rooms.delete(deleted, ann.id, later(11)).await;
    gone.unwrap();

    let messages = &stores.messages;
    // The garden is known by its id.
    let told =
        |number: usize, room: Option<&str>| (room.map(sample::room_name), said[number].clone());
    let of_bob = [
        told(8, Some("Lobby")),
        told(1, None),
        told(0, Some("Lobby")),
    ];
    assert_eq!(messages.among_guests(bob.id, 10).await.unwrap(), of_bob);
    assert_eq!(messages.among_guests(bob.id, 2).await.unwrap(), of_bob[..2]);
    let of_zoe = [told(7, None), told(6, Some("Lobby"))];
    assert_eq!(messages.among_guests(zoe.id, 10).await.unwrap(), of_zoe);
    // Who left has said it all the same.
    stores.leaves(lobby, &zoe).await;
    assert_eq!(messages.among_guests(zoe.id, 10).await.unwrap(), of_zoe);
    for silent in [ann.id, UserId::HOUSE, UserId(sample::id())] {
        let found = messages.among_guests(silent, 10).await.unwrap();
        assert!(found.is_empty(), "{silent}");
    }
}
