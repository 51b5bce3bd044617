//! The native protocol: what a frame says, in both directions.

mod client;
mod reference;
mod server;

pub use client::{
    Authenticate, ClientFrame, Command, FollowOne, FrameError, RawAttachment, Resume, SendMessage,
    Typing,
};
pub use reference::Reference;
pub use server::{
    Ready, acknowledged, bus_frame, not_resumed, ready, rejected, resumed, room_added, room_event,
    room_removed, token_expiring,
};
