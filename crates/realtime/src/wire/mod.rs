//! The native protocol: what a frame says, in both directions.

mod client;
mod reference;
mod server;

pub use client::{
    AppendToStream, Authenticate, ClientFrame, Command, FollowOne, FrameError, OneStream,
    RawAttachment, ReplaceStream, Resume, SendMessage, StartStream, Typing,
};
pub use reference::Reference;
pub use server::{
    Ready, acknowledged, bus_frame, not_resumed, ready, rejected, resumed, room_added, room_event,
    room_removed, stream_aborted, stream_delta, stream_finished, stream_started, stream_stop,
    token_expiring,
};
