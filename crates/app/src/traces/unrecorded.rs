use anyhow::Result;
use domain::{TraceParent, ports::Traces};
use tracing_subscriber::Registry;

use crate::config;

/// Nothing is recorded: this binary was built without traces.
pub struct Recording;

impl Recording {
    /// The configuration cannot ask for any: that is a fault of its own.
    ///
    /// # Errors
    /// Never.
    pub fn start(_: Option<&config::Traces>) -> Result<Self> {
        Ok(Self)
    }

    /// Nothing to be done with spans.
    pub fn layer(&self) -> Option<Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>> {
        None
    }

    /// Nothing waits.
    pub fn end(self) {}
}

/// Nothing is recorded.
#[derive(Debug, Clone, Copy)]
pub struct CurrentTrace;

impl Traces for CurrentTrace {
    fn current(&self) -> Option<TraceParent> {
        None
    }
}

/// Nothing belongs to a trace.
pub fn current_id() -> Option<String> {
    None
}
