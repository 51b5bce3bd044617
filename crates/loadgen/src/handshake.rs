use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use socket2::{Domain, Socket as Unconnected, Type};

use crate::{
    frames::{self, Incoming},
    protocol::{Protocol, Told},
};

/// A server that has not answered by then is at fault.
const BOUND: Duration = Duration::from_secs(30);
/// A source address has ports for some more.
const SOCKETS_PER_ADDRESS: usize = 20_000;

/// The one that the system takes by itself, quicker than when it is asked to.
const FIRST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A WebSocket whose handshake is over. Reading it waits.
pub struct Opened {
    pub stream: TcpStream,
    /// What has come behind the answer, or of a frame that is not whole.
    pub begun: Vec<u8>,
}

/// The address of this machine from which a socket is opened.
pub fn source(index: usize) -> IpAddr {
    // At most 64 of them: more sockets than files.
    let last = 1 + (index / SOCKETS_PER_ADDRESS) % 64;
    Ipv4Addr::new(127, 0, 0, last as u8).into()
}

impl Opened {
    /// Opens it at this path of the server, from one of this machine's own addresses.
    pub fn at(server: SocketAddr, from: IpAddr, path: &str) -> Result<Self> {
        let socket = Unconnected::new(Domain::for_address(server), Type::STREAM, None)?;
        if from != FIRST {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&server.into(), BOUND)?;
        socket.set_read_timeout(Some(BOUND))?;
        socket.set_tcp_nodelay(true)?;
        let mut stream = TcpStream::from(socket);
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {server}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut opened = Self {
            stream,
            begun: Vec::new(),
        };
        let end = loop {
            if let Some(end) = end_of_head(&opened.begun) {
                break end;
            }
            opened.read_more().context("no answer to the handshake")?;
        };
        let begun = opened.begun.split_off(end);
        let answer = std::mem::replace(&mut opened.begun, begun);
        let is_open = answer.starts_with(b"HTTP/1.1 101 ");
        ensure!(is_open, "refused: {}", String::from_utf8_lossy(&answer));
        Ok(opened)
    }

    /// Waits until the server has said that the socket is in its rooms.
    pub fn wait_for_greeting(&mut self, protocol: Protocol) -> Result<()> {
        loop {
            match protocol.told(&self.next_text().context("no greeting")?) {
                Told::Greeting => return Ok(()),
                Told::Answer(text) => self.say(text)?,
                Told::Delivery { .. } | Told::Other => {}
            }
        }
    }

    /// Waits for the next text of the server.
    pub fn next_text(&mut self) -> Result<Vec<u8>> {
        loop {
            while let Some((frame, length)) = frames::first(&self.begun)? {
                let text = match frame {
                    Incoming::Text(text) => Some(text.to_vec()),
                    Incoming::Ping(_) => None,
                    Incoming::Close(why) => bail!("closed: {}", String::from_utf8_lossy(why)),
                };
                self.begun.drain(..length);
                if let Some(text) = text {
                    return Ok(text);
                }
            }
            self.read_more()?;
        }
    }

    /// Says this to the server.
    pub fn say(&mut self, text: &str) -> Result<()> {
        let mut frame = Vec::new();
        frames::push_client_text(&mut frame, text.as_bytes());
        Ok(self.stream.write_all(&frame)?)
    }

    fn read_more(&mut self) -> Result<()> {
        let mut more = [0; 16_384];
        let count = self.stream.read(&mut more)?;
        ensure!(count > 0, "the server hung up");
        self.begun.extend_from_slice(&more[..count]);
        Ok(())
    }
}

/// Behind the empty line at the end of a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let place = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    Some(place + 4)
}
