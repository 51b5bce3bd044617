use actix_web::{
    HttpRequest,
    http::header::{HOST, ORIGIN},
};

/// Whether a browser page of the request's origin may open a socket: the server's own pages, and the origins that are
/// configured. A client that sends no origin is no browser. Browsers apply no CORS to WebSockets, so the server must
/// (RFC 6455, section 10.2).
pub(crate) fn origin_is_allowed(request: &HttpRequest, allowed: &[String]) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    if allowed.iter().any(|allowed| allowed == origin) {
        return true;
    }
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    match (origin.split_once("://"), host) {
        (Some(("http" | "https", authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(origin: Option<&str>) -> HttpRequest {
        let request = TestRequest::get().insert_header(("Host", "chat.example:8080"));
        match origin {
            Some(origin) => request.insert_header(("Origin", origin)),
            None => request,
        }
        .to_http_request()
    }

    #[test]
    fn pages_of_the_server_and_of_listed_origins_may() {
        let allowed = ["https://app.example".to_owned()];
        for good in [
            None,
            Some("http://chat.example:8080"),
            Some("https://app.example"),
        ] {
            assert!(origin_is_allowed(&request(good), &allowed), "{good:?}");
        }
    }

    #[test]
    fn nobody_else_may() {
        let allowed = ["https://app.example".to_owned()];
        for bad in [
            "null",
            "https://evil.example",
            "https://app.example.evil.example",
            "http://chat.example:8081",
            "file://chat.example:8080",
        ] {
            assert!(!origin_is_allowed(&request(Some(bad)), &allowed), "{bad}");
        }
    }
}
