use std::{fmt, sync::Arc};

use super::{Outbox, Outgoing};
use crate::latency::Timing;

/// The way of a socket's bytes to its peer, which never waits. Whoever tells a socket something writes it there at once, on the
/// thread that it runs on: a task that is woken for each frame costs more than the frame.
pub trait SocketWriter: Send + Sync + fmt::Debug {
    /// Nothing of what it took waits any more, so that it takes more. It need not be so still when this has answered: only who
    /// writes makes it otherwise.
    fn is_free(&self) -> bool;

    /// Takes all these bytes, when it is free, and answers whether it still is: what the system does not take now MUST go out by
    /// itself, before anything else, and the outbox MUST be [flushed](crate::Connection::next) afterwards. To a peer that is
    /// gone they are lost.
    fn write(&self, bytes: &[u8]) -> bool;
}

/// What a flush needs, kept from one to the next.
#[derive(Debug, Default)]
pub(crate) struct FlushBuffers {
    bytes: Vec<u8>,
    timings: Vec<Timing>,
}

/// How many bytes a writer is given at once, unless a frame is longer. More would be one piece to a slow peer, which is given
/// up when it does not take a piece in time.
const PIECE: usize = 16 * 1_024;

/// What became of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// There is the room again that was [asked for](Outbox::ask_relief).
    pub is_relieved: bool,
    /// Something is left for who waits for the [next](Outbox::next), who must be [told](Outbox::wake): the close, or all of it
    /// where there is no writer.
    pub is_left: bool,
}

impl Outbox {
    /// Has its frames written there from now on.
    pub fn set_writer(&self, writer: Arc<dyn SocketWriter>) {
        // A socket has one transport; a second one would not be the peer's.
        let _ = self.writer.set(writer);
        self.changed.notify_one();
    }

    pub(crate) fn has_writer(&self) -> bool {
        self.writer.get().is_some()
    }

    /// Writes what waits, as far as the writer takes it. What it does not take now is written when it does: whoever waits for
    /// the [next](Self::next) is told by the transport.
    pub(crate) fn flush(
        &self,
        buffers: &mut FlushBuffers,
        mut written: impl FnMut(Timing),
    ) -> Flushed {
        let mut queue = self.lock();
        queue.is_touched = false;
        let Some(writer) = self.writer.get() else {
            return Flushed {
                is_relieved: false,
                is_left: true,
            };
        };
        // In pieces, each with as many frames as it holds.
        let mut is_free = writer.is_free();
        while is_free {
            let FlushBuffers { bytes, timings } = &mut *buffers;
            bytes.clear();
            while bytes.len() < PIECE
                && let Some((frame, timing)) = queue.pop_frame(self.limit)
            {
                frame.put(bytes);
                if timing.is_timed() {
                    timings.push(timing);
                }
            }
            if bytes.is_empty() {
                break;
            }
            is_free = writer.write(bytes);
            timings.drain(..).for_each(&mut written);
        }
        Flushed {
            is_relieved: queue.take_relief(),
            is_left: queue.closing.is_some(),
        }
    }

    /// Tells who waits for the next one that something may have changed.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// The close, once all that goes before it was taken by the writer, and this takes more.
    pub(crate) fn close_due(&self) -> Option<Outgoing> {
        let is_free = self.writer.get().is_some_and(|it| it.is_free());
        let mut queue = self.lock();
        if !is_free || !queue.frames.is_empty() {
            return None;
        }
        let (close, _) = queue.pop(self.limit)?;
        Some(close)
    }
}
