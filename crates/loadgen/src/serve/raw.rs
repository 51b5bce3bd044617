use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    mem,
    net::TcpListener,
    ops::Range,
};

use anyhow::Result;
use mio::{Events, Interest, Poll, Token, net};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::room;
use crate::frames;

const LISTENER: Token = Token(usize::MAX);
/// How many sockets are told of at once.
const EVENTS: usize = 4_096;
/// How much is read of a socket at once.
const BUFFER: usize = 64 * 1_024;

/// The loop.
struct Loop {
    poll: Poll,
    listener: net::TcpListener,
    peers: Vec<Option<Peer>>,
    rooms: HashMap<u64, Room>,
    /// Those in which something was said in this round.
    loud: Vec<u64>,
    buffer: Vec<u8>,
}

struct Peer {
    stream: net::TcpStream,
    /// None until its handshake is over.
    room: Option<u64>,
    begun: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Default)]
struct Room {
    members: Vec<usize>,
    /// What was said in this round, each text as the frame that everybody gets.
    said: Vec<u8>,
    /// Which part of it was said by whom, in order.
    parts: Vec<(usize, Range<usize>)>,
}

/// Serves without end.
pub fn serve(listener: TcpListener) -> Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = net::TcpListener::from_std(listener);
    let poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut serving = Loop {
        poll,
        listener,
        peers: Vec::new(),
        rooms: HashMap::new(),
        loud: Vec::new(),
        buffer: vec![0; BUFFER],
    };
    let mut events = Events::with_capacity(EVENTS);
    loop {
        serving.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => serving.accept()?,
                Token(index) => {
                    if event.is_writable() {
                        serving.attempt(index, Peer::flush);
                    }
                    if event.is_readable() {
                        serving.read(index);
                    }
                }
            }
        }
        serving.tell();
    }
}

impl Loop {
    fn accept(&mut self) -> Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let token = Token(self.peers.len());
            self.poll
                .registry()
                .register(&mut stream, token, interest)?;
            self.peers.push(Some(Peer {
                stream,
                room: None,
                begun: Vec::new(),
                unsent: Vec::new(),
            }));
        }
    }

    /// A peer for whom this fails is gone.
    fn attempt(&mut self, index: usize, what: impl FnOnce(&mut Peer) -> io::Result<()>) {
        let Some(Some(peer)) = self.peers.get_mut(index) else {
            return;
        };
        if what(peer).is_err() {
            let gone = self.peers[index].take();
            if let Some(room) = gone.and_then(|it| it.room)
                && let Some(room) = self.rooms.get_mut(&room)
            {
                room.members.retain(|it| *it != index);
            }
        }
    }

    fn read(&mut self, index: usize) {
        let Self {
            peers,
            rooms,
            loud,
            buffer,
            ..
        } = self;
        let Some(Some(peer)) = peers.get_mut(index) else {
            return;
        };
        if let Err(error) = peer.read(index, buffer, rooms, loud) {
            self.attempt(index, |_| Err(error));
        }
    }

    /// Tells every room what was said in it.
    fn tell(&mut self) {
        for number in mem::take(&mut self.loud) {
            let Some(room) = self.rooms.get_mut(&number) else {
                continue;
            };
            let said = mem::take(&mut room.said);
            let parts = mem::take(&mut room.parts);
            let members = room.members.clone();
            for index in members {
                if parts.iter().any(|(by, _)| *by == index) {
                    for (_, part) in parts.iter().filter(|(by, _)| *by != index) {
                        self.attempt(index, |peer| peer.write(&said[part.clone()]));
                    }
                } else {
                    self.attempt(index, |peer| peer.write(&said));
                }
            }
        }
    }
}

impl Peer {
    fn read(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        rooms: &mut HashMap<u64, Room>,
        loud: &mut Vec<u64>,
    ) -> io::Result<()> {
        let kept = self.begun.len();
        buffer[..kept].copy_from_slice(&self.begun);
        let come = match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(come) => come,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let bytes = &mut buffer[..kept + come];
        let mut taken = 0;
        match self.room {
            None => {
                if bytes.ends_with(b"\r\n\r\n") {
                    taken = bytes.len();
                    let (number, answer) = handshake(&String::from_utf8_lossy(bytes));
                    self.room = Some(number);
                    rooms.entry(number).or_default().members.push(index);
                    self.write(answer.as_bytes())?;
                }
            }
            Some(number) => {
                let room = rooms.entry(number).or_default();
                while let Some((text, length)) = frames::first_of_client(&mut bytes[taken..]) {
                    if room.said.is_empty() {
                        loud.push(number);
                    }
                    let begin = room.said.len();
                    frames::push_server_text(&mut room.said, text);
                    room.parts.push((index, begin..room.said.len()));
                    taken += length;
                }
            }
        }
        self.begun.clear();
        self.begun.extend_from_slice(&bytes[taken..]);
        Ok(())
    }

    /// Writes past what waits only when nothing waits.
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if self.unsent.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        self.unsent.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let unsent = mem::take(&mut self.unsent);
        if unsent.is_empty() {
            return Ok(());
        }
        self.write(&unsent)
    }
}

/// The room that is asked for, and the answer.
fn handshake(request: &str) -> (u64, String) {
    let first = request.lines().next().unwrap_or_default();
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    });
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    (room(first), answer)
}
