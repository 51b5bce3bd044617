use domain::{
    Room, Visibility,
    ports::{MockMessageStore, MockRoomStore, MockUserStore},
};
use mockall::predicate::eq;

use super::*;
use crate::sample::{ann, away, guest_room, message, zoe};

fn five() -> PageSize<200> {
    PageSize::parse(5).unwrap()
}

fn read(rooms: MockRoomStore, users: MockUserStore, messages: MockMessageStore) -> ReadMessages {
    ReadMessages {
        rooms: Arc::new(rooms),
        users: Arc::new(users),
        messages: Arc::new(messages),
    }
}

/// Answers the newest two messages of the room.
fn newest() -> MockMessageStore {
    let mut messages = MockMessageStore::new();
    messages
        .expect_page()
        .with(
            eq(guest_room().id),
            eq(MessagePage::Newest { skip: 0 }),
            eq(5),
        )
        .return_const(Ok(vec![message(9), message(8)]));
    messages
}

#[tokio::test]
async fn a_room_is_read_by_its_id_or_by_its_name_oldest_first() {
    let room = guest_room();
    let mut by_id = MockRoomStore::new();
    by_id
        .expect_by_id()
        .with(eq(room.id))
        .return_const(Ok(Some(room.clone())));
    let mut by_name = MockRoomStore::new();
    by_name
        .expect_of_guests()
        .with(eq(room.name.clone()))
        .return_const(Ok(Some(room.clone())));
    for (rooms, wanted) in [
        (by_id, GuestRoom::Made(room.id)),
        (by_name, GuestRoom::Named(room.name)),
    ] {
        let read = read(rooms, MockUserStore::new(), newest());
        let found = read.of_room(&wanted, five()).await;
        assert_eq!(found, Ok(vec![message(8), message(9)]));
    }
}

#[tokio::test]
async fn a_room_that_lets_no_guests_in_is_not_there() {
    let no_guests = Room {
        guests: false,
        ..guest_room()
    };
    let private = Room {
        visibility: Visibility::Private,
        ..guest_room()
    };
    for found in [None, Some(no_guests), Some(private)] {
        let mut rooms = MockRoomStore::new();
        rooms.expect_by_id().return_const(Ok(found));
        rooms.expect_of_guests().return_const(Ok(None));
        let read = read(rooms, MockUserStore::new(), MockMessageStore::new());
        for wanted in [
            GuestRoom::Made(guest_room().id),
            GuestRoom::Named(guest_room().name),
        ] {
            let found = read.of_room(&wanted, five()).await;
            assert_eq!(found, Err(ReadMessagesError::RoomNotFound));
        }
    }
}

/// Answers what this user said to guests.
fn said_by(user: UserId) -> MockMessageStore {
    let said = |seq, name| (name, message(seq));
    let mut messages = MockMessageStore::new();
    messages
        .expect_among_guests()
        .with(eq(user), eq(5))
        .return_const(Ok(vec![said(9, Some(guest_room().name)), said(8, None)]));
    messages
}

#[tokio::test]
async fn a_user_is_known_by_what_a_guest_chose_or_by_the_id_of_an_account() {
    let unknown = "01900000-0000-7000-8000-0000000000ff";
    for (id, known, user) in [
        (zoe().guest_id.unwrap(), None, zoe().id),
        (
            GuestId::parse(&ann().id.to_string()).unwrap(),
            Some(ann()),
            ann().id,
        ),
        // A guest may well be known by a UUID that is nobody else's.
        (
            GuestId::parse(unknown).unwrap(),
            None,
            UserId::of_guest(&GuestId::parse(unknown).unwrap()),
        ),
    ] {
        let mut users = MockUserStore::new();
        users.expect_by_id().return_const(Ok(known));
        let read = read(MockRoomStore::new(), users, said_by(user));
        let found = read.of_user(&id, five()).await.unwrap();
        let named = GuestRoom::Named(guest_room().name);
        let made = GuestRoom::Made(message(8).room_id);
        assert_eq!(found, [(made, message(8)), (named, message(9))]);
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_no_empty_room() {
    let mut rooms = MockRoomStore::new();
    rooms.expect_of_guests().return_const(Err(away()));
    let mut messages = MockMessageStore::new();
    messages.expect_among_guests().return_const(Err(away()));
    let read = read(rooms, MockUserStore::new(), messages);
    let wanted = GuestRoom::Named(guest_room().name);
    let found = read.of_room(&wanted, five()).await;
    assert_eq!(found, Err(ReadMessagesError::Store(away())));
    let found = read.of_user(&GuestId::parse("zoe").unwrap(), five()).await;
    assert_eq!(found, Err(away()));
}
