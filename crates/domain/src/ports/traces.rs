use std::fmt::Debug;

use crate::TraceParent;

/// The traces that are recorded of what this process does.
pub trait Traces: Debug + Send + Sync {
    /// Where the caller's work stands, when that is recorded.
    fn current(&self) -> Option<TraceParent>;
}

/// Nothing is recorded.
#[derive(Debug, Clone, Copy, Default)]
pub struct Untraced;

impl Traces for Untraced {
    fn current(&self) -> Option<TraceParent> {
        None
    }
}
