//! In this process alone: for one node.

mod bus;
mod presence;

pub use bus::LocalBus;
pub use presence::LocalPresence;
