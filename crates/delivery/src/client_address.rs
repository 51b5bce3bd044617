use std::net::{IpAddr, SocketAddr};

use actix_web::{dev::ServiceRequest, http::header::HeaderMap, web};

use crate::Door;

/// Where the request came from: the peer, or what the trusted proxies in front say.
pub(crate) fn client_address(request: &ServiceRequest) -> Option<IpAddr> {
    let proxies = request
        .app_data::<web::Data<Door>>()
        .map_or(0, |door| door.settings.trusted_proxies);
    resolve(
        request.peer_addr().map(|peer| peer.ip()),
        request.headers(),
        proxies,
    )
}

/// Each proxy appends the address of its own peer to X-Forwarded-For, so with n trusted ones the n-th entry from the
/// right was written by the outermost of them. What stands further left is the client's own word and is not believed.
fn resolve(peer: Option<IpAddr>, headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let Some(hop) = proxies.checked_sub(1) else {
        return peer;
    };
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let told = forwarded.iter().rev().nth(hop).and_then(|entry| {
        let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
        entry.parse().ok().or_else(with_port)
    });
    told.or(peer)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn resolved(proxies: usize, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_static(value));
        }
        let peer = "10.0.0.1".parse().ok();
        resolve(peer, &headers, proxies).unwrap().to_string()
    }

    #[test]
    fn without_trusted_proxies_the_header_is_not_believed() {
        assert_eq!(resolved(0, &["1.2.3.4"]), "10.0.0.1");
    }

    #[test]
    fn the_entry_of_the_outermost_trusted_proxy_counts() {
        assert_eq!(resolved(1, &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(resolved(2, &["6.6.6.6, 1.2.3.4", "10.0.0.2"]), "1.2.3.4");
        assert_eq!(resolved(1, &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn a_header_that_is_missing_short_or_broken_leaves_the_peer() {
        assert_eq!(resolved(1, &[]), "10.0.0.1");
        assert_eq!(resolved(2, &["1.2.3.4"]), "10.0.0.1");
        assert_eq!(resolved(1, &["unknown"]), "10.0.0.1");
    }
}
