mod query;

use std::{
    fmt::{self, Display},
    os::unix::ffi::OsStrExt,
};

use tokio_postgres::{Config, config::Host};

use self::query::Query;
use super::tls::{Tls, TlsMode};

/// Where PostgreSQL is and who calls there, read from a DSN.
///
/// Displayed, it says host, database and TLS mode. Neither that nor its debug form shows the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// A DSN cannot be used. Says why, and repeats nothing of it: what was meant as a password may stand anywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAddress {
    /// It is of something else.
    #[error("must begin with postgres:// or postgresql://")]
    Scheme,
    /// Where the host begins and ends cannot be told.
    #[error(
        "must hold no @, /, ? or # but as a mark between its parts: within one, write %40, %2F, %3F or %23"
    )]
    Unescaped,
    /// A line break, a NUL, or the like, escaped or not. An escaped one may be in a password, unless it is a NUL.
    #[error("must not hold a control character")]
    Control,
    /// There is none.
    #[error("must name a host")]
    NoHost,
    /// It is no name, no IP address and no folder.
    #[error("must name each host by its name, its IP address or, of a Unix socket, its folder")]
    Host,
    /// Several hosts, with neither one port nor one for each; or the same with `hostaddr`.
    #[error("must name one port, or one for each host, and as many of hostaddr as of host")]
    Count,
    /// Certificates of clients, passwords in files and the like.
    #[error("has the option {0}, which cannot be used here")]
    Unsupported(&'static str),
    /// Not repeated, since it may be the rest of a password.
    #[error("has an option that is not known; known are {}", query::KNOWN.join(", "))]
    UnknownOption,
    /// An option has a value that it does not take.
    #[error("has an option that cannot be read: {0}")]
    Option(String),
    /// `sslmode` is unknown.
    #[error("must have an sslmode out of disable, prefer, require, verify-ca and verify-full")]
    TlsMode,
    /// Any public authority would do then, whoever asked it for a certificate.
    #[error(
        "has sslmode=verify-ca, which needs sslrootcert=<file of the authority's certificates>"
    )]
    NoRoots,
    /// As with libpq.
    #[error("has sslrootcert=system, which needs sslmode=verify-full")]
    SystemRoots,
}

impl Address {
    /// Reads a DSN, `postgres://<user>:<password>@<host>:<port>/<database>?<option>=<value>&…`, with several
    /// `<host>:<port>` and commas between them if there are several.
    ///
    /// `sslmode` is disable, prefer (if none is given), require, verify-ca or verify-full, each as in libpq, but
    /// prefer with `sslrootcert` is safer: a certificate that is not vouched for ends the attempt, where libpq goes on in
    /// the clear. A server without TLS is talked to in the clear with prefer, as there. What
    /// `sslrootcert` names, a file of PEM certificates, vouches for the server: no certificate is taken that it does not
    /// vouch for, in any mode that encrypts. Without it, verify-full asks the roots of the system, as it does with
    /// `sslrootcert=system`, and prefer and require take any certificate. Through Unix sockets nothing is encrypted.
    ///
    /// # Errors
    /// [`InvalidAddress`] says what stands against it.
    pub fn parse(dsn: &str) -> Result<Self, InvalidAddress> {
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| dsn.strip_prefix(scheme))
            .ok_or(InvalidAddress::Scheme)?;
        if dsn.contains(char::is_control) {
            return Err(InvalidAddress::Control);
        }
        // tokio-postgres ends the user at the first @, wherever it stands: the rest of a password would be the host.
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.matches('@').count() > 1 || rest.contains(['@', '#']) {
            return Err(InvalidAddress::Unescaped);
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = Query::parse(query)?;
        let mut config: Config = format!("postgres://{authority}{path}?{}", query.others)
            .parse()
            .map_err(|error| InvalidAddress::Option(reason(&error)))?;
        if config.get_hosts().is_empty() {
            // tokio-postgres encrypts nothing for a host that has no name.
            for number in config.get_hostaddrs().to_vec() {
                config.host(number.to_string());
            }
        }
        check(&config)?;
        if let Some(timeout) = query.tcp_user_timeout {
            config.tcp_user_timeout(timeout);
        }
        let mut tls = query.tls;
        let mut hosts = config.get_hosts().iter();
        if hosts.all(|host| matches!(host, Host::Unix(_))) && config.get_hostaddrs().is_empty() {
            tls = Tls::DISABLED;
        }
        config.ssl_mode(tls.mode.negotiated());
        if config.get_application_name().is_none() {
            config.application_name("chatterstack");
        }
        Ok(Self { config, tls })
    }

    /// The hosts with their ports, and commas between them.
    #[must_use]
    pub fn hosts(&self) -> String {
        let ports = self.config.get_ports();
        let port = |index: usize| *ports.get(index).or(ports.first()).unwrap_or(&5432);
        let name = |(index, host): (usize, &Host)| match host {
            Host::Tcp(host) if host.contains(':') => format!("[{host}]:{}", port(index)),
            Host::Tcp(host) => format!("{host}:{}", port(index)),
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(index)),
        };
        let hosts = self.config.get_hosts();
        hosts
            .iter()
            .enumerate()
            .map(name)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// The database; where none is named it is called as the user is.
    #[must_use]
    pub fn database(&self) -> &str {
        let named = self.config.get_dbname().or(self.config.get_user());
        named.unwrap_or("of the system's user")
    }

    /// How much of TLS is asked for.
    #[must_use]
    pub fn tls_mode(&self) -> TlsMode {
        self.tls.mode
    }
}

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hosts, database, tls) = (self.hosts(), self.database(), self.tls.mode);
        write!(f, "host {hosts}, database {database}, sslmode {tls}")
    }
}

/// Finds now what tokio-postgres would only find when it connects.
fn check(config: &Config) -> Result<(), InvalidAddress> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    if hosts.is_empty() {
        return Err(InvalidAddress::NoHost);
    }
    let is_named = |host: &Host| match host {
        Host::Tcp(host) => {
            let letter = |c: char| c.is_alphanumeric() || ".-_:%".contains(c);
            !host.is_empty() && host.chars().all(letter)
        }
        Host::Unix(folder) => !has_control(folder.as_os_str().as_bytes()),
    };
    if !hosts.iter().all(is_named) {
        return Err(InvalidAddress::Host);
    }
    let fits = |count: usize| count <= 1 || count == hosts.len();
    if !fits(config.get_ports().len()) || ![0, hosts.len()].contains(&addresses.len()) {
        return Err(InvalidAddress::Count);
    }
    let shown = [
        config.get_user(),
        config.get_dbname(),
        config.get_options(),
        config.get_application_name(),
    ];
    let password = config.get_password().unwrap_or_default();
    let mut shown = shown.into_iter().flatten();
    if password.contains(&0) || shown.any(|text| has_control(text.as_bytes())) {
        return Err(InvalidAddress::Control);
    }
    Ok(())
}

fn has_control(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_control)
}

/// What tokio-postgres says against it: the name of an option at most, since only names that are known get there.
fn reason(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests;
