use serde::{Deserialize, Serialize};

use crate::{
    MessageId, RoomId, StreamId, Timestamp, UserId,
    values::{ClientMsgId, InvalidValue, MessageContent, Username},
};

/// A message while it is being written, by a person or by a program. It lasts as long as somebody writes it; what it
/// becomes is one message of the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveStream {
    /// Its id, and that of the message it becomes.
    pub id: StreamId,
    /// Where it is written.
    pub room_id: RoomId,
    /// Who writes it.
    pub user_id: UserId,
    /// Their name.
    pub username: Username,
    /// What it is.
    pub kind: StreamKind,
    /// What becomes of it when its author is lost.
    pub when_lost: WhenLost,
    /// Only its author sees it, because they do not share their drafts.
    pub is_hidden: bool,
    /// How far it is.
    pub state: StreamState,
    /// The text so far.
    pub text: MessageContent,
    /// How often it was written to; each write makes the next one.
    pub revision: u64,
    /// When it was begun.
    pub started_at: Timestamp,
}

/// A stream as its readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShownStream {
    /// The stream.
    #[serde(flatten)]
    pub stream: LiveStream,
    /// How many characters (Unicode scalar values) its text has: where it goes on.
    pub index: usize,
}

impl From<LiveStream> for ShownStream {
    fn from(stream: LiveStream) -> Self {
        let index = stream.length();
        Self { stream, index }
    }
}

/// What a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// What a person has typed so far; hidden from others when they do not share their drafts.
    Draft,
    /// A message that is told while it is made, as by a language model.
    Message,
}

/// What becomes of a stream whose author is lost for longer than it is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenLost {
    /// It is sent as far as it has come, marked as interrupted; one that says nothing is dropped.
    Finish,
    /// It is dropped.
    #[default]
    Drop,
}

/// How far a stream is. Only an open one is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// It is being written.
    Open,
    /// Its author has ended it: it is being sent as it is.
    Finished,
    /// Its author is lost: what becomes of it is being done.
    Lost,
}

/// Why a stream ended without a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    /// Its author gave it up.
    Aborted,
    /// Its author was lost.
    Lost,
    /// Its author is no longer in the room, or the room is gone.
    Removed,
    /// Its author no longer shares drafts.
    Hidden,
}

/// A change of a stream's text: its first characters stay, and others follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splice {
    /// The revision that it makes, of the one before.
    pub revision: u64,
    /// How many characters (Unicode scalar values) stay.
    pub index: usize,
    /// What follows them.
    pub delta: String,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteRefused {
    /// What was appended does not stand there, and does not follow what does.
    #[error("the text has {length} characters; go on from there")]
    Misplaced {
        /// How many characters there are: where the next append belongs.
        length: usize,
    },
    /// The text would break a rule of messages.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
}

impl LiveStream {
    /// Where the next character goes: how many there are.
    #[must_use]
    pub fn length(&self) -> usize {
        self.text.as_str().chars().count()
    }

    /// Puts `delta` where its author says it begins. None when all of it stands there already: a repeat. One that
    /// overlaps what stands there, to the letter, adds the rest.
    ///
    /// # Errors
    /// [`WriteRefused`].
    pub fn append(&self, index: usize, delta: &str) -> Result<Option<Splice>, WriteRefused> {
        let text = self.text.as_str();
        let length = self.length();
        let misplaced = WriteRefused::Misplaced { length };
        let Some(standing) = tail(text, index) else {
            return Err(misplaced);
        };
        let Some(rest) = delta.strip_prefix(standing) else {
            // What was sent before something else was.
            return match standing.starts_with(delta) {
                true => Ok(None),
                false => Err(misplaced),
            };
        };
        if rest.is_empty() {
            return Ok(None);
        }
        self.splice(length, rest).map(Some)
    }

    /// Gives it another text. None when that is the text it has.
    ///
    /// # Errors
    /// [`WriteRefused::Invalid`].
    pub fn replace(&self, text: &str) -> Result<Option<Splice>, WriteRefused> {
        if text == self.text.as_str() {
            return Ok(None);
        }
        let (index, rest) = common_start(self.text.as_str(), text);
        self.splice(index, rest).map(Some)
    }

    fn splice(&self, index: usize, delta: &str) -> Result<Splice, WriteRefused> {
        let splice = Splice {
            revision: self.revision + 1,
            index,
            delta: delta.to_owned(),
        };
        self.spliced(&splice)?;
        Ok(splice)
    }

    /// The text as the change makes it. The caller sees to it that the change is that of the next revision.
    ///
    /// # Errors
    /// The text would break a rule of messages.
    pub fn spliced(&self, splice: &Splice) -> Result<MessageContent, InvalidValue> {
        let text = self.text.as_str();
        let standing = tail(text, splice.index).map_or(0, str::len);
        let kept = &text[..text.len() - standing];
        MessageContent::parse(&[kept, &splice.delta].concat())
    }

    /// The id of the message that it becomes.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        MessageId(self.id.0)
    }

    /// The reference by which its message is stored once, however often it is finished.
    ///
    /// # Panics
    /// Never: a UUID is a good reference.
    #[must_use]
    pub fn client_msg_id(&self) -> ClientMsgId {
        ClientMsgId::parse(&self.id.to_string()).expect("a UUID has 36 characters")
    }

    /// It says nothing that could be sent.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.as_str().trim().is_empty()
    }
}

/// What follows the first `index` characters; none when there are fewer.
fn tail(text: &str, index: usize) -> Option<&str> {
    let mut chars = text.chars();
    for _ in 0..index {
        chars.next()?;
    }
    Some(chars.as_str())
}

/// How many characters two texts have in common at their start, and what follows them in the second.
#[must_use]
pub fn common_start<'a>(one: &str, other: &'a str) -> (usize, &'a str) {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let (count, bytes) = same.fold((0, 0), |(count, bytes), (char, _)| {
        (count + 1, bytes + char.len_utf8())
    });
    (count, &other[bytes..])
}

#[cfg(test)]
mod tests;
