mod feeds;

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, atomic::Ordering},
};

use bytestring::ByteString;
use domain::{
    BusEvent, ConnectionId, RoomId, RoomSnapshot, Seq, SessionId, User, UserId, values::Username,
};

use super::{
    handle::{Shared, TypingError},
    log_reads::LogReads,
};
use crate::{CloseReason, FrameClass, Outbox, RoomFeed, presence::Wish, wire};

/// The sockets, the feeds, and who follows what. Owned by the hub's task alone.
pub(super) struct State {
    sockets: HashMap<ConnectionId, Socket>,
    by_user: HashMap<UserId, HashSet<ConnectionId>>,
    feeds: HashMap<RoomId, Slot>,
    next_epoch: u64,
    reads: LogReads,
    shared: Arc<Shared>,
}

pub(super) struct Socket {
    pub user_id: UserId,
    session_id: SessionId,
    outbox: Arc<Outbox>,
    rooms: HashSet<RoomId>,
    stage: Stage,
}

enum Stage {
    /// Registered; what concerns its user meanwhile waits here.
    Starting(Vec<Arc<BusEvent>>),
    Started {
        username: Username,
        follows_all: bool,
    },
}

struct Slot {
    feed: RoomFeed,
    epoch: u64,
    /// A read is under way, or the wait after one that failed.
    reading: bool,
    /// What the latest read was asked for.
    asked_after: Seq,
    /// Where the feed stood when the read began: the log holds all up to there.
    known_to: Seq,
    /// The wait for a missing number is under way.
    waiting: bool,
}

impl State {
    pub(super) fn new(reads: LogReads, shared: Arc<Shared>) -> Self {
        Self {
            sockets: HashMap::new(),
            by_user: HashMap::new(),
            feeds: HashMap::new(),
            next_epoch: 0,
            reads,
            shared,
        }
    }

    pub(super) fn register(
        &mut self,
        id: ConnectionId,
        user_id: UserId,
        session_id: SessionId,
        outbox: Arc<Outbox>,
    ) {
        self.by_user.entry(user_id).or_default().insert(id);
        let socket = Socket {
            user_id,
            session_id,
            outbox,
            rooms: HashSet::new(),
            stage: Stage::Starting(Vec::new()),
        };
        self.sockets.insert(id, socket);
    }

