//! What a browser gets, embedded in the binary.

use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The page at `/`, and what it needs under `/assets/`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(|| async { serve("index.html") }))
        .route(
            "/assets/{path:.*}",
            web::get().to(|path: web::Path<String>| async move { serve(&path) }),
        );
}

/// Pages run their own scripts and styles alone, and talk to their own server alone.
const POLICY: &str = "default-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

fn serve(path: &str) -> HttpResponse {
    let Some(file) = Assets::get(path) else {
        return HttpResponse::NotFound().finish();
    };
    HttpResponse::Ok()
        .content_type(file.metadata.mimetype())
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("Cache-Control", "no-cache"))
        .body(file.data)
}
