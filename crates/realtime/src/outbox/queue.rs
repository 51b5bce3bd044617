use std::collections::VecDeque;

use super::{
    FrameClass, Outgoing,
    waiting::{Content, Waiting},
};
use crate::{CloseReason, latency::Timing};

/// What waits, and in which order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub frames: VecDeque<Waiting>,
    pub bytes: usize,
    /// What the first frames of all may take beside the limit, until they are handed out.
    pub allowance: usize,
    pub closing: Option<CloseReason>,
    /// How many ephemeral frames were given up so far.
    pub dropped: u64,
    pub command: Option<CommandUnderWay>,
    /// Somebody waits for room, to tell what the socket missed.
    pub relief: Relief,
    /// Somebody will flush it who has put something in.
    pub is_touched: bool,
}

/// A command of the socket that was not answered yet.
#[derive(Debug, Default)]
pub(super) struct CommandUnderWay {
    /// How many frames are handed out before the answer; all that wait, until an event of the command itself comes.
    pub frames_before: Option<usize>,
}

/// Whether there is room again for one who was refused.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relief {
    #[default]
    Unasked,
    Asked,
    Due,
}

impl Queue {
    /// As [`push`](Self::push), unless it is closed.
    pub fn push_open(&mut self, waiting: Waiting, limit: usize) {
        if self.closing.is_none() {
            self.push(waiting, limit);
        }
    }

    pub fn push_control(&mut self, content: Content, limit: usize) {
        if self.closing.is_some() {
            return;
        }
        let waiting = Waiting {
            class: FrameClass::Ephemeral,
            content,
            timing: Timing::NEVER,
        };
        let waited = self.frames.len();
        self.insert(Some(0), waiting, limit);
        if self.frames.len() > waited
            && let Some(command) = &mut self.command
            && let Some(before) = &mut command.frames_before
        {
            *before += 1;
        }
    }

    /// True for the first one since the last flush.
    pub fn touch(&mut self) -> bool {
        !std::mem::replace(&mut self.is_touched, true)
    }

    pub fn take_relief(&mut self) -> bool {
        let is_due = self.relief == Relief::Due;
        if is_due {
            self.relief = Relief::Unasked;
        }
        is_due
    }

    pub fn push(&mut self, waiting: Waiting, limit: usize) {
        self.insert(None, waiting, limit);
    }

    /// Puts a frame behind so many others, or behind all, if it fits.
    pub fn insert(&mut self, mut before: Option<usize>, waiting: Waiting, limit: usize) {
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

    pub fn fits(&self, cost: usize, limit: usize) -> bool {
        self.bytes + cost <= limit + self.allowance || self.frames.is_empty()
    }

    pub fn pop(&mut self, limit: usize) -> Option<(Outgoing, Timing)> {
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
        Some((waiting.content.into(), waiting.timing))
    }

    /// The next one that is not the close.
    pub fn pop_frame(&mut self, limit: usize) -> Option<(Outgoing, Timing)> {
        if self.frames.is_empty() {
            return None;
        }
        self.pop(limit)
    }

    pub fn close(&mut self, reason: CloseReason) {
        self.closing = Some(reason);
        if !reason.lets_queue_drain() {
            self.give_up();
        }
    }

    pub fn give_up(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.command = None;
    }

    /// Gives up the ephemeral frames, and answers how many of the first `before` are left.
    pub fn drop_ephemeral(&mut self, before: Option<usize>) -> Option<usize> {
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
