//! Where `healthcheck` looks.

/// `http://host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// A name or an address, IPv6 without its brackets.
    pub host: String,
    /// 80 when none was named.
    pub port: u16,
}

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let authority = text.strip_prefix("http://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, rest) = match authority.strip_prefix('[') {
            Some(inner) => inner.split_once(']')?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_:".contains(&b);
        if host.is_empty() || !host.bytes().all(allowed) {
            return None;
        }
        let port = match rest.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port > 0)?,
            None if rest.is_empty() => 80,
            None => return None,
        };
        Some(Self {
            host: host.to_owned(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("http://localhost:8080", "localhost", 8080),
            ("http://chat.example.org/", "chat.example.org", 80),
            ("http://[::1]:9000", "::1", 9000),
        ] {
            assert_eq!(
                BaseUrl::parse(text),
                Some(BaseUrl {
                    host: host.to_owned(),
                    port
                })
            );
        }
    }

    #[test]
    fn anything_else_is_no_base_url() {
        for text in [
            "",
            "localhost:8080",
            "https://localhost",
            "http://",
            "http://:80",
            "http://h:0",
            "http://h:x",
            "http://h:99999",
            "http://h/path",
            "http://u:p@h",
            "http://[::1]x",
            "http://h\r\nX: y",
        ] {
            assert_eq!(BaseUrl::parse(text), None, "{text:?}");
        }
    }
}
