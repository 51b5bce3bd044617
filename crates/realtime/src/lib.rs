#![doc = include_str!("../README.md")]

pub mod wire;

mod close;
mod feed;
mod hub;
mod outbox;
mod presence;
mod typing;

pub use close::CloseReason;
pub use feed::{Delivered, ReadRequest, RoomFeed};
pub use hub::{Connection, Drain, Draining, Hub, HubPorts, HubSettings, HubTask, TypingError};
pub use outbox::{FrameClass, Outbox, Outgoing};
pub use presence::PresenceSettings;
