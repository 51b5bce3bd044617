use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
            ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
            ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
            HeaderMap, HeaderValue, ORIGIN, VARY,
        },
    },
    middleware::Next,
    web,
};
use tracing_actix_web::RequestId;

use super::finish::dress;
use crate::{
    Door,
    problem::{Code, Problem},
};

/// As the contract writes them, with what else the API needs at the end.
const METHODS: &str = "GET,POST,PUT,PATCH,DELETE,OPTIONS";
const HEADERS: &str = "Content-Type, Authorization, X-Auth-Token, X-CSRF-Token";
const EXPOSED: &str = "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id";
const MAX_AGE: &str = "600";

/// The cross-origin rules: the origins that are configured, exactly, and nobody else. The server owns these headers.
///
/// A preflight is answered here. Any other request goes on, whatever its origin: the browser keeps the answer from a
/// page that is not named in it. actix-cors would do, but gives the lists in another order at each start, and
/// credentials to origins that are not allowed.
///
/// # Errors
/// Those of the handler.
pub async fn cors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let leave = request.headers().get(ORIGIN).cloned().filter(|origin| {
        let door = request.app_data::<web::Data<Door>>();
        door.is_some_and(|door| {
            let mut allowed = door.settings.allowed_origins.iter();
            allowed.any(|allowed| allowed.as_bytes() == origin.as_bytes())
        })
    });
    let mut answer = if is_preflight(&request) {
        let answer = preflight(&request, leave.is_some());
        request.into_response(answer)
    } else {
        next.call(request).await?.map_into_boxed_body()
    };
    name_origin(answer.headers_mut(), leave);
    Ok(answer)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(request: &ServiceRequest, allowed: bool) -> HttpResponse {
    let id = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string);
    let mut answer = if allowed {
        HttpResponse::Ok()
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish()
    } else {
        let detail = "pages of this origin may not call; see CORS_ALLOWED_ORIGINS";
        Problem::new(Code::OriginNotAllowed, detail).respond(id.clone())
    };
    dress(answer.headers_mut(), id.as_deref());
    answer
}

/// Gives the origin leave to read the answer. Without leave, the answer says only that it depends on the origin, so
/// that no cache hands one to the other.
fn name_origin(headers: &mut HeaderMap, leave: Option<HeaderValue>) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = leave {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let yes = HeaderValue::from_static("true");
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}
