//! The contracts of the bus, of presence, of live streams and stats, and of the rate limiter, passed in this process.

use std::{sync::Arc, time::Duration};

use domain::ports::{EventBus, LiveStats, LiveStreams, Presence, RateLimiter};
use repository::local::{LocalBus, LocalLimiter, LocalLiveStats, LocalPresence, LocalStreams};
use testkit::OneTrace;

testkit::bus_contract!(async {
    let bus: Arc<dyn EventBus> = Arc::new(LocalBus::new(64));
    (bus, ())
});

testkit::bus_pair_contract!(async {
    // One node is its own neighbour.
    let bus = LocalBus::new(64).traced_by(Arc::new(OneTrace));
    let bus: Arc<dyn EventBus> = Arc::new(bus);
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

testkit::live_stats_contract!(async {
    let stats: Arc<dyn LiveStats> = Arc::new(LocalLiveStats::new(Duration::from_secs(60)));
    (stats, ())
});

testkit::gone_nodes_contract!(async {
    let stats: Arc<dyn LiveStats> = Arc::new(LocalLiveStats::new(Duration::from_millis(500)));
    (stats, ())
});

testkit::limiter_contract!(async {
    let limiter: Arc<dyn RateLimiter> = Arc::new(LocalLimiter::default());
    (limiter, ())
});
