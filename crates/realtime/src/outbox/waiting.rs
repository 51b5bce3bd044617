use bytes::Bytes;
use bytestring::ByteString;

use super::{FrameClass, Outgoing};
use crate::latency::Timing;

/// A frame that waits to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub class: FrameClass,
    pub content: Content,
    pub timing: Timing,
}

/// What it says.
#[derive(Debug)]
pub(super) enum Content {
    Text(ByteString),
    Ping,
    Pong(Bytes),
}

/// What a queued frame costs beside its text: its place in the queue.
pub(super) const FRAME_OVERHEAD: usize = size_of::<Waiting>();

impl Waiting {
    pub fn untimed(class: FrameClass, frame: ByteString) -> Self {
        Self {
            class,
            content: Content::Text(frame),
            timing: Timing::NEVER,
        }
    }

    pub fn cost(&self) -> usize {
        let length = match &self.content {
            Content::Text(text) => text.len(),
            Content::Ping => 0,
            Content::Pong(content) => content.len(),
        };
        length + FRAME_OVERHEAD
    }

    pub fn is_durable(&self) -> bool {
        self.class == FrameClass::Durable
    }
}

impl From<Content> for Outgoing {
    fn from(content: Content) -> Self {
        match content {
            Content::Text(text) => Self::Frame(text),
            Content::Ping => Self::Ping,
            Content::Pong(content) => Self::Pong(content),
        }
    }
}
