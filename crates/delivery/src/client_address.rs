use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::{HttpRequest, http::header::HeaderMap, web};

use crate::Door;

/// Where the request came from: the peer, or what the trusted proxies in front say.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
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
    // As bytes: what a client put in front, which may be no text, must not hide what the proxies wrote behind it.
    let forwarded: Vec<&[u8]> = headers
        .get_all("x-forwarded-for")
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    let told = forwarded.iter().rev().nth(hop).and_then(|entry| {
        let entry = std::str::from_utf8(entry).ok()?.trim();
        let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
        entry.parse().ok().or_else(with_port)
    });
    told.or(peer)
}

/// Who an address stands for when it is counted. IPv6 gives a home, or a rented machine, a /64 of its own (RFC 6177):
/// by single addresses, everybody would have 2^64 tries. An IPv4 address written as IPv6 is the IPv4 address.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let prefix = u128::from(address) & (!0 << 64);
            format!("{}/64", Ipv6Addr::from(prefix))
        }
        // Listeners are TCP alone, whose peers have addresses.
        None => "unknown".to_owned(),
    }
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
    fn what_is_no_text_in_the_clients_part_hides_nothing_of_the_proxys() {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"\xff\xfe, 1.2.3.4").unwrap();
        headers.append(HeaderName::from_static("x-forwarded-for"), value);
        let peer = "10.0.0.1".parse().ok();
        let told = resolve(peer, &headers, 1).unwrap();
        assert_eq!(told.to_string(), "1.2.3.4");
        assert_eq!(resolve(peer, &headers, 2), peer);
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

    #[test]
    fn an_ipv6_client_is_counted_by_its_64_and_an_ipv4_client_by_itself() {
        let of = |text: &str| network(text.parse().ok());
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
