//! Which problems a call can answer, for its documentation.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
    schema::{AllOfBuilder, ObjectBuilder, Type},
};

use super::{
    CONTENT_TYPE, Code,
    headers::{RETRY_AFTER, header_ref},
};

/// Of every call with an access token.
pub const CALLER: &[Code] = &[
    Code::TokenMissing,
    Code::TokenInvalid,
    Code::TokenExpired,
    Code::SessionEnded,
    Code::CsrfTokenMissing,
    Code::RateLimited,
    Code::Unavailable,
    Code::Internal,
];

/// Of every call with a body.
pub const BODY: &[Code] = &[
    Code::InvalidJson,
    Code::InvalidBody,
    Code::ValidationFailed,
    Code::UnsupportedMediaType,
    Code::BodyTooLarge,
    Code::BodyTimeout,
];

/// Of every call with an id in its path.
pub const ID: &[Code] = &[Code::InvalidId];

/// Of every call with a query.
pub const QUERY: &[Code] = &[Code::InvalidQuery, Code::ValidationFailed];

/// The documentation of these problems: one response a status, with the words it can carry.
#[must_use]
pub fn document(groups: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in groups.iter().copied().flatten() {
        let codes = by_status
            .entry(code.status().as_u16().to_string())
            .or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status, RefOr::T(response(&codes))))
        .collect()
}

fn response(codes: &[Code]) -> Response {
    let lines: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.word(), code.title()))
        .collect();
    let words = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().map(|code| code.word())));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("Problem"))
        .item(ObjectBuilder::new().property("code", words));
    let mut response = ResponseBuilder::new().description(lines.join(". "));
    if codes.iter().any(|code| names_a_wait(*code)) {
        response = response.header_ref(RETRY_AFTER, header_ref(RETRY_AFTER));
    }
    response
        .content(
            CONTENT_TYPE,
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
}

fn names_a_wait(code: Code) -> bool {
    matches!(
        code.status(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}

/// Names the problems of a call, for its `responses(…)`: groups of codes, then its own codes.
macro_rules! problems {
    ($name:ident: $($group:expr),* ; $($code:ident),* $(,)?) => {
        /// What can go wrong, for the documentation.
        struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::response::Response>,
            > {
                $crate::problem::document(&[$($group,)* &[$($crate::problem::Code::$code),*]])
            }
        }
    };
}
pub(crate) use problems;
