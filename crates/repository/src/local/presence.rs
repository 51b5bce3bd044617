use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{ConnectionId, RoomId, StoreResult, UserId, ports::Presence};

type Sockets = BTreeMap<UserId, HashSet<ConnectionId>>;

/// Presence on one node. It keeps nothing of a room that nobody follows.
#[derive(Debug, Default)]
pub struct LocalPresence {
    // A std Mutex and not a Tokio one, because it is held for a few look-ups and never across an await.
    rooms: Mutex<HashMap<RoomId, Sockets>>,
}

impl LocalPresence {
    /// Nobody is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, Sockets>> {
        // No code between lock and unlock leaves the map half changed.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn enter(&self, room: RoomId, user: UserId, socket: ConnectionId) -> StoreResult<bool> {
        let mut rooms = self.rooms();
        let sockets = rooms.entry(room).or_default().entry(user).or_default();
        let nobody = sockets.is_empty();
        sockets.insert(socket);
        Ok(nobody)
    }

    async fn leave(&self, room: RoomId, user: UserId, socket: ConnectionId) -> StoreResult<bool> {
        let mut rooms = self.rooms();
        let Some(users) = rooms.get_mut(&room) else {
            return Ok(false);
        };
        let Some(sockets) = users.get_mut(&user) else {
            return Ok(false);
        };
        let last = sockets.remove(&socket) && sockets.is_empty();
        if last {
            users.remove(&user);
        }
        if users.is_empty() {
            rooms.remove(&room);
        }
        Ok(last)
    }

    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let rooms = self.rooms();
        Ok(rooms
            .get(&room)
            .map(|users| users.keys().copied().collect())
            .unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn an_empty_room_costs_no_memory() {
        let presence = LocalPresence::new();
        let (room, user) = (RoomId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let socket = ConnectionId(Uuid::from_u128(3));
        presence.enter(room, user, socket).await.unwrap();
        presence.leave(room, user, socket).await.unwrap();
        assert!(presence.rooms().is_empty());
    }
}
