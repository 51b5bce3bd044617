//! What the unit tests share: a small cast, and ports that are set up as most tests want them.
//!
//! Ann asks, in a private group that she made. Bob and Cat are others. Zoe is a guest.

use std::{fmt::Debug, str::FromStr, sync::Arc, time::Duration};

use domain::{
    AccessClaims, BusEvent, LiveStream, Message, Role, Room, RoomEvent, RoomEventKind, RoomId, Seq,
    StoreError, StreamId, User, UserId, Visibility,
    ports::{
        MockAccessTokens, MockEventBus, MockIdSource, MockLiveStreams, MockRoomStore, MockUserStore,
    },
    values::{Email, GuestId, MessageContent, Username},
};
use mockall::{Sequence, predicate::eq};
use testkit::{FakeClock, FixedRandomness};

pub use testkit::sample::{member, now};

use crate::{
    Caller,
    auth::{RefreshToken, TokenIssue},
};

/// The same id for the same number; different kinds of ids may share one.
pub fn id<T: FromStr<Err: Debug>>(number: u64) -> T {
    format!("01900000-0000-7000-8000-{number:012x}")
        .parse()
        .expect("a UUID of version 7")
}

fn user(number: u64, name: &str) -> User {
    User {
        id: id(number),
        email: Email::parse(&format!("{name}@example.org")).expect("an address"),
        ..testkit::sample::user(name)
    }
}

pub fn ann() -> User {
    user(1, "ann")
}

pub fn bob() -> User {
    user(2, "bob")
}

pub fn cat() -> User {
    user(3, "cat")
}

/// A guest.
pub fn zoe() -> User {
    let guest_id = GuestId::parse("zoe-1").expect("an id");
    let name = Username::parse("zoe").expect("a name");
    User::guest(UserId::of_guest(&guest_id), guest_id, name, now())
}

/// Ann, in her log-in 100.
pub fn caller() -> Caller {
    Caller {
        user_id: ann().id,
        session_id: id(100),
    }
}

/// Ann's private group, seven events old.
pub fn room() -> Room {
    Room {
        id: id(10),
        last_seq: Seq(7),
        ..testkit::sample::room(ann().id)
    }
}

pub fn public_room() -> Room {
    Room {
        visibility: Visibility::Public,
        ..room()
    }
}

/// Ann's public group that guests may come into.
pub fn guest_room() -> Room {
    Room {
        guests: true,
        ..public_room()
    }
}

/// The one room of Ann and Bob.
pub fn direct_room() -> Room {
    Room {
        name: domain::direct_room_name(ann().id, bob().id),
        is_group: false,
        ..room()
    }
}

/// Ann's message with this number, in her room.
pub fn message(seq: u64) -> Message {
    Message {
        id: id(1_000 + seq),
        ..testkit::sample::message(room().id, Seq(seq), &ann(), "soup is ready")
    }
}

/// What Ann is writing in her room.
pub fn stream(text: &str) -> LiveStream {
    LiveStream {
        id: id(300),
        room_id: room().id,
        user_id: ann().id,
        username: ann().username,
        text: MessageContent::parse(text).expect("a text"),
        revision: 7,
        ..testkit::sample::live_stream()
    }
}

/// What Bob is writing there.
pub fn stream_of_bob() -> LiveStream {
    LiveStream {
        user_id: bob().id,
        username: bob().username,
        ..stream("hi")
    }
}

/// Holds this stream, whoever asks for it, and does nothing else.
pub fn streams_with(stream: Option<LiveStream>) -> MockLiveStreams {
    let mut streams = MockLiveStreams::new();
    streams
        .expect_by_id()
        .with(eq(id::<StreamId>(300)))
        .return_const(Ok(stream));
    streams
}

/// Forgets these streams, each once and as it is known, and does nothing else.
pub fn ending(known: Vec<LiveStream>) -> MockLiveStreams {
    let mut streams = MockLiveStreams::new();
    for stream in known {
        streams
            .expect_remove_if()
            .with(eq(stream.id), eq(stream.state))
            .times(1)
            .return_const(Ok(true));
    }
    streams
}

/// Number 8 of the room, by Ann.
pub fn event(kind: RoomEventKind) -> RoomEvent {
    RoomEvent {
        room_id: room().id,
        seq: Seq(8),
        actor_id: ann().id,
        at: now(),
        members: None,
        kind,
    }
}

/// That this user is no longer in the room.
pub fn member_left(user: &User) -> RoomEventKind {
    RoomEventKind::MemberLeft {
        user_id: user.id,
        username: Some(user.username.clone()),
        guest_id: user.guest_id.clone(),
    }
}

/// What a port answers when its store is away.
pub fn away() -> StoreError {
    StoreError::Unavailable("away".into())
}

