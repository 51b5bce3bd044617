#![doc = include_str!("../README.md")]

pub mod wire;

mod admission;
mod close;
mod feed;
mod hub;
mod latency;
mod outbox;
mod presence;
#[cfg(test)]
mod seeds;
mod stats;
mod streams;
mod typing;

pub use admission::{Admission, AdmissionSettings, Full, Seat};
pub use close::CloseReason;
pub use feed::{FeedOutput, Join, ReadRequest, RoomFeed};
pub use hub::{
    Connection, Departures, Drain, FollowError, Hub, HubCompanion, HubPorts, HubRounds,
    HubSettings, HubTask, RegisterError, TypingError,
};
pub use outbox::{FrameClass, Outbox, Outgoing, SocketWriter};
pub use presence::PresenceSettings;
