use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use realtime::SocketWriter;

/// The way of a socket's bytes to its peer, which a test opens and shuts. It is shut at first.
#[derive(Debug, Default)]
pub struct Valve {
    is_open: AtomicBool,
    pieces: Mutex<Vec<Vec<u8>>>,
}

impl Valve {
    pub fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    pub fn shut(&self) {
        self.is_open.store(false, Ordering::SeqCst);
    }

    /// What was written since this was last asked, piece by piece; each as its texts, a close as `close` and its code.
    pub fn take(&self) -> Vec<Vec<String>> {
        let pieces = std::mem::take(&mut *self.pieces.lock().expect("no panic"));
        pieces.iter().map(|piece| texts(piece)).collect()
    }
}

impl SocketWriter for Valve {
    fn is_free(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    fn write(&self, bytes: &[u8]) -> bool {
        let mut pieces = self.pieces.lock().expect("no panic");
        pieces.push(bytes.to_vec());
        self.is_free()
    }
}

/// Frames as a server sends them (RFC 6455, section 5.2), none longer than 64 KiB.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [opcode, short, rest @ ..] = bytes {
        let (length, rest) = match short {
            126 => (
                usize::from(u16::from_be_bytes([rest[0], rest[1]])),
                &rest[2..],
            ),
            short => (usize::from(*short), rest),
        };
        let (content, rest) = rest.split_at(length);
        bytes = rest;
        texts.push(match opcode {
            0x81 => String::from_utf8(content.to_vec()).expect("UTF-8"),
            0x89 => "ping".to_owned(),
            0x8a => format!("pong {content:?}"),
            0x88 => format!("close {}", u16::from_be_bytes([content[0], content[1]])),
            other => panic!("no frame of a server: {other:02x}"),
        });
    }
    texts
}
