//! Every error that a client can see (RFC 9457), with its status and its stable word.

mod code;
mod documented;
mod fields;
mod mapping;

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::Code;
pub(crate) use documented::problems;
pub use documented::{BODY, CALLER, ID, QUERY, document};
pub use fields::{FieldError, Fields};

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    pub(crate) errors: Vec<FieldError>,
}

/// The body of a problem.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Names the kind of problem: `urn:chatterstack:problem:<code>`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// This case in a sentence.
    detail: &'a str,
    /// The kind as a stable word, for programs.
    code: &'a str,
    /// The id of the request, as in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The fields that broke a rule, all of them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    /// A problem, in a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// Fields that broke a rule.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self {
            code: Code::ValidationFailed,
            detail: "some fields broke a rule".into(),
            errors,
        }
    }

    /// Its word.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its body, as REST and the `error` frame of a socket show it.
    #[must_use]
    pub fn body(&self, request_id: Option<String>) -> ProblemBody<'_> {
        ProblemBody {
            kind: format!("urn:chatterstack:problem:{}", self.code.word()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.word(),
            request_id,
            errors: &self.errors,
        }
    }

    /// The answer.
    #[must_use]
    pub fn respond(&self, request_id: Option<String>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.content_type(CONTENT_TYPE);
        if self.code.status() == StatusCode::SERVICE_UNAVAILABLE {
            // Long enough for a queue to empty or a node to be replaced, short enough not to be felt.
            response.insert_header(("Retry-After", "1"));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response.json(self.body(request_id))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.word(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}
