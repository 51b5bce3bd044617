use async_trait::async_trait;

use crate::{ConnectionId, RoomId, StoreResult, UserId, values::Username};

/// Somebody who holds sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
}

/// Somebody came to a room or left it, and nobody was told of it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceChange {
    /// Where.
    pub room_id: RoomId,
    /// Who.
    pub user: Present,
    /// They are there, or not.
    pub online: bool,
}

/// Which users hold a socket that follows a room, on any node.
///
/// A socket of a node that no longer [tends](Self::tend) to it counts for one lease time, and is gone after that.
///
/// While the other nodes cannot be asked, the sockets of this node alone count; [`tend`](Self::tend) corrects what was
/// answered then.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Presence: Send + Sync {
    /// A socket of `user` follows these rooms. Answers those in which it is the user's first. A room that it follows
    /// already is left out.
    async fn enter(
        &self,
        user: &Present,
        socket: ConnectionId,
        rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>>;

    /// The socket follows these rooms no longer. Answers those in which it was the user's last. A room that it does
    /// not follow is left out.
    async fn leave(
        &self,
        user: &Present,
        socket: ConnectionId,
        rooms: Vec<RoomId>,
    ) -> StoreResult<Vec<RoomId>>;

    /// The users who are there, each once, in the order of their ids.
    async fn online(&self, room: RoomId) -> StoreResult<Vec<UserId>>;

    /// As [`online`](Self::online), of all nodes: for who takes somebody out of a room because they are gone. MUST answer
    /// `Unavailable` when the others cannot be asked.
    async fn online_everywhere(&self, room: RoomId) -> StoreResult<Vec<UserId>>;

    /// False while somebody may be there of whom the store does not know yet: for a lease after it was away, or may have been.
    fn is_settled(&self) -> bool;

    /// Renews the leases of this node's sockets, and puts those back that the store has forgotten; to be called a few
    /// times in each lease time. Answers what nobody was told yet: who is gone because their node died, which MUST be
    /// told to one caller on one node, and what was answered wrongly, or to this node alone, while the others could not
    /// be asked.
    async fn tend(&self) -> StoreResult<Vec<PresenceChange>>;
}
