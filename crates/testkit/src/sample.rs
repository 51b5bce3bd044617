//! Entities that are valid, and that differ in their ids from all others of the process.
//!
//! The functions panic on a text that breaks the rules of its type: a test that wants one writes it out itself.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::{
    CommitStats, LiveStream, Member, Message, MessageId, MessageStatus, NodeId, NodeStats, Role,
    Room, RoomEvent, RoomEventKind, RoomId, Seq, Session, SessionId, SocketStats, StreamId,
    StreamKind, StreamState, Timestamp, User, UserCount, UserId, UserStatus, Visibility, WhenLost,
    ports::{IdSource, NewMember, NewMessage, NewRoom, Present},
    values::{
        ClientMsgId, Email, GuestId, MessageContent, RoomDescription, RoomName, SearchTerm,
        Username,
    },
};
use uuid::Uuid;

use crate::SequentialIds;

static IDS: SequentialIds = SequentialIds::new();

/// An id that nothing else in this process has.
#[must_use]
pub fn id() -> Uuid {
    IDS.next()
}

/// A word that no other test of this machine uses meanwhile.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}_{count}", std::process::id())
}

/// When samples were made: 2026-01-02, 03:04:05 and six microseconds, UTC.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_microsecond(1_767_323_045_000_006).expect("a time of this century")
}

/// So many seconds after [`now`]; before it, when they are negative.
#[must_use]
pub fn later(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(now().as_microsecond() + seconds * 1_000_000)
        .expect("a time of this century")
}

/// An account of this name, with an address at `example.org`.
#[must_use]
pub fn user(name: &str) -> User {
    let username = Username::parse(name).expect("a user name");
    let id = id();
    User {
        id: UserId(id),
        name: username.clone(),
        username,
        email: Email::parse(&format!("{}@example.org", id.simple())).expect("an address"),
        guest_id: None,
        status: UserStatus::Offline,
        shares_drafts: true,
        is_admin: false,
        created_at: now(),
        updated_at: now(),
    }
}

/// A guest of this name, who is known by an id of their own.
#[must_use]
pub fn guest(name: &str) -> User {
    let guest_id = GuestId::parse(&id().to_string()).expect("36 characters");
    let username = Username::parse(name).expect("a user name");
    User::guest(UserId::of_guest(&guest_id), guest_id, username, now())
}

/// Somebody of this name who holds sockets.
#[must_use]
pub fn present(name: &str) -> Present {
    Present {
        user_id: UserId(id()),
        username: Username::parse(name).expect("a user name"),
    }
}

/// A stream that somebody has just begun in some room.
#[must_use]
pub fn live_stream() -> LiveStream {
    let author = present("ann");
    LiveStream {
        id: StreamId(id()),
        room_id: RoomId(id()),
        user_id: author.user_id,
        username: author.username,
        kind: StreamKind::Message,
        when_lost: WhenLost::Drop,
        is_hidden: false,
        state: StreamState::Open,
        text: MessageContent::empty(),
        revision: 0,
        started_at: now(),
    }
}

/// What some node counts of itself: two sockets of one user, and a message that arrived at both.
#[must_use]
pub fn node_stats() -> NodeStats {
    NodeStats {
        node_id: NodeId(id()),
        started_at: later(-60),
        at: now(),
        bus_connected: true,
        sockets: SocketStats {
            open: 2,
            peak: 3,
            users: UserCount::of([UserId(id())].into_iter()),
            queue_bytes: 300,
            largest_queue: 200,
            slow_closes: 1,
            resumes: 2,
            gaps_healed: 1,
            latency: [(1_000, 1), (2_000, 1)].into_iter().collect(),
        },
        commits: CommitStats {
            changes: 1,
            sizes: [(1, 1)].into_iter().collect(),
        },
    }
}

/// A log-in of this user.
#[must_use]
pub fn session(user: UserId) -> Session {
    Session {
        id: SessionId(id()),
        user_id: user,
        created_at: now(),
    }
}

