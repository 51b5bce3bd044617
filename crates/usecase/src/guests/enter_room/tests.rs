use domain::{
    Member, RoomEvent, RoomEventKind, StoreResult,
    ports::{MockEventBus, MockMemberStore, MockRoomStore, MockUserStore, OpenedRoom},
};
use mockall::{Sequence, predicate::eq};

use super::*;
use crate::sample::{
    ann, away, clock, event, guest_room, hears, id, ids, member, now, public_room, silent_bus, zoe,
};

/// Zoe wants to come into a room that Ann made for guests too.
fn input() -> EnterRoomInput {
    EnterRoomInput {
        guest_id: zoe().guest_id.unwrap(),
        name: zoe().username,
        room: GuestRoom::Made(guest_room().id),
    }
}

/// Zoe, as she is known from another visit.
fn once_called(name: &str) -> User {
    let name = Username::parse(name).unwrap();
    User::guest(zoe().id, zoe().guest_id.unwrap(), name, now())
}

/// Knows these, and nobody else.
fn users_with(known: impl IntoIterator<Item = User>) -> MockUserStore {
    let known: Vec<User> = known.into_iter().collect();
    let mut users = MockUserStore::new();
    users
        .expect_by_id()
        .returning(move |id| Ok(known.iter().find(|user| user.id == id).cloned()));
    users
}

fn rooms_with(room: Option<Room>) -> MockRoomStore {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_by_id()
        .with(eq(guest_room().id))
        .return_const(Ok(room));
    rooms
}

fn joined() -> RoomEvent {
    event(RoomEventKind::MemberJoined(member(&zoe(), Role::Member)))
}

fn renamed() -> RoomEvent {
    event(RoomEventKind::MemberRenamed {
        user_id: zoe().id,
        username: zoe().username,
        guest_id: zoe().guest_id,
    })
}

/// Zoe asks for nothing but to be let in by herself, and this is what becomes of it.
fn joining(members: &mut MockMemberStore, order: &mut Sequence, answer: StoreResult<RoomEvent>) {
    members
        .expect_add()
        .with(eq(NewMember {
            room_id: guest_room().id,
            user_id: zoe().id,
            role: Role::Member,
            by: zoe().id,
            at: now(),
        }))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
}

fn admitting(users: &mut MockUserStore, order: &mut Sequence, answer: StoreResult<()>) {
    users
        .expect_admit()
        .with(eq(zoe()))
        .times(1)
        .in_sequence(order)
        .return_const(answer);
}

fn renaming(members: &mut MockMemberStore, order: &mut Sequence, answer: StoreResult<RoomEvent>) {
    members
        .expect_rename()
        .with(
            eq(guest_room().id),
            eq(zoe().id),
            eq(zoe().username),
            eq(now()),
        )
        .times(1)
        .in_sequence(order)
        .return_const(answer);
}

/// Zoe is in the room, or not, when her name is to be changed.
fn membership(members: &mut MockMemberStore, is_in: bool) {
    let found: Option<Member> = is_in.then(|| member(&zoe(), Role::Member));
    members
        .expect_get()
        .with(eq(guest_room().id), eq(zoe().id))
        .return_const(Ok(found));
}

fn hears_of_the_name(bus: &mut MockEventBus, order: &mut Sequence) {
    let user_id = zoe().id;
    hears(bus, order, BusEvent::UserChanged { user_id });
}

fn hears_of_the_way_in(bus: &mut MockEventBus, order: &mut Sequence) {
    hears(bus, order, BusEvent::Room(joined()));
    let added = BusEvent::RoomAdded {
        user_id: zoe().id,
        // The event that let her in, not the one before it, at which the room was looked up.
        room: Room {
            last_seq: joined().seq,
            ..guest_room()
        },
    };
    hears(bus, order, added);
}

/// Lets in whoever asks, with ids for the rooms that are made.
fn enter_room(
    users: MockUserStore,
    rooms: MockRoomStore,
    members: MockMemberStore,
    bus: impl Into<Arc<MockEventBus>>,
    new_ids: &[u64],
) -> EnterRoom {
    let bus: Arc<MockEventBus> = bus.into();
    EnterRoom {
        users: Arc::new(users),
        rooms: Arc::new(rooms),
        members: Arc::new(members),
        bus,
        clock: clock(),
        ids: ids(new_ids),
    }
}

/// Zoe in the room, with a socket that begins just before her own way in.
fn entered() -> Entered {
    Entered {
        user: zoe(),
        room: guest_room(),
        start: RoomSnapshot {
            room_id: guest_room().id,
            last_seq: Seq(7),
            last_read_seq: Seq(8),
            unread: 0,
        },
    }
}

#[tokio::test]
async fn who_is_new_is_let_in_and_told_after_each_commit() {
    let mut order = Sequence::new();
    let (mut users, mut members) = (users_with([]), MockMemberStore::new());
    let mut bus = MockEventBus::new();
    admitting(&mut users, &mut order, Ok(()));
    hears_of_the_name(&mut bus, &mut order);
    joining(&mut members, &mut order, Ok(joined()));
    hears_of_the_way_in(&mut bus, &mut order);
    let rooms = rooms_with(Some(guest_room()));
    let enter = enter_room(users, rooms, members, bus, &[]);
    assert_eq!(enter.execute(input()).await, Ok(entered()));
}

