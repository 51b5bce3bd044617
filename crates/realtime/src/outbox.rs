use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytestring::ByteString;
use tokio::sync::Notify;

mod waiting;

use waiting::{FRAME_OVERHEAD, Waiting};

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
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Waiting>,
    bytes: usize,
    /// What the first frames of all may take beside the limit, until they are handed out.
    allowance: usize,
    closing: Option<CloseReason>,
    /// How many ephemeral frames were given up so far.
    dropped: u64,
    command: Option<CommandUnderWay>,
    /// Somebody waits for room, to tell what the socket missed.
    relief: Relief,
}

/// A command of the socket that was not answered yet.
#[derive(Debug, Default)]
struct CommandUnderWay {
    /// How many frames are handed out before the answer; all that wait, until an event of the command itself comes.
    frames_before: Option<usize>,
}

/// Whether there is room again for one who was refused.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Relief {
    #[default]
    Unasked,
    Asked,
    Due,
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
        }
    }

    /// The protocol of the frames in here.
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Queues a frame by the rules above. After a close, nothing is queued any more.
    pub fn push(&self, class: FrameClass, frame: ByteString) {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return;
        }
        queue.push(Waiting::untimed(class, frame), self.limit);
        drop(queue);
        self.changed.notify_one();
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

    /// Queues an event that the user of this socket caused, durable: if a command is under way, behind its answer.
    pub fn push_own(&self, frame: ByteString) {
        self.push_event(frame, true, Timing::NEVER);
    }

    /// Queues an event of a room's log, durable. One that the user of this socket caused `is_own`, and goes out as
    /// [`push_own`](Self::push_own) says.
    pub(crate) fn push_event(&self, frame: ByteString, is_own: bool, timing: Timing) {
        let mut queue = self.lock();
        if queue.closing.is_some() {
            return;
        }
        let waiting = queue.frames.len();
        if is_own && let Some(command) = &mut queue.command {
            command.frames_before.get_or_insert(waiting);
        }
        let waiting = Waiting {
            class: FrameClass::Durable,
            frame,
            timing,
        };
        queue.push(waiting, self.limit);
        drop(queue);
        self.changed.notify_one();
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
        self.changed.notify_one();
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
        let mut queue = self.lock();
        let is_due = queue.relief == Relief::Due;
        if is_due {
            queue.relief = Relief::Unasked;
        }
        is_due
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

    /// Ends the queue for somebody who cannot wait: what waits and the answer to the command under way are given up, also
    /// where an earlier close would have let them out. Then this reason is told; one that let nothing out stays.
    pub fn close_at_once(&self, reason: CloseReason) {
        let mut queue = self.lock();
        if queue.closing.is_none_or(CloseReason::lets_queue_drain) {
            queue.closing = Some(reason);
            queue.give_up();
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// The next to be written, as soon as there is one. For one waiter; cancel-safe. After the close it answers the
    /// close again.
    pub async fn next(&self) -> Outgoing {
        self.next_timed().await.0
    }

    /// As [`next`](Self::next), with how it is timed.
    pub(crate) async fn next_timed(&self) -> (Outgoing, Timing) {
        loop {
            let next = self.lock().pop(self.limit);
            if let Some(next) = next {
                return next;
            }
            self.changed.notified().await;
        }
    }

    /// The next to be written, if there is one now.
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

impl Queue {
    fn push(&mut self, waiting: Waiting, limit: usize) {
        self.insert(None, waiting, limit);
    }

    /// Puts a frame behind so many others, or behind all, if it fits.
    fn insert(&mut self, mut before: Option<usize>, waiting: Waiting, limit: usize) {
        let cost = waiting.cost();
        // What drains takes one thing more, the last answer, whatever its size.
        if self.closing.is_none() && !self.fits(cost, limit) {
            if !waiting.is_durable() {
                self.dropped += 1;
                return;
            }
            before = self.drop_ephemeral(before);
            if !self.fits(cost, limit) {
                return self.close(CloseReason::Slow);
            }
        }
        self.bytes += cost;
        let place = before.unwrap_or(self.frames.len());
        self.frames.insert(place, waiting);
    }

    fn fits(&self, cost: usize, limit: usize) -> bool {
        self.bytes + cost <= limit + self.allowance || self.frames.is_empty()
    }

    fn pop(&mut self, limit: usize) -> Option<(Outgoing, Timing)> {
        if let Some(command) = &mut self.command
            && let Some(before) = &mut command.frames_before
        {
            *before = before.checked_sub(1)?;
        }
        let Some(waiting) = self.frames.pop_front() else {
            // What drains waits for the last answer too.
            let waits = |reason: &CloseReason| reason.lets_queue_drain() && self.command.is_some();
            let reason = self.closing.filter(|reason| !waits(reason))?;
            return Some((Outgoing::Close(reason), Timing::NEVER));
        };
        let cost = waiting.cost();
        self.bytes -= cost;
        self.allowance = self.allowance.saturating_sub(cost);
        if self.relief == Relief::Asked && self.bytes <= limit / 4 {
            self.relief = Relief::Due;
        }
        Some((Outgoing::Frame(waiting.frame), waiting.timing))
    }

    fn close(&mut self, reason: CloseReason) {
        self.closing = Some(reason);
        if !reason.lets_queue_drain() {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.command = None;
    }

    /// Gives up the ephemeral frames, and answers how many of the first `before` are left.
    fn drop_ephemeral(&mut self, before: Option<usize>) -> Option<usize> {
        let durable_before = |count: usize, frames: &VecDeque<Waiting>| {
            let durable = frames.iter().take(count).filter(|it| it.is_durable());
            durable.count()
        };
        let before = before.map(|count| durable_before(count, &self.frames));
        if let Some(command) = &mut self.command
            && let Some(count) = &mut command.frames_before
        {
            *count = durable_before(*count, &self.frames);
        }
        let waiting = self.frames.len();
        self.frames.retain(Waiting::is_durable);
        self.dropped += (waiting - self.frames.len()) as u64;
        self.bytes = self.frames.iter().map(Waiting::cost).sum();
        before
    }
}

#[cfg(test)]
mod tests;