/// A private group room that `owner` has just made.
#[must_use]
pub fn room(owner: UserId) -> Room {
    Room {
        id: RoomId(id()),
        name: room_name("The kitchen"),
        description: RoomDescription::default(),
        is_group: true,
        visibility: Visibility::Private,
        guests: false,
        created_by: owner,
        created_at: now(),
        last_seq: Seq(2),
    }
}

/// A private group room to be made, with nobody else in it.
#[must_use]
pub fn new_room(owner: UserId) -> NewRoom {
    NewRoom {
        id: RoomId(id()),
        name: room_name("The kitchen"),
        description: RoomDescription::parse("What's for dinner?").expect("a description"),
        is_group: true,
        visibility: Visibility::Private,
        guests: false,
        created_by: owner,
        created_at: now(),
        members: Vec::new(),
    }
}

/// A room that guests know by this name, to be made by the house.
#[must_use]
pub fn new_public_room(name: &str) -> NewRoom {
    NewRoom {
        name: room_name(name),
        description: RoomDescription::default(),
        visibility: Visibility::Public,
        guests: true,
        ..new_room(UserId::HOUSE)
    }
}

/// The direct room of two, as `one` would open it.
#[must_use]
pub fn new_direct_room(one: UserId, other: UserId) -> NewRoom {
    NewRoom {
        name: domain::direct_room_name(one, other),
        description: RoomDescription::default(),
        is_group: false,
        members: vec![(other, Role::Member)],
        ..new_room(one)
    }
}

/// The name of a room.
#[must_use]
pub fn room_name(name: &str) -> RoomName {
    RoomName::parse(name).expect("a room name")
}

/// A user as a member of some room.
#[must_use]
pub fn member(user: &User, role: Role) -> Member {
    Member {
        user_id: user.id,
        username: user.username.clone(),
        guest_id: user.guest_id.clone(),
        role,
        joined_at: now(),
    }
}

/// A plain member to be let in.
#[must_use]
pub fn new_member(room: RoomId, user: UserId, by: UserId) -> NewMember {
    NewMember {
        room_id: room,
        user_id: user,
        role: Role::Member,
        by,
        at: now(),
    }
}

/// The text of a message.
#[must_use]
pub fn content(text: &str) -> MessageContent {
    MessageContent::parse(text).expect("the text of a message")
}

/// A sender's own reference.
#[must_use]
pub fn client_msg_id(text: &str) -> ClientMsgId {
    ClientMsgId::parse(text).expect("a reference")
}

/// What to search for.
#[must_use]
pub fn term(text: &str) -> SearchTerm {
    SearchTerm::parse(text).expect("a search term")
}

/// A message to be sent, without reference or attachments.
#[must_use]
pub fn new_message(room: RoomId, sender: UserId, text: &str) -> NewMessage {
    NewMessage {
        id: MessageId(id()),
        room_id: room,
        sender_id: sender,
        content: content(text),
        attachments: Vec::new(),
        client_msg_id: None,
        interrupted: false,
        at: now(),
    }
}

/// A message that was sent as event `seq` of the room.
#[must_use]
pub fn message(room: RoomId, seq: Seq, sender: &User, text: &str) -> Message {
    Message {
        id: MessageId(id()),
        room_id: room,
        seq,
        sender_id: sender.id,
        username: sender.username.clone(),
        guest_id: sender.guest_id.clone(),
        content: content(text),
        attachments: Vec::new(),
        client_msg_id: None,
        interrupted: false,
        status: MessageStatus::Sent,
        created_at: now(),
        updated_at: now(),
        edited_at: None,
        edited_seq: None,
        deleted_at: None,
        reactions: Vec::new(),
    }
}

/// The event of [`message`].
#[must_use]
pub fn message_sent(room: RoomId, seq: Seq, sender: &User, text: &str) -> RoomEvent {
    RoomEvent {
        room_id: room,
        seq,
        actor_id: sender.id,
        at: now(),
        members: None,
        kind: RoomEventKind::MessageSent(message(room, seq, sender, text)),
    }
}
