mod feeds;
mod following;
mod healing;
mod resuming;
mod socket;
mod streams;
mod touched;

use std::{
    collections::{VecDeque, hash_map::Entry},
    sync::Arc,
};

use domain::{
    BusEvent, ConnectionId, IdMap, IdSet, Resumption, RoomId, RoomSnapshot, SessionId, User,
    UserId, values::Username,
};

pub(super) use self::following::FollowChange;
use self::{
    following::Slot,
    socket::{Socket, Stage},
    streams::Streams,
    touched::Touched,
};
use super::{
    handle::{Shared, TypingError},
    log_reads::LogReads,
    survey::Surveys,
};
use crate::{
    CloseReason, FrameClass, Outbox,
    wire::{self, PerCodec},
};

/// The sockets, the feeds, and who follows what. Owned by the hub's task alone.
pub(super) struct State {
    sockets: IdMap<ConnectionId, Socket>,
    by_user: IdMap<UserId, IdSet<ConnectionId>>,
    feeds: IdMap<RoomId, Slot>,
    next_epoch: u64,
    reads: LogReads,
    surveys: Surveys,
    streams: Streams,
    /// Rooms that the bus is to be asked for from now on, or no longer, in the order in which it came to be so.
    follows: Vec<FollowChange>,
    touched: Touched,
    shared: Arc<Shared>,
}

impl State {
    pub(super) fn new(reads: LogReads, surveys: Surveys, shared: Arc<Shared>) -> Self {
        Self {
            sockets: IdMap::default(),
            by_user: IdMap::default(),
            feeds: IdMap::default(),
            next_epoch: 0,
            reads,
            surveys,
            streams: Streams::new(),
            follows: Vec::new(),
            touched: Touched::default(),
            shared,
        }
    }

    /// What the bus is to be told.
    pub(super) fn take_follow_changes(&mut self) -> Vec<FollowChange> {
        std::mem::take(&mut self.follows)
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
            rooms: IdSet::default(),
            ending: IdMap::default(),
            muted: IdMap::default(),
            held: VecDeque::new(),
            is_expelled: false,
            removed: IdMap::default(),
            stage: Stage::Starting {
                waiting: Vec::new(),
                lost: false,
            },
        };
        self.sockets.insert(id, socket);
    }

    pub(super) fn start(
        &mut self,
        id: ConnectionId,
        user: &User,
        rooms: &[RoomSnapshot],
        resumptions: &[Resumption],
        follows_all: bool,
    ) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let started = Stage::Started {
            username: user.username.clone(),
            follows_all,
        };
        let Stage::Starting { waiting, lost } = std::mem::replace(&mut socket.stage, started)
        else {
            return;
        };
        if lost && follows_all {
            self.surveys.memberships_are_due([user.id]);
        }
        self.enter(id, rooms, resumptions);
        // What came before a snapshot is told by `ready`.
        let taken_at: IdMap<_, _> = rooms.iter().map(|it| (it.room_id, it.last_seq)).collect();
        for event in waiting {
            let (room_id, seq) = match &*event {
                BusEvent::RoomAdded { room, .. } => (room.id, room.last_seq),
                BusEvent::RoomRemoved { room_id, seq, .. } => (*room_id, *seq),
                // No snapshot tells of it.
                _ => {
                    self.tell_socket(id, &event);
                    continue;
                }
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
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        socket.held.clear();
        self.writes_nothing(id);
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let rooms: Vec<_> = socket
            .rooms
            .iter()
            .chain(socket.ending.keys())
            .copied()
            .collect();
        for room in rooms {
            self.unfollow(id, room);
        }
        let Some(socket) = self.sockets.remove(&id) else {
            return;
        };
        if socket.outbox.closed_as() == Some(CloseReason::Slow) {
            self.shared.stats.slow_closes.count();
        }
        if let Entry::Occupied(mut of_user) = self.by_user.entry(socket.user_id) {
            of_user.get_mut().remove(&id);
            if of_user.get().is_empty() {
                of_user.remove();
            }
        }
    }

    /// Takes every socket out and sends it to another node, which has a bus to hear.
    pub(super) fn end(&mut self) {
        for outbox in self.outboxes() {
            outbox.close(self.shared.restart());
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
        if socket.ending.contains_key(&room) {
            return Err(TypingError::NotFollowing);
        }
        Ok((room, socket.user_id, username.clone()))
    }

    /// Gives a passing event to those who follow the room, without `except`.
    pub(super) fn tell_room(&mut self, room_id: RoomId, event: &BusEvent, except: Option<UserId>) {
        let Some(slot) = self.feeds.get(&room_id) else {
            return;
        };
        let frames = PerCodec::new(|codec| codec.passing(event));
        for (id, user_id) in slot.feed.listeners() {
            if except != Some(user_id)
                && let Some(socket) = self.sockets.get(&id)
            {
                let mut is_first = false;
                for frame in &*frames.get(socket.outbox.codec()) {
                    is_first |= socket.outbox.push_passing(frame.clone());
                }
                if is_first {
                    self.touched.note(id, &socket.outbox);
                }
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
                Some(Stage::Starting { waiting, .. }) => waiting.push(event.clone()),
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
                if socket.removed.get(&room.id) >= Some(&room.last_seq) {
                    // They were removed again since, and that was the quicker one.
                    return;
                }
                let slot = self.feeds.get(&room.id);
                if socket.ending.contains_key(&room.id)
                    && slot.is_some_and(|it| it.feed.member_as_of(id) >= Some(room.last_seq))
                {
                    // The membership of which they are being told the end.
                    return;
                }
                let follows = socket.follows_all();
                if socket.muted.get(&room.id) >= Some(&room.last_seq) {
                    return;
                }
                let is_known = socket.rooms.contains(&room.id);
                if !is_known {
                    socket.outbox.push_native(|| wire::room_added(room));
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
                if socket.removed.get(room_id) >= Some(seq) {
                    return;
                }
                if let Some(slot) = self.feeds.get_mut(room_id) {
                    if slot.feed.member_as_of(id) >= Some(*seq) {
                        // They were added again since, and that signal was the quicker one.
                        return;
                    }
                    if slot.feed.ends(id, *seq) {
                        // The signal was quicker than the log, which tells the rest, and then that they are out.
                        self.is_ending(id, *room_id, *seq);
                        return self.pursue(*room_id);
                    }
                }
                let Some(socket) = self.sockets.get_mut(&id) else {
                    return;
                };
                socket.note_removal(*room_id, *seq);
                let told = || wire::room_removed(*room_id, *reason);
                socket.outbox.push_native(told);
                self.expel(id, *room_id);
            }
            BusEvent::StreamStop {
                room_id,
                id,
                user_id,
                ..
            } if socket.outbox.codec().is_native() => {
                let frame = wire::stream_stop(*room_id, *id, *user_id);
                socket.outbox.push(FrameClass::Ephemeral, frame);
            }
            _ => {}
        }
    }
}
