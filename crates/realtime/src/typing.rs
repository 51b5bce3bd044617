use std::{collections::HashMap, time::Duration};

use domain::{ConnectionId, RoomId, UserId, values::Username};
use tokio::time::Instant;

/// Who is typing on this node's sockets, and until when that is believed.
#[derive(Debug)]
pub(crate) struct Typists {
    typing: HashMap<(RoomId, UserId), Typist>,
    timeout: Duration,
    /// Nobody falls silent before. Kept, because it is asked for at every turn of the hub.
    none_before: Option<Instant>,
}

#[derive(Debug)]
struct Typist {
    username: Username,
    socket: ConnectionId,
    until: Instant,
}

/// Somebody who typed, and no longer does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    pub room_id: RoomId,
    pub user_id: UserId,
    pub username: Username,
}

impl Typists {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            typing: HashMap::new(),
            timeout,
            none_before: None,
        }
    }

    /// They type. True when they did not before; else only the time is renewed.
    pub(crate) fn start(
        &mut self,
        room_id: RoomId,
        user_id: UserId,
        username: &Username,
        socket: ConnectionId,
        now: Instant,
    ) -> bool {
        let until = now + self.timeout;
        self.none_before.get_or_insert(until);
        let typist = Typist {
            username: username.clone(),
            socket,
            until,
        };
        self.typing.insert((room_id, user_id), typist).is_none()
    }

    /// They no longer type there.
    pub(crate) fn stop(&mut self, room_id: RoomId, user_id: UserId) -> Option<Stopped> {
        self.typing
            .remove(&(room_id, user_id))
            .map(|typist| Stopped {
                room_id,
                user_id,
                username: typist.username,
            })
    }

    /// The socket they last typed on is gone, or follows the room no longer.
    pub(crate) fn stop_socket(
        &mut self,
        socket: ConnectionId,
        room: Option<RoomId>,
    ) -> Vec<Stopped> {
        self.stop_where(|(room_id, _), typist| {
            typist.socket == socket && room.is_none_or(|room| room == *room_id)
        })
    }

    /// They fell silent.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Stopped> {
        let silent = self.stop_where(|_, typist| typist.until <= now);
        self.none_before = self.typing.values().map(|typist| typist.until).min();
        silent
    }

    /// When to call [`expire`](Self::expire) next: when the next of them falls silent, or before.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.none_before.filter(|_| !self.typing.is_empty())
    }

    fn stop_where(&mut self, ends: impl Fn(&(RoomId, UserId), &Typist) -> bool) -> Vec<Stopped> {
        self.typing
            .extract_if(|key, typist| ends(key, typist))
            .map(|((room_id, user_id), typist)| Stopped {
                room_id,
                user_id,
                username: typist.username,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
