//! Every error that a client can see (RFC 9457), with its status and its stable word.

mod code;
mod documented;
mod fields;
mod headers;
mod mapping;

use std::{fmt, time::Duration};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::Code;
pub(crate) use documented::problems;
pub use documented::{BODY, CALLER, ID, QUERY, document};
pub use fields::{FieldError, Fields};
pub(crate) use headers::{RATE_LIMIT, header_ref, headers};

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    retry_after: Option<Duration>,
    index: Option<usize>,
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
    /// After how long it may be tried again, in milliseconds; of `rate_limited` and `too_many_sockets` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// Where the text ends, in characters, and goes on; of `stream_misplaced` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

impl Problem {
    /// A problem, in a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retry_after: None,
            index: None,
            errors: Vec::new(),
        }
    }

    /// Fields that broke a rule.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(Code::ValidationFailed, "some fields broke a rule")
        }
    }

    /// Too often, and when again.
    #[must_use]
    pub fn rate_limited(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(Code::RateLimited, detail).after(retry_after)
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The same, with when it may be tried again.
    #[must_use]
    pub fn after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The same, with where the text goes on.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
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
            retry_after_ms: self.retry_after.map(milliseconds),
            index: self.index,
        }
    }

    /// The answer.
    #[must_use]
    pub fn respond(&self, request_id: Option<String>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.content_type(CONTENT_TYPE);
        let retry_after = match self.code.status() {
            // Long enough for a queue to empty or a node to be replaced, short enough not to be felt.
            StatusCode::SERVICE_UNAVAILABLE => {
                Some(self.retry_after.unwrap_or(Duration::from_secs(1)))
            }
            _ => self.retry_after,
        };
        if let Some(wait) = retry_after {
            response.insert_header(("Retry-After", whole_seconds(wait).max(1).to_string()));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        response.json(self.body(request_id))
    }
}

/// Rounded up: who waits for less is refused again.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Rounded up, as headers tell a time.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(wait: Duration) -> (u64, String) {
        let problem = Problem::rate_limited("too often", wait);
        let answer = problem.respond(None);
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        let seconds = answer.headers().get("retry-after").unwrap();
        let body = problem.body(None);
        (
            body.retry_after_ms.unwrap(),
            seconds.to_str().unwrap().to_owned(),
        )
    }

    #[test]
    fn the_time_to_wait_is_rounded_up() {
        for (nanoseconds, milliseconds, seconds) in [
            (0, 0, "1"),
            (1, 1, "1"),
            (1_000_000, 1, "1"),
            (1_000_000_000, 1_000, "1"),
            (1_000_000_001, 1_001, "2"),
            (59_999_999_999, 60_000, "60"),
        ] {
            let wait = Duration::from_nanos(nanoseconds);
            assert_eq!(told(wait), (milliseconds, seconds.to_owned()), "{wait:?}");
        }
    }

    #[test]
    fn other_problems_name_no_time_but_for_a_node_that_is_away() {
        let header = |code| {
            let answer = Problem::new(code, "").respond(None);
            answer.headers().get("retry-after").cloned()
        };
        assert_eq!(header(Code::Unavailable).unwrap(), "1");
        assert_eq!(header(Code::NotFound), None);
        let problem = Problem::new(Code::Unavailable, "");
        assert!(problem.body(None).retry_after_ms.is_none());
        let full = Problem::new(Code::TooManySockets, "").after(Duration::from_millis(6_500));
        let answer = full.respond(None);
        assert_eq!(answer.headers().get("retry-after").unwrap(), "7");
        assert_eq!(full.body(None).retry_after_ms, Some(6_500));
    }
}
