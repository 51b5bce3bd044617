//! `chatterstack healthcheck`: asks a running server whether it lives.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crate::config::{BaseUrl, Config};

const PATH: &str = "/health/live";
const TIMEOUT: Duration = Duration::from_secs(5);
/// More than any status line has.
const MAX_LINE_BYTES: usize = 1_024;

/// The server does not live, or nobody can tell.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// The port is chosen at the start, and only the server knows it.
    #[error("PORT is 0: name the server with CHATTERSTACK_URL")]
    UnknownPort,
    /// Nobody answered.
    #[error("{url} does not answer: {source}")]
    NoAnswer {
        /// Where.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// The answer was not 200.
    #[error("{url} answers {status}")]
    Status {
        /// Where.
        url: String,
        /// What.
        status: u16,
    },
}

/// Asks the server that this configuration belongs to, and answers the line to print. Takes five seconds at most.
///
/// # Errors
/// [`Unhealthy`], whose display is the line to print.
pub fn run(config: &Config) -> Result<String, Unhealthy> {
    let target = target(config).ok_or(Unhealthy::UnknownPort)?;
    check(&target, TIMEOUT)
}

fn target(config: &Config) -> Option<BaseUrl> {
    if let Some(url) = &config.healthcheck_url {
        return Some(url.clone());
    }
    let host = match config.http.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let port = config.http.port;
    (port != 0).then(|| BaseUrl {
        host: host.to_string(),
        port,
    })
}

fn check(target: &BaseUrl, timeout: Duration) -> Result<String, Unhealthy> {
    let BaseUrl { host, port } = target;
    let authority = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let url = format!("http://{authority}{PATH}");
    let deadline = Instant::now() + timeout;
    let asked = (host.as_str(), *port)
        .to_socket_addrs()
        .and_then(|addresses| connect(addresses, deadline))
        .and_then(|stream| ask(stream, &authority, deadline));
    match asked {
        Ok(200) => Ok(format!("{url} answers 200")),
        Ok(status) => Err(Unhealthy::Status { url, status }),
        Err(source) => Err(Unhealthy::NoAnswer { url, source }),
    }
}

fn connect(
    addresses: impl Iterator<Item = SocketAddr>,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in addresses {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn ask(mut stream: TcpStream, authority: &str, deadline: Instant) -> io::Result<u16> {
    stream.set_write_timeout(Some(left(deadline)?))?;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut chunk = [0; 256];
    // The deadline again before each read: a peer that drips bytes does not prolong it.
    while !answer.contains(&b'\n') && answer.len() < MAX_LINE_BYTES {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(too_late()),
            Err(error) => return Err(error),
        }
    }
    status(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let code = line
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| line.strip_prefix(b"HTTP/1.0 "))?;
    std::str::from_utf8(code.get(..3)?).ok()?.parse().ok()
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(too_late())
    } else {
        Ok(left)
    }
}

fn too_late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

#[cfg(test)]
mod tests;
