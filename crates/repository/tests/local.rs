//! The contracts of the bus, of presence and of the rate limiter, passed in this process.

use std::sync::Arc;

use domain::ports::{EventBus, Presence, RateLimiter};
use repository::local::{LocalBus, LocalLimiter, LocalPresence};

testkit::bus_contract!(async {
    let bus: Arc<dyn EventBus> = Arc::new(LocalBus::new(64));
    (bus, ())
});

testkit::bus_pair_contract!(async {
    // One node is its own neighbour.
    let bus: Arc<dyn EventBus> = Arc::new(LocalBus::new(64));
    ([bus.clone(), bus], ())
});

testkit::presence_contract!(async {
    let presence: Arc<dyn Presence> = Arc::new(LocalPresence::new());
    (presence, ())
});

testkit::limiter_contract!(async {
    let limiter: Arc<dyn RateLimiter> = Arc::new(LocalLimiter::default());
    (limiter, ())
});
