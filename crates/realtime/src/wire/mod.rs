//! The native protocol: what a frame says, in both directions.

mod client;
mod reference;
mod server;

pub use client::{ClientFrame, Command, FrameError, RawAttachment, SendMessage, Typing};
pub use reference::Reference;
pub use server::{
    Ready, acknowledged, bus_frame, ready, rejected, room_added, room_event, room_removed,
};
