use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use socket2::{Domain, Socket as Unconnected, Type};

use crate::frames::{self, Incoming};

/// A server that has not answered a handshake by then is at fault.
const BOUND: Duration = Duration::from_secs(30);

/// A socket that never waits for its peer.
pub struct Socket {
    pub stream: TcpStream,
    /// The beginning of a frame that has not come whole.
    begun: Vec<u8>,
    /// What the system has not taken yet.
    unsent: Vec<u8>,
}

impl Socket {
    /// Opens a WebSocket at this path of the server, from one of this machine's own addresses, and waits for the answer.
    pub fn open(server: SocketAddr, from: IpAddr, path: &str) -> Result<Self> {
        let socket = Unconnected::new(Domain::for_address(server), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(from, 0).into())?;
        socket.connect_timeout(&server.into(), BOUND)?;
        socket.set_read_timeout(Some(BOUND))?;
        socket.set_tcp_nodelay(true)?;
        let mut stream = std::net::TcpStream::from(socket);
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let end = loop {
            if let Some(end) = end_of_head(&answer) {
                break end;
            }
            let mut more = [0; 1_024];
            let count = stream
                .read(&mut more)
                .context("no answer to the handshake")?;
            ensure!(count > 0, "the server hung up");
            answer.extend_from_slice(&more[..count]);
        };
        let begun = answer.split_off(end);
        let is_open = answer.starts_with(b"HTTP/1.1 101 ");
        ensure!(is_open, "refused: {}", String::from_utf8_lossy(&answer));
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            begun,
            unsent: Vec::new(),
        })
    }

    /// Takes what has come, and gives each text to `take`, which may put an answer behind what it is given.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8], &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        loop {
            let kept = self.begun.len();
            buffer[..kept].copy_from_slice(&self.begun);
            let come = match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => bail!("the server hung up"),
                Ok(come) => come,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error.into()),
            };
            let (mut rest, mut answers) = (&buffer[..kept + come], Vec::new());
            while let Some((frame, length)) = frames::first(rest)? {
                match frame {
                    Incoming::Text(text) => take(text, &mut answers)?,
                    Incoming::Ping(content) => frames::push_pong(&mut answers, content),
                    Incoming::Close(why) => {
                        bail!("the server closed: {}", String::from_utf8_lossy(why))
                    }
                }
                rest = &rest[length..];
            }
            let is_full = kept + come == buffer.len();
            self.begun.clear();
            self.begun.extend_from_slice(rest);
            if !answers.is_empty() {
                self.write(&answers)?;
            }
            // Less than there was room for is all that there was.
            if !is_full {
                return Ok(());
            }
            ensure!(rest.len() < buffer.len(), "a frame is longer than expected");
        }
    }

    /// Sends these bytes, now or when the system takes them.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unsent.extend_from_slice(bytes);
        self.flush()
    }

    /// Sends what the system has not taken.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut unsent = mem::take(&mut self.unsent);
        let mut sent = 0;
        while sent < unsent.len() {
            match self.stream.write(&unsent[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        unsent.drain(..sent);
        self.unsent = unsent;
        Ok(())
    }
}

/// Behind the empty line at the end of a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let place = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some(place + 4)
}
