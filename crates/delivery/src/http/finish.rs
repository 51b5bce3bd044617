use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ResponseHead, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{
        StatusCode,
        header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use bytes::Bytes;
use futures_util::Stream;
use tracing_actix_web::RequestId;

use crate::{
    limits,
    problem::{Code, Problem},
};

/// The last touch on every answer: the request id, security headers, and the form of a problem, also for what actix
/// itself refuses.
///
/// # Errors
/// None: an error becomes an answer.
pub async fn finish(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string);
    let unread = share_body(&mut request);
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(problem) = problem_of(&response) {
        let allow = response.headers().get(ALLOW).cloned();
        let mut answer: HttpResponse = problem.respond(request_id.clone());
        if let Some(allow) = allow {
            answer.headers_mut().insert(ALLOW, allow);
        }
        response = response.into_response(answer);
    }
    let request = response.request().clone();
    limits::tell(&request, response.headers_mut());
    drop(request);
    dress(response.headers_mut(), request_id.as_deref());
    if let Some(unread) = unread
        && response.status() != StatusCode::SWITCHING_PROTOCOLS
    {
        let hold = |_: &mut ResponseHead, body| {
            BoxBody::new(Holding {
                body,
                _unread: unread,
            })
        };
        response = response.map_body(hold);
    }
    Ok(response)
}

/// Keeps a hand on the body of a request, whoever reads it. actix closes a connection on which something unread is left,
/// but goes on reading a chunked body, without end, once nobody holds it.
fn share_body(request: &mut ServiceRequest) -> Option<SharedBody> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let shared = SharedBody(Rc::new(RefCell::new(payload)));
    request.set_payload(Payload::Stream {
        payload: Box::pin(shared.clone()),
    });
    Some(shared)
}

#[derive(Clone)]
struct SharedBody(Rc<RefCell<Payload>>);

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// An answer that holds the body of its request until it is out.
struct Holding {
    body: BoxBody,
    _unread: SharedBody,
}

impl MessageBody for Holding {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

/// Puts the headers on that every answer wears.
pub(super) fn dress(headers: &mut HeaderMap, request_id: Option<&str>) {
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    if let Some(id) = request_id {
        put("x-request-id", id);
    }
    put("x-content-type-options", "nosniff");
    put("referrer-policy", "no-referrer");
    put("x-frame-options", "DENY");
}

fn problem_of(response: &ServiceResponse) -> Option<Problem> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    if let Some(problem) = response
        .response()
        .error()
        .and_then(|error| error.as_error::<Problem>())
    {
        return Some(problem.clone());
    }
    // An answer that a handler made, such as that of /health/ready.
    if response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json")
    {
        return None;
    }
    let code = match status.as_u16() {
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        408 => Code::BodyTimeout,
        413 => Code::BodyTooLarge,
        400..500 => Code::InvalidBody,
        _ => Code::Internal,
    };
    Some(Problem::new(code, code.title()))
}