#[tokio::test]
async fn who_is_known_by_the_name_only_joins() {
    let mut order = Sequence::new();
    let (mut members, mut bus) = (MockMemberStore::new(), MockEventBus::new());
    joining(&mut members, &mut order, Ok(joined()));
    hears_of_the_way_in(&mut bus, &mut order);
    let rooms = rooms_with(Some(guest_room()));
    let enter = enter_room(users_with([zoe()]), rooms, members, bus, &[]);
    assert_eq!(enter.execute(input()).await, Ok(entered()));
}

#[tokio::test]
async fn who_comes_back_under_another_name_is_called_by_it() {
    let mut order = Sequence::new();
    let (mut users, mut members) = (users_with([once_called("zora")]), MockMemberStore::new());
    let mut bus = MockEventBus::new();
    membership(&mut members, false);
    admitting(&mut users, &mut order, Ok(()));
    hears_of_the_name(&mut bus, &mut order);
    joining(&mut members, &mut order, Ok(joined()));
    hears_of_the_way_in(&mut bus, &mut order);
    let rooms = rooms_with(Some(guest_room()));
    let enter = enter_room(users, rooms, members, bus, &[]);
    assert_eq!(enter.execute(input()).await, Ok(entered()));
}

/// A second socket of one who is there. Nobody is told of a way in, and nothing of the room is told twice.
#[tokio::test]
async fn who_is_in_the_room_goes_on_from_the_end_of_its_log() {
    let stands = RoomSnapshot {
        room_id: guest_room().id,
        last_seq: Seq(12),
        last_read_seq: Seq(9),
        unread: 3,
    };
    let mut members = MockMemberStore::new();
    let already = Err(StoreError::Conflict(Conflict::AlreadyMember));
    joining(&mut members, &mut Sequence::new(), already);
    let mut rooms = rooms_with(Some(guest_room()));
    rooms
        .expect_snapshots()
        .with(eq(zoe().id), eq(Some(vec![guest_room().id])))
        .return_const(Ok(vec![stands.clone()]));
    let enter = enter_room(users_with([zoe()]), rooms, members, silent_bus(), &[]);
    let expected = Entered {
        start: stands,
        ..entered()
    };
    assert_eq!(enter.execute(input()).await, Ok(expected));
}

#[tokio::test]
async fn who_is_in_the_room_under_another_name_is_told_to_go_by_the_new_one() {
    let mut order = Sequence::new();
    let (mut members, mut bus) = (MockMemberStore::new(), MockEventBus::new());
    membership(&mut members, true);
    renaming(&mut members, &mut order, Ok(renamed()));
    hears(&mut bus, &mut order, BusEvent::Room(renamed()));
    hears_of_the_name(&mut bus, &mut order);
    let already = Err(StoreError::Conflict(Conflict::AlreadyMember));
    joining(&mut members, &mut order, already);
    let mut rooms = rooms_with(Some(guest_room()));
    let stands = entered().start;
    rooms.expect_snapshots().return_const(Ok(vec![stands]));
    let users = users_with([once_called("zora")]);
    let enter = enter_room(users, rooms, members, bus, &[]);
    assert_eq!(enter.execute(input()).await, Ok(entered()));
}

#[tokio::test]
async fn who_leaves_while_they_are_renamed_comes_in_anew() {
    let mut order = Sequence::new();
    let (mut users, mut members) = (users_with([once_called("zora")]), MockMemberStore::new());
    let mut bus = MockEventBus::new();
    membership(&mut members, true);
    renaming(&mut members, &mut order, Err(StoreError::NotFound));
    admitting(&mut users, &mut order, Ok(()));
    hears_of_the_name(&mut bus, &mut order);
    joining(&mut members, &mut order, Ok(joined()));
    hears_of_the_way_in(&mut bus, &mut order);
    let rooms = rooms_with(Some(guest_room()));
    let enter = enter_room(users, rooms, members, bus, &[]);
    assert_eq!(enter.execute(input()).await, Ok(entered()));
}

#[tokio::test]
async fn who_leaves_while_they_come_in_comes_again() {
    let mut members = MockMemberStore::new();
    let already = Err(StoreError::Conflict(Conflict::AlreadyMember));
    joining(&mut members, &mut Sequence::new(), already);
    let mut rooms = rooms_with(Some(guest_room()));
    rooms.expect_snapshots().return_const(Ok(vec![]));
    let enter = enter_room(users_with([zoe()]), rooms, members, silent_bus(), &[]);
    let got = enter.execute(input()).await;
    assert!(
        matches!(got, Err(EnterRoomError::Store(StoreError::Unavailable(_)))),
        "{got:?}"
    );
}

