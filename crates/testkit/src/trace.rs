use domain::{TraceParent, ports::Traces};

/// All that is done belongs to one recorded trace.
#[derive(Debug, Clone, Copy)]
pub struct OneTrace;

impl Traces for OneTrace {
    fn current(&self) -> Option<TraceParent> {
        TraceParent::new(1, 2)
    }
}