    pub(super) fn start(
        &mut self,
        id: ConnectionId,
        user: &User,
        rooms: &[RoomSnapshot],
        follows_all: bool,
    ) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let started = Stage::Started {
            username: user.username.clone(),
            follows_all,
        };
        let Stage::Starting(waiting) = std::mem::replace(&mut socket.stage, started) else {
            return;
        };
        for room in rooms {
            self.follow(id, room.room_id, room.last_seq);
        }
        // What came before a snapshot is told by `ready`.
        let taken_at: HashMap<_, _> = rooms.iter().map(|it| (it.room_id, it.last_seq)).collect();
        for event in waiting {
            let (room_id, seq) = match &*event {
                BusEvent::RoomAdded { room, .. } => (room.id, room.last_seq),
                BusEvent::RoomRemoved { room_id, seq, .. } => (*room_id, *seq),
                _ => continue,
            };
            if taken_at
                .get(&room_id)
                .is_none_or(|taken_at| seq > *taken_at)
            {
                self.tell_socket(id, &event);
            }
        }
    }

    /// Takes a socket out of every room.
    pub(super) fn leave(&mut self, id: ConnectionId) {
        let Some(rooms) = self.sockets.get(&id).map(|socket| socket.rooms.clone()) else {
            return;
        };
        for room in rooms {
            self.unfollow(id, room);
        }
        if let Some(socket) = self.sockets.remove(&id)
            && let Entry::Occupied(mut of_user) = self.by_user.entry(socket.user_id)
        {
            of_user.get_mut().remove(&id);
            if of_user.get().is_empty() {
                of_user.remove();
            }
        }
    }

    /// Takes every socket out and sends it to another node, which has a bus to hear.
    pub(super) fn end(&mut self) {
        for outbox in self.outboxes() {
            outbox.close(CloseReason::Restart);
        }
        let ids: Vec<_> = self.sockets.keys().copied().collect();
        for id in ids {
            self.leave(id);
        }
    }

    /// Every open socket's queue.
    pub(super) fn outboxes(&self) -> Vec<Arc<Outbox>> {
        let outboxes = self.sockets.values().map(|socket| socket.outbox.clone());
        outboxes.collect()
    }

    /// Who types where, if the socket may say so.
    pub(super) fn typist(
        &self,
        id: ConnectionId,
        room: Option<RoomId>,
    ) -> Result<(RoomId, UserId, Username), TypingError> {
        let socket = self.sockets.get(&id).ok_or(TypingError::NotFollowing)?;
        let Stage::Started { username, .. } = &socket.stage else {
            return Err(TypingError::NotFollowing);
        };
        let room = match room {
            Some(room) if socket.rooms.contains(&room) => room,
            Some(_) => return Err(TypingError::NotFollowing),
            None if socket.rooms.len() == 1 => {
                *socket.rooms.iter().next().ok_or(TypingError::RoomNeeded)?
            }
            None => return Err(TypingError::RoomNeeded),
        };
        Ok((room, socket.user_id, username.clone()))
    }

    /// Gives a passing event to those who follow the room, without `except`.
    pub(super) fn tell_room(&self, room_id: RoomId, frame: &ByteString, except: Option<UserId>) {
        let Some(slot) = self.feeds.get(&room_id) else {
            return;
        };
        for (id, user_id) in slot.feed.listeners() {
            if except != Some(user_id)
                && let Some(socket) = self.sockets.get(&id)
            {
                socket.outbox.push(FrameClass::Ephemeral, frame.clone());
            }
        }
    }

    /// Gives an event about a user to the user's sockets.
    pub(super) fn tell_user(&mut self, user_id: UserId, event: &Arc<BusEvent>) {
        let Some(ids) = self.by_user.get(&user_id) else {
            return;
        };
        for id in ids.clone() {
            match self.sockets.get_mut(&id).map(|socket| &mut socket.stage) {
                Some(Stage::Starting(waiting)) => waiting.push(event.clone()),
                Some(Stage::Started { .. }) => self.tell_socket(id, event),
                None => {}
            }
        }
    }

    /// Closes the sockets of a log-in that has ended, at whatever stage.
    pub(super) fn end_session(&mut self, user_id: UserId, session_id: SessionId) {
        for id in self.by_user.get(&user_id).into_iter().flatten() {
            if let Some(socket) = self.sockets.get(id)
                && socket.session_id == session_id
            {
                socket.outbox.close(CloseReason::SessionEnded);
            }
        }
    }

    fn tell_socket(&mut self, id: ConnectionId, event: &BusEvent) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        match event {
            BusEvent::RoomAdded { room, .. } => {
                let follows = matches!(
                    socket.stage,
                    Stage::Started {
                        follows_all: true,
                        ..
                    }
                );
                let is_known = socket.rooms.contains(&room.id);
                if !is_known {
                    let frame = wire::room_added(room);
                    socket.outbox.push(FrameClass::Durable, frame);
                }
                if follows || is_known {
                    self.follow(id, room.id, room.last_seq);
                    self.wish(id, room.id, true);
                }
            }
            BusEvent::RoomRemoved {
                room_id,
                seq,
                reason,
                ..
            } => {
                let slot = self.feeds.get(room_id);
                if slot.is_some_and(|slot| slot.feed.member_as_of(id) >= Some(*seq)) {
                    // They were added again since, and that signal was the quicker one.
                    return;
                }
                let frame = wire::room_removed(*room_id, *reason);
                socket.outbox.push(FrameClass::Durable, frame);
                self.unfollow(id, *room_id);
            }
            _ => {}
        }
    }

    /// Lets a socket follow a room. One that does already stays where it is, but its user is known to be a member.
    fn follow(&mut self, id: ConnectionId, room_id: RoomId, from: Seq) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        socket.rooms.insert(room_id);
        let user_id = socket.user_id;
        let next_epoch = &mut self.next_epoch;
        let slot = self.feeds.entry(room_id).or_insert_with(|| {
            *next_epoch += 1;
            Slot {
                feed: RoomFeed::new(from),
                epoch: *next_epoch,
                reading: false,
                asked_after: from,
                known_to: from,
                waiting: false,
            }
        });
        slot.feed.join(id, user_id, from, from);
        self.count_feeds();
        self.pursue(room_id);
    }

    fn unfollow(&mut self, id: ConnectionId, room_id: RoomId) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if !socket.rooms.remove(&room_id) {
            return;
        }
        self.wish(id, room_id, false);
        if let Entry::Occupied(mut slot) = self.feeds.entry(room_id)
            && slot.get_mut().feed.leave(id)
        {
            slot.remove();
            self.count_feeds();
        }
    }

    fn count_feeds(&self) {
        let followed = &self.shared.followed;
        followed.store(self.feeds.len(), Ordering::Relaxed);
    }

    fn wish(&self, id: ConnectionId, room_id: RoomId, present: bool) {
        if let Some(socket) = self.sockets.get(&id)
            && let Stage::Started { username, .. } = &socket.stage
        {
            let wish = Wish {
                user_id: socket.user_id,
                username: username.clone(),
                present,
            };
            self.shared.presence.wish(room_id, id, wish);
        }
    }
}
