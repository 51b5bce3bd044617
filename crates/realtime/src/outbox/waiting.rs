use bytestring::ByteString;

use super::FrameClass;
use crate::latency::Timing;

/// A frame that waits to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub class: FrameClass,
    pub frame: ByteString,
    pub timing: Timing,
}

/// What a queued frame costs beside its text: its place in the queue.
pub(super) const FRAME_OVERHEAD: usize = size_of::<Waiting>();

impl Waiting {
    pub fn untimed(class: FrameClass, frame: ByteString) -> Self {
        Self {
            class,
            frame,
            timing: Timing::NEVER,
        }
    }

    pub fn cost(&self) -> usize {
        self.frame.len() + FRAME_OVERHEAD
    }

    pub fn is_durable(&self) -> bool {
        self.class == FrameClass::Durable
    }
}
