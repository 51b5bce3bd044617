//! The origins that browsers may call from.

/// Reads a list of origins, separated by commas. Each comes back as a browser would send it.
pub(super) fn parse(text: &str) -> Result<Vec<String>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| one(item).map_err(|reason| format!("{item:?} {reason}")))
        .collect()
}

fn one(text: &str) -> Result<String, &'static str> {
    const SHAPE: &str = "is not of the form scheme://host[:port]";
    if text.contains('*') {
        return Err("has a *: origins are listed one by one");
    }
    let (scheme, rest) = text.split_once("://").ok_or(SHAPE)?;
    let mut letters = scheme.chars();
    if !letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        || !letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        return Err(SHAPE);
    }
    if rest.contains(['/', '?', '#']) {
        return Err("has a path: an origin ends with its host or port, without a slash");
    }
    // The colons within the brackets of an IPv6 address are not those before a port.
    let after_address = rest.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match rest[after_address..].split_once(':') {
        Some((more, port)) => (&rest[..after_address + more.len()], Some(port)),
        None => (rest, None),
    };
    if !is_host(host) {
        return Err(SHAPE);
    }
    if let Some(port) = port {
        let number: u16 = port.parse().map_err(|_| "has a bad port")?;
        if number == 0 || number.to_string() != port {
            return Err("has a bad port");
        }
        if matches!(
            (scheme.to_ascii_lowercase().as_str(), number),
            ("http", 80) | ("https", 443)
        ) {
            return Err("names the port that its scheme implies, which browsers leave out");
        }
    }
    Ok(text.to_ascii_lowercase())
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(inner) => inner
            .strip_suffix(']')
            .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_list_of_exact_origins_is_read() {
        let list =
            "https://chat.example.org, http://localhost:3000,http://[::1]:5173,tauri://localhost,";
        assert_eq!(
            parse(list).unwrap(),
            [
                "https://chat.example.org",
                "http://localhost:3000",
                "http://[::1]:5173",
                "tauri://localhost"
            ]
        );
        assert_eq!(parse("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_origin_is_kept_as_a_browser_sends_it() {
        assert_eq!(
            parse("HTTPS://Chat.Example.ORG").unwrap(),
            ["https://chat.example.org"]
        );
    }

    #[test]
    fn what_no_browser_would_send_is_refused() {
        for bad in [
            "*",
            "https://*.example.org",
            "null",
            "example.org",
            "https://",
            "https://:8080",
            "https://example.org/",
            "https://example.org/app",
            "https://example.org?x",
            "https://user@example.org",
            "https://example.org:",
            "https://example.org:0",
            "https://example.org:08",
            "https://example.org:65536",
            "https://example.org:443",
            "http://example.org:80",
            "https://münchen.example",
            "https://[::1",
            "https://[::1]x:80",
            "https://a b",
            "1http://a",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_reason_names_the_one_origin_that_is_wrong() {
        let reason = parse("https://good.example,https://bad.example/").unwrap_err();
        assert!(
            reason.contains("\"https://bad.example/\" has a path"),
            "{reason}"
        );
        assert!(!reason.contains("good"), "{reason}");
    }
}
