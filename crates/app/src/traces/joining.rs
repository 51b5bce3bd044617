use domain::{TRACE_PARENT_FIELD, TraceParent};
use opentelemetry::{
    Context as Trace,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::{
    Event, Subscriber,
    dispatcher::Dispatch,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Lets a span begin a trace only where it has the field [`TRACE_PARENT_FIELD`], and go on with the trace that the field
/// names. Without that, each write of a background task would be a trace of its own.
///
/// It cannot be asked for the layer inside (`downcast_raw` is unsafe), so that the `OpenTelemetrySpanExt` of
/// tracing-opentelemetry does nothing here.
pub struct Joining<L>(pub L);

impl<S, L> Layer<S> for Joining<L>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    L: Layer<S>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.0.on_register_dispatch(subscriber);
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.0.on_layer(subscriber);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let fields = attributes.metadata().fields();
        if fields.field(TRACE_PARENT_FIELD).is_none() {
            if Trace::map_current(Trace::has_active_span) {
                self.0.on_new_span(attributes, id, context);
            }
            return;
        }
        let mut parent = Parent::default();
        attributes.record(&mut parent);
        let _going_on = parent.0.map(|parent| remote(parent).attach());
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        self.0.on_follows_from(id, follows, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.0.on_event(event, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}

/// The trace that another process records.
fn remote(parent: TraceParent) -> Trace {
    Trace::new().with_remote_span_context(SpanContext::new(
        TraceId::from(parent.trace_id()),
        SpanId::from(parent.span_id()),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    ))
}

/// What the field says. What is no `traceparent` counts as none (W3C Trace Context, section 4.3).
#[derive(Default)]
struct Parent(Option<TraceParent>);

impl Visit for Parent {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == TRACE_PARENT_FIELD {
            self.0 = value.parse().ok();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == TRACE_PARENT_FIELD {
            self.0 = format!("{value:?}").parse().ok();
        }
    }
}
