//! The contracts of the bus, of presence, of live streams and of the rate limiter, passed in this process.

use std::{sync::Arc, time::Duration};

use domain::ports::{EventBus, LiveStreams, Presence, RateLimiter};
use repository::local::{LocalBus, LocalLimiter, LocalPresence, LocalStreams};

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

testkit::live_streams_contract!(async {
    let streams: Arc<dyn LiveStreams> = Arc::new(LocalStreams::new(Duration::from_secs(60)));
    (streams, ())
});

testkit::lost_streams_contract!(async {
    let streams: Arc<dyn LiveStreams> = Arc::new(LocalStreams::new(Duration::from_millis(500)));
    (streams, ())
});

testkit::limiter_contract!(async {
    let limiter: Arc<dyn RateLimiter> = Arc::new(LocalLimiter::default());
    (limiter, ())
});
