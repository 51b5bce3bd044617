//! What a frame says, in both directions, in each of the protocols: the native one, and the dialects "flat" and "stream".

mod client;
mod codec;
pub mod flat;
mod native;
mod reference;
pub mod stream;

pub use client::{
    AppendToStream, Authenticate, ClientFrame, Command, FollowOne, FrameError, OneStream,
    RawAttachment, ReplaceStream, Resume, SendMessage, StartStream, Typing,
};
pub use codec::{Codec, EndedStream, Frames};
pub use native::{
    Ready, acknowledged, analytics_tick, bus_frame, not_resumed, ready, rejected, resumed,
    room_added, room_event, room_removed, stream_aborted, stream_delta, stream_finished,
    stream_started, stream_stop, token_expiring,
};
pub use reference::Reference;

pub(crate) use codec::PerCodec;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// The text of a frame.
fn json(frame: &impl Serialize) -> ByteString {
    serde_json::to_string(frame)
        .expect("strings, numbers and maps with string keys always encode")
        .into()
}

/// Reads an object. Serde alone would also take an array, with the fields in the order of the struct.
fn object<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, String> {
    if !raw.trim_start().starts_with('{') {
        return Err("not an object".to_owned());
    }
    serde_json::from_str(raw).map_err(|error| short(&error))
}

/// What serde says, cut: it repeats what the client wrote.
fn short(error: &serde_json::Error) -> String {
    error.to_string().chars().take(200).collect()
}
