use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::traces;

/// Writes the id of the trace to which an event belongs in front of its line.
pub(super) struct TraceInFront<F>(pub F);

impl<S, N, F> FormatEvent<S, N> for TraceInFront<F>
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
        if let Some(id) = traces::current_id() {
            write!(writer, "{id} ")?;
        }
        self.0.format_event(context, writer, event)
    }
}

/// Makes the id of the trace to which an event belongs a member, `trace_id`, of the JSON object that is its line.
pub(super) struct TraceAsMember<F>(pub F);

impl<S, N, F> FormatEvent<S, N> for TraceAsMember<F>
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
        let Some(id) = traces::current_id() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        match line.strip_prefix('{') {
            Some(rest) => write!(writer, r#"{{"trace_id":"{id}",{rest}"#),
            None => writer.write_str(&line),
        }
    }
}
