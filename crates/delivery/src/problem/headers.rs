//! The headers that tell how often and when, for the documentation.

use utoipa::openapi::{Header, HeaderBuilder, Object, Ref, schema::Type};

/// How long to wait.
pub(crate) const RETRY_AFTER: &str = "Retry-After";

/// Of every answer to which a limit applied (draft-ietf-httpapi-ratelimit-headers-10).
pub(crate) const RATE_LIMIT: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

/// Where the documentation describes the header.
pub(crate) fn header_ref(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// The descriptions.
pub(crate) fn headers() -> [(&'static str, Header); 3] {
    let [policy, left] = RATE_LIMIT;
    [
        (
            RETRY_AFTER,
            header(Type::Integer, "Whole seconds to wait.", 1.into()),
        ),
        (
            policy,
            header(
                Type::String,
                "The tightest limit that applied: how often at once, and in how many seconds that comes back.",
                "\"rest_user\";q=3000;w=60".into(),
            ),
        ),
        (
            left,
            header(
                Type::String,
                "What is left of it, and after how many seconds it is whole again.",
                "\"rest_user\";r=2999;t=1".into(),
            ),
        ),
    ]
}

fn header(kind: Type, description: &str, example: serde_json::Value) -> Header {
    HeaderBuilder::new()
        .description(Some(description))
        .schema(Some(Object::with_type(kind)))
        .example(Some(example))
        .build()
}
