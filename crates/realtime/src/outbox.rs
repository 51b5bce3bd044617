use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use bytestring::ByteString;
use tokio::sync::Notify;

mod flush;
mod framing;
mod queue;
mod waiting;

pub(crate) use flush::FlushBuffers;
pub use flush::SocketWriter;
use queue::{CommandUnderWay, Queue, Relief};
use waiting::{Content, FRAME_OVERHEAD, Waiting};

use crate::{CloseReason, latency::Timing, wire::Codec};

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
    /// Asks whether the peer is there.
    Ping,
    /// Says what the peer's ping said.
    Pong(Bytes),
    /// The close frame; nothing follows.
    Close(CloseReason),
}

/// The frames that wait to be written to one socket, bounded in bytes.
///
/// An ephemeral frame that does not fit is dropped. A durable one that does not fit first pushes out the ephemeral
/// ones that wait; if it still does not fit, all that waits is given up and the socket closes as
/// [`CloseReason::Slow`], so that memory is bounded and no gap goes unnoticed. A queue that is empty takes any frame,
/// so that the largest one gets through.
///
/// While a command is [under way](Self::begin_command), its answer is waited for in two ways: an event that the command
/// caused is handed out after the answer, and a close that lets the queue drain lets it come.
#[derive(Debug)]
pub struct Outbox {
    // A std Mutex and not a Tokio one: it is held for a push or a pop, never across an await.
    queue: Mutex<Queue>,
    changed: Notify,
    limit: usize,
    codec: Codec,
    /// None while the socket has no way out yet, or where the frames are taken out one by one.
    writer: OnceLock<Arc<dyn SocketWriter>>,
}

