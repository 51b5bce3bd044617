use actix_web::{HttpRequest, HttpResponse, http::header::ACCEPT};
use serde::Serialize;

use crate::problem::{Code, Problem};

/// The body as JSON; or its rows as CSV (RFC 4180), with a line of names first, for a client that accepts CSV and not JSON.
pub(super) fn answer<T: Serialize>(
    request: &HttpRequest,
    body: &impl Serialize,
    columns: &str,
    rows: impl IntoIterator<Item = T>,
) -> Result<HttpResponse, Problem> {
    let accept = request.headers().get(ACCEPT);
    let accept = accept.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let accept = accept.to_ascii_lowercase();
    if !accept.contains("text/csv") || accept.contains("application/json") {
        return Ok(HttpResponse::Ok().json(body));
    }
    let failed = |error: String| {
        tracing::error!(%error, "an answer could not be written as CSV");
        Problem::new(Code::Internal, "the server failed; the log has the details")
    };
    let mut csv = ::csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    csv.write_record(columns.split(','))
        .map_err(|error| failed(error.to_string()))?;
    for row in rows {
        csv.serialize(row)
            .map_err(|error| failed(error.to_string()))?;
    }
    let text = csv
        .into_inner()
        .map_err(|error| failed(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Type", "text/csv; charset=utf-8; header=present"))
        .body(text))
}
