//! The dialect "stream": everybody sees what the others type. A frame is `{"type", "payload"}`.

use bytestring::ByteString;
use domain::{
    LiveStream, Member, RoomEvent, RoomEventKind, Timestamp,
    values::{GuestId, Username},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Frames;

#[derive(Serialize)]
struct Frame<T> {
    r#type: &'static str,
    payload: T,
}

fn encode(r#type: &'static str, payload: impl Serialize) -> ByteString {
    super::json(&Frame { r#type, payload })
}

/// Something that the server says.
#[must_use]
pub fn system(text: &str) -> ByteString {
    encode("SYSTEM", json!({ "text": text }))
}

/// How many are in the room.
#[must_use]
pub fn participants(count: u64) -> ByteString {
    encode("PARTICIPANTS", json!({ "count": count }))
}

pub(super) fn room_event(event: &RoomEvent) -> Frames {
    let mut frames = Vec::new();
    match &event.kind {
        RoomEventKind::MessageSent(message) if message.deleted_at.is_none() => {
            let payload = json!({"author": message.username, "text": message.content,
                                 "timestamp": message.created_at.as_millisecond()});
            frames.push(encode("MESSAGE_COMMITTED", payload));
        }
        // Who has not said yet what they are called is counted, and named when they do.
        RoomEventKind::MemberJoined(member) if is_unnamed(member) => {}
        RoomEventKind::MemberJoined(Member { username, .. })
        | RoomEventKind::MemberRenamed { username, .. } => {
            frames.push(system(&format!("{username} is now chatting")));
        }
        RoomEventKind::MemberLeft { username, .. } => {
            let name = username.as_ref().map_or("Somebody", |name| name.as_str());
            frames.push(system(&format!("{name} left")));
        }
        _ => {}
    }
    frames.extend(event.members.map(participants));
    frames
}

/// The whole of what somebody is writing.
pub(super) fn chunk(stream: &LiveStream, now: Timestamp) -> ByteString {
    chunk_of(&stream.username, stream.text.as_str(), now)
}

/// Somebody is writing nothing any more.
pub(super) fn cleared(author: &Username, now: Timestamp) -> ByteString {
    chunk_of(author, "", now)
}

fn chunk_of(author: &Username, chunk: &str, now: Timestamp) -> ByteString {
    let payload = json!({"author": author, "chunk": chunk, "timestamp": now.as_millisecond()});
    encode("STREAM_CHUNK", payload)
}

/// What a guest is called who has not said it: `Guest-` and two digits, taken from a number that is random enough.
///
/// # Panics
/// Never: it is a good name.
#[must_use]
pub fn unnamed(number: u128) -> Username {
    let digits = 10 + number % 90;
    Username::parse(&format!("{UNNAMED}{digits}")).expect("eight characters on one line")
}

const UNNAMED: &str = "Guest-";

/// An account, or a guest who has an id of their own, may be called so.
fn is_unnamed(member: &Member) -> bool {
    let digits = member.username.as_str().strip_prefix(UNNAMED);
    let is_given = member.guest_id.as_ref().is_some_and(GuestId::is_given);
    is_given
        && digits.is_some_and(|it| it.len() == 2 && it.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a client wants.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StreamCommand {
    /// To be called this.
    Join {
        /// The name, not parsed yet.
        name: String,
    },
    /// To show the whole draft so far; an empty one clears it.
    StreamChunk {
        /// The draft.
        chunk: String,
    },
    /// To send a message.
    CommitMessage {
        /// Its text, not parsed yet.
        text: String,
    },
}

/// Reads a frame of a client.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(text: &str) -> Result<StreamCommand, String> {
    super::object(text)
}

#[cfg(test)]
mod tests;
