use domain::{TraceParent, ports::Traces};
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt},
};

/// What is recorded of the work that the calling thread does right now.
#[derive(Debug, Clone, Copy)]
pub struct CurrentTrace;

impl Traces for CurrentTrace {
    fn current(&self) -> Option<TraceParent> {
        let here = here().filter(SpanContext::is_sampled)?;
        TraceParent::new(
            u128::from_be_bytes(here.trace_id().to_bytes()),
            u64::from_be_bytes(here.span_id().to_bytes()),
        )
    }
}

/// The id of the trace to which the calling thread's work belongs, in hex, recorded or not.
pub fn current_id() -> Option<String> {
    here().map(|here| here.trace_id().to_string())
}

fn here() -> Option<SpanContext> {
    Context::map_current(|context| {
        let span = context.span();
        let here = span.span_context();
        here.is_valid().then(|| here.clone())
    })
}
