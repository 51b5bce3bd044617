//! Redis, between nodes. It carries hints and counts; nothing that must last is in it alone.

mod bus;
mod call;
mod limiter;
mod line;
mod link;
mod live_stats;
mod options;
mod presence;
mod streams;
mod url;

pub use bus::RedisBus;
pub use limiter::RedisLimiter;
pub use link::{OpenError, RedisLink};
pub use live_stats::RedisLiveStats;
pub use options::RedisOptions;
pub use presence::{PresenceOptions, RedisPresence};
pub use streams::RedisStreams;
