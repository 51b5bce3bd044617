//! The one task that knows every socket of this node and what it follows.

mod companion;
mod connection;
mod drain;
mod handle;
mod log_reads;
mod signals;
mod state;
mod survey;
mod task;

pub use crate::presence::Departures;
pub use companion::HubCompanion;
pub use connection::Connection;
pub use drain::Drain;
pub use handle::{FollowError, Hub, HubPorts, HubSettings, RegisterError, TypingError};
pub use task::{HubRounds, HubTask};