impl Outbox {
    /// An empty one of a native socket, that holds at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::speaking(Codec::Native, limit)
    }

    /// As [`new`](Self::new), of a socket that speaks this protocol.
    #[must_use]
    pub fn speaking(codec: Codec, limit: usize) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Notify::new(),
            limit,
            codec,
            writer: OnceLock::new(),
        }
    }

    /// The protocol of the frames in here.
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Queues a frame by the rules above. After a close, nothing is queued any more.
    pub fn push(&self, class: FrameClass, frame: ByteString) {
        self.lock()
            .push_open(Waiting::untimed(class, frame), self.limit);
        self.wake();
    }

    /// Queues the first frames of all, durable, which count for nothing: they are as long as the user has rooms, or a room
    /// its history.
    pub fn push_first(&self, frames: Vec<ByteString>) {
        let costs = frames.iter().map(|frame| frame.len() + FRAME_OVERHEAD);
        self.lock().allowance = costs.sum();
        for frame in frames {
            self.push(FrameClass::Durable, frame);
        }
    }

    /// Queues what the protocol of this socket is alone in telling, durable; in the others it has no word.
    pub(crate) fn push_native(&self, frame: impl FnOnce() -> ByteString) {
        if self.codec.is_native() {
            self.push(FrameClass::Durable, frame());
        }
    }

    /// Queues what the transport says for itself, a ping or a pong, in front of all (RFC 6455, section 5.4). It may be lost, as
    /// anything ephemeral.
    pub fn push_control(&self, frame: Outgoing) {
        let content = match frame {
            Outgoing::Ping => Content::Ping,
            Outgoing::Pong(content) => Content::Pong(content),
            // Those have their own ways.
            Outgoing::Frame(_) | Outgoing::Close(_) => return,
        };
        self.lock().push_control(content, self.limit);
        self.wake();
    }

    /// Queues an event that the user of this socket caused, durable: if a command is under way, behind its answer.
    pub fn push_own(&self, frame: ByteString) {
        if self.push_event(frame, true, Timing::NEVER) {
            self.unattended();
        }
    }

    /// Queues an event of a room's log, durable. One that the user of this socket caused `is_own`, and goes out as
    /// [`push_own`](Self::push_own) says. True when the caller is to [flush](Self::flush) it afterwards; else somebody else is.
    #[must_use]
    pub(crate) fn push_event(&self, frame: ByteString, is_own: bool, timing: Timing) -> bool {
        let mut queue = self.lock();
        let waiting = queue.frames.len();
        if is_own && let Some(command) = &mut queue.command {
            command.frames_before.get_or_insert(waiting);
        }
        queue.push_open(
            Waiting {
                class: FrameClass::Durable,
                content: Content::Text(frame),
                timing,
            },
            self.limit,
        );
        queue.touch()
    }

    /// Queues something of passing interest. The answer is that of [`push_event`](Self::push_event).
    #[must_use]
    pub(crate) fn push_passing(&self, frame: ByteString) -> bool {
        let mut queue = self.lock();
        let waiting = Waiting::untimed(FrameClass::Ephemeral, frame);
        queue.push_open(waiting, self.limit);
        queue.touch()
    }

    /// Whoever writes for this socket is told, in place of a flush.
    fn unattended(&self) {
        self.lock().is_touched = false;
        self.wake();
    }

    /// A command of this socket is carried out from now on, until [`answer`](Self::answer). One at a time.
    pub fn begin_command(&self) {
        self.lock().command = Some(CommandUnderWay::default());
    }

    /// The command that was under way is over; its answer, if it has one, takes its place in the queue.
    pub fn answer(&self, frame: Option<ByteString>) {
        self.end_command(frame, |command| command.frames_before);
    }

    /// As [`answer`](Self::answer), for a command that causes no event but changes what is told from now on: its answer
    /// goes behind all that waits.
    pub fn answer_behind_all(&self, frame: Option<ByteString>) {
        self.end_command(frame, |_| None);
    }

    fn end_command(
        &self,
        frame: Option<ByteString>,
        place: impl FnOnce(CommandUnderWay) -> Option<usize>,
    ) {
        let mut queue = self.lock();
        let command = queue.command.take();
        // A close at once has given the command up.
        let waits_for_answer = |reason: CloseReason| reason.lets_queue_drain() && command.is_some();
        let is_taken = queue.closing.is_none_or(waits_for_answer);
        let before = command.and_then(place);
        if let Some(frame) = frame.filter(|_| is_taken) {
            let answer = Waiting::untimed(FrameClass::Durable, frame);
            queue.insert(before, answer, self.limit);
        }
        drop(queue);
        self.wake();
    }

    /// True when `bytes` more, in so many frames, leave half of the queue free for what happens meanwhile, or when the
    /// queue is empty: how much a socket takes of what it missed.
    pub fn has_room_for(&self, bytes: usize, frames: usize) -> bool {
        let queue = self.lock();
        let cost = bytes + frames * FRAME_OVERHEAD;
        queue.bytes + cost <= self.limit / 2 || (queue.bytes == 0 && frames <= 1)
    }

    /// Asks to be told by [`take_relief`](Self::take_relief) when the next frame is handed out that leaves three quarters
    /// of the queue free. False when no frame will be: the queue is empty, or at its end.
    pub fn ask_relief(&self) -> bool {
        let mut queue = self.lock();
        let is_asked = !queue.frames.is_empty() && queue.closing.is_none();
        if is_asked {
            queue.relief = Relief::Asked;
        }
        is_asked
    }

    /// True once, when there is the room that was asked for.
    pub fn take_relief(&self) -> bool {
        self.lock().take_relief()
    }

    /// Ends the queue: what waits is still handed out if the reason allows it, then the close. The first reason stays.
    pub fn close(&self, reason: CloseReason) {
        let mut queue = self.lock();
        if queue.closing.is_none() {
            queue.close(reason);
        }
        drop(queue);
        self.wake();
    }

    /// Ends the queue for somebody who cannot wait: what waits and the answer to the command under way are given up, also
    /// where an earlier close would have let them out. Then this reason is told; one that let nothing out stays.
    pub fn close_at_once(&self, reason: CloseReason) {
        let mut queue = self.lock();
        if queue.closing.is_none_or(CloseReason::lets_queue_drain) {
            queue.closing = Some(reason);
            queue.give_up();
        }
        drop(queue);
        self.wake();
    }

    /// Takes the next one out, as soon as there is one. For one waiter; cancel-safe. After the close it answers the close
    /// again.
    pub async fn next(&self) -> Outgoing {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.changed().await;
        }
    }

    /// Waits until something may have changed. For one waiter; cancel-safe.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes the next one out, if there is one now.
    pub fn try_next(&self) -> Option<Outgoing> {
        let next = self.lock().pop(self.limit);
        next.map(|(outgoing, _)| outgoing)
    }

    /// What waits costs so many bytes.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Why it was closed, if it was.
    pub(crate) fn closed_as(&self) -> Option<CloseReason> {
        self.lock().closing
    }

    /// How many ephemeral frames were dropped so far: more than before, and the client may have missed one of them.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
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

#[cfg(test)]
mod tests;
