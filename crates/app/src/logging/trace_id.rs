use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::{config::LogFormat, traces};

/// Writes lines with the id of the trace to which each belongs, if it belongs to one: in front of a pretty line, and as the
/// member `trace_id` of one that is a JSON object.
pub(super) struct WithTraceId<F> {
    pub line: F,
    pub format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithTraceId<F>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match (traces::current_id(), self.format) {
            (None, _) => self.line.format_event(context, writer, event),
            (Some(id), LogFormat::Pretty) => {
                write!(writer, "{id} ")?;
                self.line.format_event(context, writer, event)
            }
            (Some(id), LogFormat::Json) => {
                let mut object = String::new();
                let line = Writer::new(&mut object);
                self.line.format_event(context, line, event)?;
                let members = object.strip_prefix('{').ok_or(fmt::Error)?;
                write!(writer, r#"{{"trace_id":"{id}",{members}"#)
            }
        }
    }
}