pub fn clock() -> Arc<FakeClock> {
    Arc::new(FakeClock::default())
}

/// Gives these, each once and in this order.
pub fn ids(numbers: &[u64]) -> Arc<MockIdSource> {
    let mut order = Sequence::new();
    let mut ids = MockIdSource::new();
    for number in numbers {
        let next = id::<RoomId>(*number).0;
        ids.expect_next()
            .times(1)
            .in_sequence(&mut order)
            .return_const(next);
    }
    Arc::new(ids)
}

/// What the store says when it is asked for this room, and for Ann's role in it, which is older than what has happened
/// in the room.
pub fn rooms_with(id: RoomId, answer: Option<(Room, Option<Role>)>) -> MockRoomStore {
    let mut rooms = MockRoomStore::new();
    rooms
        .expect_by_id()
        .with(eq(id))
        .return_const(Ok(answer.as_ref().map(|(room, _)| room.clone())));
    let answer = answer.map(|(room, role)| {
        let last_seq = Seq::START;
        (Room { last_seq, ..room }, role)
    });
    rooms
        .expect_with_role()
        .with(eq(id), eq(ann().id))
        .return_const(Ok(answer));
    rooms
}

/// Ann has this role in this room.
pub fn rooms_where_ann_is(role: Role, room: Room) -> Arc<MockRoomStore> {
    Arc::new(rooms_with(room.id, Some((room, Some(role)))))
}

/// The rooms as a stranger finds them: one that is not there, a private one, and a public one.
pub fn rooms_of_others() -> [(Arc<MockRoomStore>, &'static str); 3] {
    [
        (None, "unknown"),
        (Some((room(), None)), "private"),
        (Some((public_room(), None)), "public"),
    ]
    .map(|(answer, label)| (Arc::new(rooms_with(room().id, answer)), label))
}

/// Knows Ann, who is an admin of the server or not.
pub fn users_where_ann_is_admin(is_admin: bool) -> Arc<MockUserStore> {
    let mut users = MockUserStore::new();
    let ann = User { is_admin, ..ann() };
    users
        .expect_by_id()
        .with(eq(ann.id))
        .return_const(Ok(Some(ann)));
    Arc::new(users)
}

/// Bob's room that guests may come into, and Ann is not in; and the same of Ann's role there.
pub fn rooms_of_guests(role: Option<Role>) -> MockRoomStore {
    let room = Room {
        created_by: bob().id,
        ..guest_room()
    };
    rooms_with(room.id, Some((room, role)))
}

pub fn rooms_that_are_away() -> Arc<MockRoomStore> {
    let mut rooms = MockRoomStore::new();
    rooms.expect_with_role().return_const(Err(away()));
    Arc::new(rooms)
}

/// Takes exactly these, each after all that `order` holds already.
pub fn bus_hearing(
    order: &mut Sequence,
    events: impl IntoIterator<Item = BusEvent>,
) -> Arc<MockEventBus> {
    let mut bus = MockEventBus::new();
    for event in events {
        hears(&mut bus, order, event);
    }
    Arc::new(bus)
}

/// The bus takes this too, once, after all that `order` holds already.
pub fn hears(bus: &mut MockEventBus, order: &mut Sequence, event: BusEvent) {
    bus.expect_publish()
        .with(eq(event))
        .times(1)
        .in_sequence(order)
        .return_const(());
}

/// Whatever is published to it fails the test.
pub fn silent_bus() -> Arc<MockEventBus> {
    Arc::new(MockEventBus::new())
}

pub const ACCESS_TTL: Duration = Duration::from_secs(15 * 60);
pub const REFRESH_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The refresh token that [`token_issue`] makes.
pub fn new_refresh_token() -> RefreshToken {
    RefreshToken::generate(&FixedRandomness::new())
}

/// Ann's claims for 15 minutes, in the token 200.
pub fn claims() -> AccessClaims {
    AccessClaims {
        user_id: ann().id,
        session_id: caller().session_id,
        token_id: id::<RoomId>(200).0,
        issued_at: now(),
        expires_at: now() + ACCESS_TTL,
    }
}

/// Signs [`claims`] alone, with these ids for what it makes.
pub fn token_issue(numbers: &[u64]) -> TokenIssue {
    let mut tokens = MockAccessTokens::new();
    tokens
        .expect_issue()
        .with(eq(claims()))
        .return_const("signed".to_owned());
    TokenIssue {
        tokens: Arc::new(tokens),
        clock: clock(),
        ids: ids(numbers),
        randomness: Arc::new(FixedRandomness::new()),
        access_ttl: ACCESS_TTL,
        refresh_ttl: REFRESH_TTL,
    }
}
