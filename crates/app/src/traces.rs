//! Traces: what becomes of a command or a request, over all nodes that have a part in it, sent to a collector of
//! OpenTelemetry over OTLP. Built with the Cargo feature `otlp` alone, and off until `OTLP_ENDPOINT` says where to.
//!
//! The other crates know nothing of OpenTelemetry. They open spans of the target [`domain::TRACED`]; one that has the field
//! [`domain::TRACE_PARENT_FIELD`] may begin a trace, or go on with that of another node, and all others only belong to the
//! one in which they are opened.

#[cfg(feature = "otlp")]
mod current;
#[cfg(feature = "otlp")]
mod joining;
#[cfg(feature = "otlp")]
mod recording;
#[cfg(not(feature = "otlp"))]
mod unrecorded;

#[cfg(feature = "otlp")]
pub use self::{
    current::{CurrentTrace, current_id},
    recording::Recording,
};
#[cfg(not(feature = "otlp"))]
pub use unrecorded::{CurrentTrace, Recording, current_id};

/// Whether this binary was built to record any.
pub const ARE_BUILT: bool = cfg!(feature = "otlp");

/// The spans that make up traces or begin one, and what is warned of in them.
#[cfg(feature = "otlp")]
fn is_recorded(metadata: &tracing::Metadata<'_>) -> bool {
    if metadata.is_span() {
        let fields = metadata.fields();
        metadata.target() == domain::TRACED || fields.field(domain::TRACE_PARENT_FIELD).is_some()
    } else {
        *metadata.level() <= tracing::Level::WARN
    }
}
