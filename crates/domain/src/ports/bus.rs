use std::sync::Arc;

use async_trait::async_trait;

use crate::{BusEvent, RoomId, TraceParent};

/// What a subscriber hears.
#[derive(Debug, Clone)]
pub enum BusDelivery {
    /// Something happened; and the work that told it, when that is recorded in a trace.
    Event(Arc<BusEvent>, Option<TraceParent>),
    /// An unknown number of hints of this room was lost: whoever needs to be complete reads its log.
    LostRoom(RoomId),
    /// An unknown number of hints of any kind was lost: whoever needs to be complete asks the database.
    Lost,
}

/// When a room that was followed is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// From now on.
    Now,
    /// From a [`BusDelivery::LostRoom`] of it on, which comes as soon as it is so.
    Soon,
}

/// Whether hints reach the other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusHealth {
    /// As far as is known.
    Connected,
    /// They do not: this node alone hears at once, the others catch up from the database.
    Degraded,
}

/// Carries hints between nodes, this one included.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Tells every node. Never fails the caller, whose change is committed already: what cannot be told is healed
    /// from the database. It may wait for a slow subscriber of this node, and MUST NOT wait for other nodes. MUST reach
    /// the subscriptions of this node in the order of publishing, or say [`BusDelivery::Lost`]; also when no other node
    /// can be reached. MUST hand on, to all nodes, where the
    /// caller's work stands in its trace.
    async fn publish(&self, event: BusEvent);

    /// Hears all that is published from now on of the rooms that it follows, and all that concerns no room's
    /// listeners ([`BusEvent::heard_in`] is none).
    fn subscribe(&self) -> Box<dyn BusSubscription>;

    /// Whether other nodes are reached. While they are not, MUST say [`BusDelivery::Lost`] again and again.
    fn health(&self) -> BusHealth;
}

/// One listener.
#[async_trait]
pub trait BusSubscription: Send {
    /// The next delivery, or `None` once the bus is gone. MUST be cancel-safe.
    async fn next(&mut self) -> Option<BusDelivery>;

    /// Follows a room. It may hear of rooms that it does not follow.
    fn follow(&mut self, room: RoomId) -> Following;

    /// Follows the room no longer.
    fn unfollow(&mut self, room: RoomId);
}
