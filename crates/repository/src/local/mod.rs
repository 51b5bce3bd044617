//! In this process alone: for one node.

mod bus;
mod limiter;
mod live_stats;
mod presence;
mod streams;

pub use bus::LocalBus;
pub(crate) use bus::{LocalSubscription, Published};
pub use limiter::LocalLimiter;
pub use live_stats::LocalLiveStats;
pub use presence::LocalPresence;
pub use streams::LocalStreams;
