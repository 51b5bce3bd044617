use std::{collections::HashMap, fmt};

use domain::{RoomId, Seq, StreamId, StreamKind, WhenLost};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Reference, object, short};

/// A frame of a client: what it wants, or what is wrong with it, and the reference to answer with in both cases.
#[derive(Debug)]
pub struct ClientFrame {
    /// The client's own reference, if it gave a good one.
    pub id: Option<Reference>,
    /// What it wants.
    pub command: Result<Command, FrameError>,
}

/// What a client can ask for. Its texts are not parsed yet: that is the use case's door's work, as in REST.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Send a message.
    SendMessage(SendMessage),
    /// The user types.
    TypingStart(Typing),
    /// The user types no more.
    TypingStop(Typing),
    /// Follow a room.
    Subscribe(FollowOne),
    /// Follow a room no longer.
    Unsubscribe(FollowOne),
    /// Tell what was missed.
    Resume(Resume),
    /// Go on with a new access token.
    Authenticate(Authenticate),
    /// Begin a message that others see while it is written.
    StreamStart(StartStream),
    /// Write on at a stream.
    StreamAppend(AppendToStream),
    /// Give a stream another text.
    StreamReplace(ReplaceStream),
    /// Send a stream as a message.
    StreamFinish(OneStream),
    /// Give a stream up.
    StreamAbort(OneStream),
    /// Ask the author of a stream to stop.
    StreamStop(OneStream),
    /// Be told once a second how the nodes do.
    AnalyticsSubscribe,
    /// Be told so no longer.
    AnalyticsUnsubscribe,
}

/// The data of `send_message`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct SendMessage {
    /// Where.
    pub room_id: String,
    /// What.
    pub content: String,
    /// What hangs on it.
    #[serde(default)]
    pub attachments: Vec<RawAttachment>,
    /// The sender's own reference to the message, which makes a retry safe.
    #[serde(default)]
    pub client_msg_id: Option<String>,
}

/// An attachment as a client writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as in domain::Attachment")]
pub struct RawAttachment {
    pub url: String,
    pub mime_type: String,
    pub size_bytes: u64,
}

/// The data of `typing_start` and `typing_stop`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Typing {
    /// Where; may be left out on a socket that follows one room.
    #[serde(default)]
    pub room_id: Option<RoomId>,
}

/// The data of `subscribe` and `unsubscribe`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct FollowOne {
    /// Which room.
    pub room_id: RoomId,
}

/// The data of `resume`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Resume {
    /// Up to where the client has the log of each room.
    pub rooms: HashMap<RoomId, Seq>,
}

/// The data of `authenticate`.
#[derive(PartialEq, Eq, Deserialize)]
pub struct Authenticate {
    /// The new access token.
    pub access_token: String,
}

/// The data of `stream.start`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct StartStream {
    /// Where.
    pub room_id: RoomId,
    /// What it is.
    pub kind: StreamKind,
    /// What becomes of it when its author is lost.
    #[serde(default)]
    pub when_lost: WhenLost,
}

/// The data of `stream.append`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct AppendToStream {
    /// Which stream.
    pub id: StreamId,
    /// Where the delta begins, in characters (Unicode scalar values) from the start.
    pub index: usize,
    /// What stands there.
    pub delta: String,
}

/// The data of `stream.replace`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct ReplaceStream {
    /// Which stream.
    pub id: StreamId,
    /// Its text from now on.
    pub text: String,
}

/// The data of `stream.finish`, `stream.abort` and `stream.stop`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct OneStream {
    /// Which stream.
    pub id: StreamId,
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticate(…)")
    }
}

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Not a JSON object with an `event`.
    #[error("the frame is not a JSON object {{\"event\": …, \"data\": …}}: {0}")]
    Malformed(String),
    /// An `id` that cannot be repeated.
    #[error(
        "id must be an integer or a string of at most {} characters",
        Reference::MAX_CHARS
    )]
    BadReference,
    /// No such command.
    #[error("there is no command {0:?}")]
    UnknownEvent(String),
    /// The data is of the wrong shape.
    #[error("the data of {event}: {reason}")]
    WrongShape {
        /// The command.
        event: String,
        /// What is wrong.
        reason: String,
    },
}

impl FrameError {
    /// The stable word of the `error` frame.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "invalid_json",
            Self::BadReference => "invalid_reference",
            Self::UnknownEvent(_) => "unknown_event",
            Self::WrongShape { .. } => "invalid_body",
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    // Raw, so that the reference is known even when this is no text.
    #[serde(borrow, default)]
    event: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl ClientFrame {
    /// Reads a text frame. Never fails: what is wrong is told in `command`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let envelope: Envelope<'_> = match object(text) {
            Ok(envelope) => envelope,
            Err(reason) => {
                return Self {
                    id: None,
                    command: Err(FrameError::Malformed(reason)),
                };
            }
        };
        let id = match envelope
            .id
            .map(|raw| serde_json::from_str::<Reference>(raw.get()))
        {
            None => None,
            Some(Ok(id)) if id.is_bounded() => Some(id),
            Some(_) => {
                return Self {
                    id: None,
                    command: Err(FrameError::BadReference),
                };
            }
        };
        Self {
            id,
            command: command(&envelope),
        }
    }
}

fn command(envelope: &Envelope<'_>) -> Result<Command, FrameError> {
    let raw = envelope.event.map_or("null", RawValue::get);
    let event: String = serde_json::from_str(raw)
        .map_err(|error| FrameError::Malformed(format!("event: {}", short(&error))))?;
    match event.as_str() {
        "send_message" => data(&event, envelope).map(Command::SendMessage),
        "typing_start" => data(&event, envelope).map(Command::TypingStart),
        "typing_stop" => data(&event, envelope).map(Command::TypingStop),
        "subscribe" => data(&event, envelope).map(Command::Subscribe),
        "unsubscribe" => data(&event, envelope).map(Command::Unsubscribe),
        "resume" => data(&event, envelope).map(Command::Resume),
        "authenticate" => data(&event, envelope).map(Command::Authenticate),
        "stream.start" => data(&event, envelope).map(Command::StreamStart),
        "stream.append" => data(&event, envelope).map(Command::StreamAppend),
        "stream.replace" => data(&event, envelope).map(Command::StreamReplace),
        "stream.finish" => data(&event, envelope).map(Command::StreamFinish),
        "stream.abort" => data(&event, envelope).map(Command::StreamAbort),
        "stream.stop" => data(&event, envelope).map(Command::StreamStop),
        "analytics.subscribe" => Ok(Command::AnalyticsSubscribe),
        "analytics.unsubscribe" => Ok(Command::AnalyticsUnsubscribe),
        // Shown in the answer, so cut: the frame may be as long as the largest one taken.
        other => Err(FrameError::UnknownEvent(other.chars().take(64).collect())),
    }
}

fn data<T: DeserializeOwned>(event: &str, envelope: &Envelope<'_>) -> Result<T, FrameError> {
    let raw = envelope.data.map_or("{}", RawValue::get);
    object(raw).map_err(|reason| FrameError::WrongShape {
        event: event.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests;
