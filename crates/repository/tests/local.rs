//! The contracts of the bus and of presence, passed in this process.

use std::sync::Arc;

use domain::ports::{EventBus, Presence};
use repository::local::{LocalBus, LocalPresence};

testkit::bus_contract!(async {
    let bus: Arc<dyn EventBus> = Arc::new(LocalBus::new(64));
    (bus, ())
});

testkit::presence_contract!(async {
    let presence: Arc<dyn Presence> = Arc::new(LocalPresence::new());
    (presence, ())
});
