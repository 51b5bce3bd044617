use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytestring::ByteString;
use tokio::sync::Notify;

use crate::CloseReason;

/// Whether a frame may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameClass {
    /// It must arrive, or the socket must close: events of the log, answers to commands.
    Durable,
    /// Of passing interest: typing, presence, receipts.
    Ephemeral,
}

/// What goes out next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame.
    Frame(ByteString),
    /// The close frame; nothing follows.
    Close(CloseReason),
}

/// The frames that wait to be written to one socket, bounded in bytes.
///
/// An ephemeral frame that does not fit is dropped. A durable one that does not fit first pushes out the ephemeral
/// ones that wait; if it still does not fit, all that waits is given up and the socket closes as
/// [`CloseReason::Slow`], so that memory is bounded and no gap goes unnoticed.
#[derive(Debug)]
pub struct Outbox {
    // A std Mutex and not a Tokio one: it is held for a push or a pop, never across an await.
    queue: Mutex<Queue>,
    changed: Notify,
    limit: usize,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<(FrameClass, ByteString)>,
    bytes: usize,
    closing: Option<CloseReason>,
}

/// What a queued frame costs beside its text: its place in the queue.
const FRAME_OVERHEAD: usize = size_of::<(FrameClass, ByteString)>();

impl Outbox {
    /// An empty one that holds at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Notify::new(),
            limit,
        }
    }

    /// Queues a frame by the rules above. After a close, nothing is queued any more.
    pub fn push(&self, class: FrameClass, frame: ByteString) {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return;
        }
        let cost = frame.len() + FRAME_OVERHEAD;
        if queue.bytes + cost > self.limit {
            if class == FrameClass::Ephemeral {
                return;
            }
            queue.drop_ephemeral();
            if queue.bytes + cost > self.limit {
                queue.close(CloseReason::Slow);
                drop(queue);
                self.changed.notify_one();
                return;
            }
        }
        queue.bytes += cost;
        queue.frames.push_back((class, frame));
        drop(queue);
        self.changed.notify_one();
    }

    /// Ends the queue: what waits is still handed out if the reason allows it, then the close. The first reason stays.
    pub fn close(&self, reason: CloseReason) {
        let mut queue = self.lock();
        if queue.closing.is_none() {
            queue.close(reason);
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// The next to be written, as soon as there is one. For one waiter; cancel-safe. After the close it answers the
    /// close again.
    pub async fn next(&self) -> Outgoing {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// The next to be written, if there is one now.
    pub fn try_next(&self) -> Option<Outgoing> {
        let mut queue = self.lock();
        match queue.frames.pop_front() {
            Some((_, frame)) => {
                queue.bytes -= frame.len() + FRAME_OVERHEAD;
                Some(Outgoing::Frame(frame))
            }
            None => queue.closing.map(Outgoing::Close),
        }
    }

    /// True once it was closed: nothing more should be done for the socket.
    pub fn is_closing(&self) -> bool {
        self.lock().closing.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing in here panics half-way through a change, so a poisoned queue is still whole.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn close(&mut self, reason: CloseReason) {
        self.closing = Some(reason);
        if !reason.lets_queue_drain() {
            self.frames = VecDeque::new();
            self.bytes = 0;
        }
    }

    fn drop_ephemeral(&mut self) {
        self.frames
            .retain(|(class, _)| *class == FrameClass::Durable);
        self.bytes = self
            .frames
            .iter()
            .map(|(_, frame)| frame.len() + FRAME_OVERHEAD)
            .sum();
    }
}

#[cfg(test)]
mod tests;
