use async_trait::async_trait;

use crate::{ConnectionId, RoomId, StoreResult, UserId};

/// Which users hold a socket that follows a room, on any node.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Presence: Send + Sync {
    /// A socket of `user` follows the room. True when it is the user's first there. Repeating it changes nothing.
    async fn enter(&self, room: RoomId, user: UserId, socket: ConnectionId) -> StoreResult<bool>;

    /// The socket follows the room no longer. True when it was the user's last there. Repeating it changes nothing.
    async fn leave(&self, room: RoomId, user: UserId, socket: ConnectionId) -> StoreResult<bool>;

    /// The users who are there, each once, in the order of their ids.
    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>>;
}
