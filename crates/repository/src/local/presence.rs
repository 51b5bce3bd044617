use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{
    ConnectionId, IdMap, IdSet, RoomId, StoreResult, UserId,
    ports::{Presence, PresenceChange, Present},
};

type Sockets = BTreeMap<UserId, IdSet<ConnectionId>>;

/// Presence on one node. It keeps nothing of a room that nobody follows.
#[derive(Debug, Default)]
pub struct LocalPresence {
    // A std Mutex and not a Tokio one, because it is held for a few look-ups and never across an await.
    rooms: Mutex<IdMap<RoomId, Sockets>>,
}

impl LocalPresence {
    /// Nobody is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn rooms(&self) -> MutexGuard<'_, IdMap<RoomId, Sockets>> {
        // No code between lock and unlock leaves the map half changed.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True when it is the user's first socket in the room.
fn enter(
    rooms: &mut IdMap<RoomId, Sockets>,
    room: RoomId,
    user: UserId,
    socket: ConnectionId,
) -> bool {
    let sockets = rooms.entry(room).or_default().entry(user).or_default();
    let nobody = sockets.is_empty();
    sockets.insert(socket);
    nobody
}

/// True when it was the user's last socket in the room.
fn leave(
    rooms: &mut IdMap<RoomId, Sockets>,
    room: RoomId,
    user: UserId,
    socket: ConnectionId,
) -> bool {
    let Some(users) = rooms.get_mut(&room) else {
        return false;
    };
    let Some(sockets) = users.get_mut(&user) else {
        return false;
    };
    let last = sockets.remove(&socket) && sockets.is_empty();
    if last {
        users.remove(&user);
    }
    if users.is_empty() {
        rooms.remove(&room);
    }
    last
}

#[async_trait]
impl Presence for LocalPresence {
    async fn enter(
        &self,
        user: &Present,
        socket: ConnectionId,
        mut rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        let mut known = self.rooms();
        rooms.retain(|room| enter(&mut known, *room, user.user_id, socket));
        Ok(rooms)
    }

    async fn leave(
        &self,
        user: &Present,
        socket: ConnectionId,
        mut rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>> {
        let mut known = self.rooms();
        rooms.retain(|room| leave(&mut known, *room, user.user_id, socket));
        Ok(rooms)
    }

    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        let rooms = self.rooms();
        Ok(rooms
            .get(&room)
            .map(|users| users.keys().copied().collect())
            .unwrap_or_default())
    }

    /// There is no other node.
    async fn online_everywhere(&self, room: RoomId) -> StoreResult<Vec<UserId>> {
        self.online(room).await
    }

    fn is_settled(&self) -> bool {
        true
    }

    /// Answers nothing: there is no other node, and no lease that could end.
    async fn tend(&self) -> StoreResult<Vec<PresenceChange>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::values::Username;
    use uuid::Uuid;

    #[tokio::test]
    async fn an_empty_room_costs_no_memory() {
        let presence = LocalPresence::new();
        let rooms = vec![RoomId(Uuid::from_u128(1)), RoomId(Uuid::from_u128(4))];
        let ann = Present {
            user_id: UserId(Uuid::from_u128(2)),
            username: Username::parse("ann").unwrap(),
        };
        let socket = ConnectionId(Uuid::from_u128(3));
        presence.enter(&ann, socket, rooms.clone()).await.unwrap();
        presence.leave(&ann, socket, rooms).await.unwrap();
        assert!(presence.rooms().is_empty());
    }
}
