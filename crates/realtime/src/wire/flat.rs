//! The dialect "flat": each frame is one object with the same seven fields.

use bytestring::ByteString;
use domain::{
    Message, RoomEvent, RoomEventKind, Timestamp, UserId,
    values::{GuestId, InvalidValue, MessageContent},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a frame tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum FlatType {
    /// A message.
    Chat,
    /// Something that the server says.
    System,
    /// Somebody came into the room.
    Join,
    /// Somebody left it.
    Leave,
}

/// One frame, or one message of an answer over REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlatMessage {
    /// The message's id; that of a join or a leave follows from the event's place in the log, and is the same everywhere.
    pub message_id: Uuid,
    /// The room's name, or its id where that is how it was asked for.
    pub room_id: String,
    /// What it tells.
    #[serde(rename = "type")]
    pub kind: FlatType,
    /// What a guest is known by, or the id of an account.
    pub user_id: String,
    /// Their name.
    pub username: String,
    /// The text.
    pub content: String,
    /// When, in UTC.
    pub timestamp: Timestamp,
}

/// The user id in this dialect.
#[must_use]
pub fn user_id(id: UserId, guest: Option<&GuestId>) -> String {
    guest.map_or_else(|| id.to_string(), |guest| guest.as_str().to_owned())
}

impl FlatMessage {
    /// A message.
    #[must_use]
    pub fn chat(room: &str, message: &Message) -> Self {
        Self {
            message_id: message.id.0,
            room_id: room.to_owned(),
            kind: FlatType::Chat,
            user_id: user_id(message.sender_id, message.guest_id.as_ref()),
            username: message.username.to_string(),
            content: message.content.as_str().to_owned(),
            timestamp: message.created_at,
        }
    }

    /// What an event is in this dialect, if it is anything: a message that was deleted is not.
    #[must_use]
    pub fn of(room: &str, event: &RoomEvent) -> Option<Self> {
        let (kind, who, guest, username, verb) = match &event.kind {
            RoomEventKind::MessageSent(message) => {
                let is_shown = message.deleted_at.is_none();
                return is_shown.then(|| Self::chat(room, message));
            }
            RoomEventKind::MemberJoined(member) => (
                FlatType::Join,
                member.user_id,
                member.guest_id.as_ref(),
                member.username.as_str(),
                "joined",
            ),
            RoomEventKind::MemberLeft {
                user_id,
                username,
                guest_id,
            } => {
                let name = username.as_ref().map_or("Somebody", |name| name.as_str());
                let guest = guest_id.as_ref();
                (FlatType::Leave, *user_id, guest, name, "left")
            }
            _ => return None,
        };
        Some(Self {
            // The name of a place in the log: a UUID of version 5 (RFC 9562, section 5.5).
            message_id: Uuid::new_v5(&event.room_id.0, &event.seq.0.to_be_bytes()),
            room_id: room.to_owned(),
            kind,
            user_id: user_id(who, guest),
            username: username.to_owned(),
            content: format!("{username} {verb}"),
            timestamp: event.at,
        })
    }

    /// Something that the server says to one socket.
    #[must_use]
    pub fn system(room: &str, message_id: Uuid, content: String, timestamp: Timestamp) -> Self {
        Self {
            message_id,
            room_id: room.to_owned(),
            kind: FlatType::System,
            user_id: "system".to_owned(),
            username: "System".to_owned(),
            content,
            timestamp,
        }
    }

    /// The frame.
    #[must_use]
    pub fn encode(&self) -> ByteString {
        super::json(self)
    }
}

pub(super) fn room_event(room: &str, event: &RoomEvent) -> Option<ByteString> {
    FlatMessage::of(room, event).map(|message| message.encode())
}

/// What is wrong with a frame of a client.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlatError {
    /// Not an object of this dialect.
    #[error("the frame is not a JSON object {{\"type\": \"chat\", \"content\": …}}: {0}")]
    Malformed(String),
    /// A client sends messages, and nothing else.
    #[error("the type must be chat")]
    NotChat,
    /// The text breaks a rule.
    #[error("content: {0}")]
    Content(#[from] InvalidValue),
}

/// The most characters of a message in this dialect.
pub const MAX_CONTENT: usize = 1_000;

/// Reads a frame of a client: the text of a message of 1 to 1,000 characters (Unicode scalar values). Its other fields are
/// not looked at: the server knows them better.
///
/// # Errors
/// [`FlatError`].
pub fn parse(text: &str) -> Result<MessageContent, FlatError> {
    #[derive(Deserialize)]
    struct Frame {
        #[serde(rename = "type")]
        kind: String,
        content: String,
    }
    let frame: Frame = super::object(text).map_err(FlatError::Malformed)?;
    if frame.kind != "chat" {
        return Err(FlatError::NotChat);
    }
    if frame.content.trim().is_empty() {
        return Err(InvalidValue::new("empty", "must not be blank").into());
    }
    if frame.content.chars().count() > MAX_CONTENT {
        let told = format!("must have at most {MAX_CONTENT} characters");
        return Err(InvalidValue::new("too_long", told).into());
    }
    Ok(MessageContent::parse(&frame.content)?)
}

#[cfg(test)]
mod tests;
