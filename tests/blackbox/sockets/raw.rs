use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use crate::server::{PATIENCE, Server};

pub const FIN: u8 = 0x80;
pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

/// A socket whose bytes the test writes itself. It never answers anything.
pub struct Raw(TcpStream);

impl Raw {
    pub async fn open(server: &Server, token: &str) -> Self {
        Self::over(TcpStream::connect(server.sockets()).await.unwrap(), token).await
    }

    /// Opens it over a connection of the test's own making.
    pub async fn over(mut stream: TcpStream, token: &str) -> Self {
        let request = format!(
            "GET /ws?access_token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    /// A socket that takes as little as the kernel allows, and reads none of it.
    pub async fn slow(server: &Server, token: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let address = server.sockets().parse().unwrap();
        Self::over(socket.connect(address).await.unwrap(), token).await
    }

    /// The port that it comes from.
    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Writes these bytes; those that a server which has hung up no longer takes are lost.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// The next frame: its first byte and its payload. Nothing when the connection has ended.
    pub async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(PATIENCE, self.read_frame())
            .await
            .expect("the server says nothing")
            .ok()
    }

    async fn read_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let stream = &mut self.0;
        let (first, second) = (stream.read_u8().await?, stream.read_u8().await?);
        let length = match second {
            126 => stream.read_u16().await?.into(),
            127 => stream.read_u64().await?,
            short => short.into(),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).await?;
        Ok((first, payload))
    }

    /// The payload of the next frame of this kind.
    pub async fn next(&mut self, opcode: u8) -> Vec<u8> {
        loop {
            let (first, payload) = self.read().await.expect("the connection has ended");
            if first == FIN | opcode {
                return payload;
            }
        }
    }

    /// The code that the server closes with, and that it then ends the connection.
    pub async fn closed(&mut self) -> u16 {
        let payload = self.next(CLOSE).await;
        while self.read().await.is_some() {}
        u16::from_be_bytes([payload[0], payload[1]])
    }
}

/// A masked frame, with these bits and opcode.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

/// The header of a frame whose mask is 0, so that its payload is written as it is.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | length as u8),
        126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}
