use serde::{Deserialize, Serialize};

/// A client's own reference to a command, repeated in the answer: a string of at most 64 characters, or an integer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reference {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Reference {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 64;

    /// False for a text that is too long to be repeated.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Self::Number(_) => true,
            Self::Text(text) => text.chars().count() <= Self::MAX_CHARS,
        }
    }
}