#[tokio::test]
async fn nobody_passes_for_an_account_or_for_another_guest() {
    let another = once_called("zora");
    for somebody in [ann(), another] {
        let written = somebody.id.to_string();
        for taken in [written.to_uppercase(), written] {
            let guest_id = GuestId::parse(&taken).unwrap();
            let users = users_with([somebody.clone()]);
            let (rooms, members) = (MockRoomStore::new(), MockMemberStore::new());
            let enter = enter_room(users, rooms, members, silent_bus(), &[]);
            let input = EnterRoomInput {
                guest_id,
                ..input()
            };
            let got = enter.execute(input).await;
            assert_eq!(got, Err(EnterRoomError::IdTaken), "{taken}");
        }
    }
}

#[tokio::test]
async fn nobody_passes_for_the_server() {
    for taken in ["system", "System", " SYSTEM "] {
        let (rooms, members) = (MockRoomStore::new(), MockMemberStore::new());
        let enter = enter_room(users_with([]), rooms, members, silent_bus(), &[]);
        let input = EnterRoomInput {
            guest_id: GuestId::parse(taken).unwrap(),
            ..input()
        };
        let got = enter.execute(input).await;
        assert_eq!(got, Err(EnterRoomError::IdTaken), "{taken}");
    }
}

#[tokio::test]
async fn an_id_that_the_store_keeps_for_an_account_is_taken() {
    let mut users = users_with([]);
    admitting(&mut users, &mut Sequence::new(), Err(StoreError::Denied));
    let rooms = rooms_with(Some(guest_room()));
    let enter = enter_room(users, rooms, MockMemberStore::new(), silent_bus(), &[]);
    let got = enter.execute(input()).await;
    assert_eq!(got, Err(EnterRoomError::IdTaken));
}

#[tokio::test]
async fn a_room_that_lets_no_guests_in_is_as_unknown_as_one_that_is_not_there() {
    let private = Room {
        visibility: Visibility::Private,
        ..guest_room()
    };
    for room in [None, Some(public_room()), Some(private)] {
        let (rooms, members) = (rooms_with(room.clone()), MockMemberStore::new());
        let enter = enter_room(users_with([]), rooms, members, silent_bus(), &[]);
        let got = enter.execute(input()).await;
        assert_eq!(got, Err(EnterRoomError::RoomNotFound), "{room:?}");
    }
}

#[tokio::test]
async fn a_room_that_changes_before_the_commit_lets_nobody_in() {
    for refusal in [StoreError::NotFound, StoreError::Denied] {
        let mut members = MockMemberStore::new();
        joining(&mut members, &mut Sequence::new(), Err(refusal));
        let rooms = rooms_with(Some(guest_room()));
        let enter = enter_room(users_with([zoe()]), rooms, members, silent_bus(), &[]);
        let got = enter.execute(input()).await;
        assert_eq!(got, Err(EnterRoomError::RoomNotFound));
    }
}

#[tokio::test]
async fn a_room_that_is_known_by_its_name_is_opened_by_the_house_for_everybody() {
    let name = RoomName::parse("Lobby").unwrap();
    let mut order = Sequence::new();
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_open_public()
        .withf(|new| {
            new.id == id::<RoomId>(20)
                && new.name.as_str() == "Lobby"
                && new.is_group
                && new.visibility == Visibility::Public
                && new.guests
                && new.created_by == UserId::HOUSE
                && new.created_at == now()
                && new.members.is_empty()
        })
        .times(1)
        .in_sequence(&mut order)
        // The one that was there has another id.
        .return_const(Ok(OpenedRoom {
            room: guest_room(),
            events: Vec::new(),
        }));
    let (mut members, mut bus) = (MockMemberStore::new(), MockEventBus::new());
    joining(&mut members, &mut order, Ok(joined()));
    hears_of_the_way_in(&mut bus, &mut order);
    let enter = enter_room(users_with([zoe()]), rooms, members, bus, &[20]);
    let input = EnterRoomInput {
        room: GuestRoom::Named(name),
        ..input()
    };
    assert_eq!(enter.execute(input).await, Ok(entered()));
}

#[tokio::test]
async fn a_store_that_is_away_makes_nobody_unknown() {
    let mut users = MockUserStore::new();
    users.expect_by_id().return_const(Err(away()));
    let mut rooms = MockRoomStore::new();
    rooms.expect_by_id().return_const(Err(away()));
    let mut members = MockMemberStore::new();
    members.expect_get().return_const(Err(away()));
    let mut joins = MockMemberStore::new();
    joining(&mut joins, &mut Sequence::new(), Err(away()));
    let known = || rooms_with(Some(guest_room()));
    for (users, rooms, members) in [
        (users, known(), MockMemberStore::new()),
        (users_with([]), rooms, MockMemberStore::new()),
        (users_with([once_called("zora")]), known(), members),
        (users_with([zoe()]), known(), joins),
    ] {
        let enter = enter_room(users, rooms, members, silent_bus(), &[]);
        let got = enter.execute(input()).await;
        assert_eq!(got, Err(EnterRoomError::Store(away())));
    }
}
