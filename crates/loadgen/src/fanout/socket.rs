use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
    net::{IpAddr, SocketAddr},
};

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;

use crate::{
    frames::{self, Incoming},
    handshake::Opened,
};

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
        let Opened { stream, begun } = Opened::at(server, from, path)?;
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
