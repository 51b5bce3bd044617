use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration as CookieAge},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// The access token, which scripts cannot read.
pub(super) const ACCESS: &str = "cs_access";

/// The CSRF token, which scripts must read and repeat in the header.
const CSRF: &str = "cs_csrf";

const CSRF_HEADER: &str = "x-csrf-token";

/// The CSRF token that belongs to an access token. It is derived, so that nothing needs to be kept, and another site
/// can neither read it nor make it (OWASP: double submit, bound to the session).
fn csrf_token(access_token: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"chatterstack csrf\0")
        .chain_update(access_token)
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// True when the request repeats the CSRF token in the header.
pub(super) fn csrf_matches(request: &HttpRequest, access_token: &str) -> bool {
    request
        .headers()
        .get(CSRF_HEADER)
        .is_some_and(|value| value.as_bytes() == csrf_token(access_token).as_bytes())
}

/// The two cookies of a log-in.
pub(super) fn set(access_token: &str, max_age_seconds: i64, secure: bool) -> [Cookie<'static>; 2] {
    let age = CookieAge::seconds(max_age_seconds);
    let cookie = |name: &'static str, value: String, http_only: bool| {
        Cookie::build(name, value)
            .path("/")
            .http_only(http_only)
            .secure(secure)
            .same_site(SameSite::Strict)
            .max_age(age)
            .finish()
    };
    [
        cookie(ACCESS, access_token.to_owned(), true),
        cookie(CSRF, csrf_token(access_token), false),
    ]
}

/// The two cookies, gone.
pub(super) fn clear() -> [Cookie<'static>; 2] {
    [ACCESS, CSRF].map(|name| {
        let mut cookie = Cookie::build(name, "").path("/").finish();
        cookie.make_removal();
        cookie
    })
}
