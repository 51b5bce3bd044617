use serde::{Deserialize, Serialize};

use crate::{
    MessageId, ReactionCount, RoomId, Seq, Timestamp, UserId,
    values::{
        AttachmentUrl, ClientMsgId, GuestId, InvalidValue, MessageContent, MimeType, Username,
    },
};

/// A message as a reader sees it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was sent.
    pub room_id: RoomId,
    /// The number of the event that sent it.
    pub seq: Seq,
    /// Who sent it.
    pub sender_id: UserId,
    /// Their name.
    pub username: Username,
    /// What a guest is known by; none for an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_id: Option<GuestId>,
    /// Its text; empty once deleted.
    pub content: MessageContent,
    /// What hangs on it; empty once deleted.
    pub attachments: Vec<Attachment>,
    /// The sender's own reference, if one was given.
    pub client_msg_id: Option<ClientMsgId>,
    /// Its author was lost while they wrote it: it is what there was.
    #[serde(default)]
    pub interrupted: bool,
    /// How far it has come with anybody but its sender.
    pub status: MessageStatus,
    /// When the server took it.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its text was last edited, if ever.
    pub edited_at: Option<Timestamp>,
    /// The number of the event that edited it last, if any did.
    #[serde(default)]
    pub edited_seq: Option<Seq>,
    /// When it was deleted, if it was. Only the log still shows such a message, without its content.
    pub deleted_at: Option<Timestamp>,
    /// How it was reacted to, the emoji that came first first; none once deleted.
    #[serde(default)]
    pub reactions: Vec<ReactionCount>,
}

/// The furthest that a message has come with any member other than its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum MessageStatus {
    /// The server has it.
    Sent,
    /// Somebody's client has it.
    Delivered,
    /// Somebody has read it.
    Read,
}

/// A file that lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    /// Where: http or https, at most 2,048 characters.
    pub url: AttachmentUrl,
    /// What kind, `type/subtype`.
    pub mime_type: MimeType,
    /// How large, in bytes.
    pub size_bytes: u64,
}

/// What somebody wants to say: text, attachments, or both, but not nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDraft {
    content: MessageContent,
    attachments: Vec<Attachment>,
}

impl MessageDraft {
    /// The most attachments that one message carries.
    pub const MAX_ATTACHMENTS: usize = 10;

    /// Parses the text in the light of the attachments: beside one, it may be empty.
    ///
    /// # Errors
    /// Names the rule that was broken.
    pub fn parse(content: &str, attachments: Vec<Attachment>) -> Result<Self, InvalidValue> {
        if attachments.len() > Self::MAX_ATTACHMENTS {
            return Err(InvalidValue::new(
                "too_many_attachments",
                format!("at most {} attachments", Self::MAX_ATTACHMENTS),
            ));
        }
        if attachments.is_empty() && content.trim().is_empty() {
            return Err(InvalidValue::new("empty", "must not be blank"));
        }
        let content = MessageContent::parse(content)?;
        Ok(Self {
            content,
            attachments,
        })
    }

    /// Its text and its attachments.
    #[must_use]
    pub fn into_parts(self) -> (MessageContent, Vec<Attachment>) {
        (self.content, self.attachments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Attachment {
        Attachment {
            url: AttachmentUrl::parse("https://files.example/a.png").unwrap(),
            mime_type: MimeType::parse("image/png").unwrap(),
            size_bytes: 1,
        }
    }

    #[test]
    fn a_draft_says_something() {
        assert_eq!(
            MessageDraft::parse(" \n", vec![]).unwrap_err().code,
            "empty"
        );
        assert!(MessageDraft::parse("", vec![picture()]).is_ok());
        assert!(MessageDraft::parse("hi", vec![]).is_ok());
    }

    #[test]
    fn a_draft_carries_at_most_ten_attachments() {
        assert!(MessageDraft::parse("", vec![picture(); 10]).is_ok());
        let error = MessageDraft::parse("", vec![picture(); 11]).unwrap_err();
        assert_eq!(error.code, "too_many_attachments");
    }
}
