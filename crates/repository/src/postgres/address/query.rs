use std::time::Duration;

use super::InvalidAddress;
use crate::postgres::tls::Tls;

/// What may stand after the question mark of a DSN.
pub(super) const KNOWN: [&str; 20] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "sslmode",
    "sslrootcert",
    "sslnegotiation",
    "channel_binding",
    "target_session_attrs",
    "load_balance_hosts",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
];

/// What libpq takes too. It is not passed over, for that might weaken what was asked for.
const UNSUPPORTED: [&str; 14] = [
    "client_encoding",
    "fallback_application_name",
    "gssencmode",
    "passfile",
    "require_auth",
    "requirepeer",
    "service",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslpassword",
];

/// The options of a DSN.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) tls: Tls,
    pub(super) tcp_user_timeout: Option<Duration>,
    /// Those that tokio-postgres reads itself, still escaped.
    pub(super) others: String,
}

impl Query {
    pub(super) fn parse(query: &str) -> Result<Self, InvalidAddress> {
        let mut others = Vec::new();
        let (mut mode, mut roots, mut tcp_user_timeout) = (None, None, None);
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option
                .split_once('=')
                .ok_or(InvalidAddress::UnknownOption)?;
            let name = decoded(name)?;
            match &*name {
                "sslmode" => mode = Some(decoded(value)?),
                "sslrootcert" => roots = Some(decoded(value)?),
                // Milliseconds, as in libpq; tokio-postgres would take it for seconds.
                "tcp_user_timeout" => {
                    let milliseconds = decoded(value)?.parse().map_err(|_| {
                        InvalidAddress::Option("tcp_user_timeout is in milliseconds".to_owned())
                    })?;
                    tcp_user_timeout = Some(Duration::from_millis(milliseconds));
                }
                // tokio-postgres has another name for it.
                "keepalives_count" => others.push(format!("keepalives_retries={value}")),
                // Of a URL, tokio-postgres takes a list for one name.
                "host" => {
                    let hosts = value.split(',');
                    others.extend(hosts.map(|host| format!("host={host}")));
                }
                name if KNOWN.contains(&name) => others.push(format!("{name}={value}")),
                name => {
                    let unsupported = UNSUPPORTED.into_iter().find(|other| *other == name);
                    return Err(unsupported
                        .map_or(InvalidAddress::UnknownOption, InvalidAddress::Unsupported));
                }
            }
        }
        Ok(Self {
            tls: Tls::choose(mode.as_deref(), roots.as_deref())?,
            tcp_user_timeout,
            others: others.join("&"),
        })
    }
}

/// Without its percent signs; a plus sign stays one, as in libpq.
fn decoded(text: &str) -> Result<String, InvalidAddress> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let byte = byte.filter(|byte| *byte != 0).ok_or_else(unreadable)?;
        bytes.push(byte);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}

fn unreadable() -> InvalidAddress {
    InvalidAddress::Option(
        "a percent sign must be followed by two hexadecimal digits of UTF-8".to_owned(),
    )
}
