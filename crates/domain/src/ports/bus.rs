use std::sync::Arc;

use async_trait::async_trait;

use crate::BusEvent;

/// What a subscriber hears.
#[derive(Debug, Clone)]
pub enum BusDelivery {
    /// Something happened.
    Event(Arc<BusEvent>),
    /// An unknown number of hints was lost: whoever needs to be complete reads the log.
    Lost,
}

/// Carries hints between nodes, this one included.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Tells every node. Never fails the caller, whose change is committed already: what cannot be told is healed
    /// from the log. It may wait for a slow subscriber. MUST reach the subscriptions of this node in the order of
    /// publishing, or say [`BusDelivery::Lost`].
    async fn publish(&self, event: BusEvent);

    /// Hears all that is published from now on.
    fn subscribe(&self) -> Box<dyn BusSubscription>;
}

/// One listener.
#[async_trait]
pub trait BusSubscription: Send {
    /// The next delivery, or `None` once the bus is gone. MUST be cancel-safe.
    async fn next(&mut self) -> Option<BusDelivery>;
}
