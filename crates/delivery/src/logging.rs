use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::UPGRADE,
};
use domain::{TRACE_PARENT_FIELD, TraceParent};
use tracing::{
    Span,
    field::{Empty, display},
};
use tracing_actix_web::{RequestId, RootSpanBuilder, TracingLogger};

use crate::client_address::client_address;

/// Gives every request an id and a span, and logs its answer.
pub type RequestLog = TracingLogger<RequestSpan>;

/// The span of a request in the log: its id, method, route and status. Never the query, which may hold a token, nor a
/// header but the `traceparent` (W3C Trace Context), whose trace the span goes on with where traces are recorded.
pub struct RequestSpan;

/// What the log says of every request, and perhaps more.
macro_rules! request_span {
    ($request:ident, $request_id:ident, $client:ident $(, $($more:tt)*)?) => {
        tracing::info_span!(
            "request",
            %$request_id,
            method = %$request.method(),
            path = $request.path(),
            $client,
            status = Empty,
            $($($more)*)?
        )
    };
}

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let request_id = request
            .extensions()
            .get::<RequestId>()
            .map(ToString::to_string)
            .unwrap_or_default();
        let client = client_address(request.request()).map(display);
        // The span of a handshake lasts as long as its socket, whose commands are traces of their own.
        if request.headers().contains_key(UPGRADE) {
            return request_span!(request, request_id, client);
        }
        let span = request_span!(
            request,
            request_id,
            client,
            { TRACE_PARENT_FIELD } = trace_parent(request).map(display),
            otel.name = Empty,
            otel.kind = Empty,
            otel.status_code = Empty,
        );
        if are_recorded() {
            // By its route, so that there is a bounded number of names.
            let method = request.method();
            let name = match request.match_pattern() {
                Some(route) => format!("{method} {route}"),
                None => method.to_string(),
            };
            span.record("otel.name", name);
            span.record("otel.kind", "server");
        }
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", i64::from(status.as_u16()));
        if status.is_server_error() && are_recorded() {
            span.record("otel.status_code", "ERROR");
        }
        span.in_scope(|| {
            if status.is_server_error() {
                tracing::warn!("answered");
            } else {
                tracing::info!("answered");
            }
        });
    }
}

/// Whether traces are recorded in this process.
static ARE_RECORDED: AtomicBool = AtomicBool::new(false);

/// From now on requests and commands begin traces, or go on with those of their callers.
///
/// The process says so itself: to ask `tracing` whether a span would be recorded, beside layers with filters of their own,
/// hides the next event from some of them.
pub fn record_traces() {
    ARE_RECORDED.store(true, Ordering::Relaxed);
}

pub(crate) fn are_recorded() -> bool {
    ARE_RECORDED.load(Ordering::Relaxed)
}

/// The trace of the caller; what is none counts as none (W3C Trace Context, section 4.3).
fn trace_parent(request: &ServiceRequest) -> Option<TraceParent> {
    let told = request.headers().get(TRACE_PARENT_FIELD)?;
    let told = told.to_str().ok().filter(|_| are_recorded())?;
    told.parse().ok()
}
