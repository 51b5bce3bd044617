use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{dev::Payload, error::PayloadError};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use realtime::CloseReason;
use tokio::time::Instant;

use super::meter::Meter;

/// Watches the frame headers of a client (RFC 6455, section 5.2) as the bytes pass, and ends the stream in front of the
/// first frame that breaks a rule.
///
/// The decoder behind looks at a frame's size only once it has buffered the whole of it: without this, one header that
/// declares 4 GiB costs 4 GiB of memory.
pub(super) struct FrameGuard {
    payload: Payload,
    limit: u64,
    /// The header that is being gathered: at most 14 bytes.
    header: Vec<u8>,
    /// How much of the present frame's payload is still to come.
    remaining: u64,
    /// The size so far of a message in fragments.
    message: Option<u64>,
    /// None: as many frames as the peer likes.
    meter: Option<Meter>,
    verdict: Rc<Cell<Option<Verdict>>>,
    ended: bool,
}

/// Why the stream was ended.
pub(super) type Verdict = CloseReason;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const CONTROL: u8 = 0x08;
const CONTINUATION: u8 = 0x0;

impl FrameGuard {
    /// Lets frames and messages of at most `limit` bytes pass, as many as the meter has. What it ends the stream for, it
    /// leaves in `verdict`.
    pub(super) fn new(
        payload: Payload,
        limit: usize,
        meter: Option<Meter>,
        verdict: Rc<Cell<Option<Verdict>>>,
    ) -> Self {
        Self {
            payload,
            limit: limit as u64,
            header: Vec::with_capacity(14),
            remaining: 0,
            message: None,
            meter,
            verdict,
            ended: false,
        }
    }

    /// How many of these bytes may pass: all, or those in front of the frame that breaks a rule, with the verdict.
    fn judge(&mut self, bytes: &[u8]) -> (usize, Option<Verdict>) {
        let mut at = 0;
        let mut frame_start = 0;
        while at < bytes.len() {
            if self.remaining > 0 {
                let skip = self.remaining.min((bytes.len() - at) as u64);
                self.remaining -= skip;
                // `skip` is at most the length of a slice.
                at += skip as usize;
                frame_start = at;
                continue;
            }
            self.header.push(bytes[at]);
            at += 1;
            match self.header_complete() {
                Ok(true) => {
                    self.header.clear();
                    frame_start = if self.remaining == 0 { at } else { frame_start };
                }
                Ok(false) => {}
                Err(verdict) => return (frame_start, Some(verdict)),
            }
        }
        (bytes.len(), None)
    }

    /// Judges the header as far as it has come; true once it is whole and the frame may pass.
    fn header_complete(&mut self) -> Result<bool, Verdict> {
        let [first, second, rest @ ..] = self.header.as_slice() else {
            return Ok(false);
        };
        let (opcode, short) = (first & 0x0f, second & 0x7f);
        let is_control = opcode & CONTROL != 0;
        let is_known = matches!(opcode, 0x0..=0x2 | 0x8..=0xa);
        let control_is_whole = !is_control || (first & FIN != 0 && short <= 125);
        if first & RESERVED != 0 || second & MASKED == 0 || !is_known || !control_is_whole {
            return Err(CloseReason::Protocol);
        }
        let (length_bytes, length) = match short {
            126 if rest.len() < 2 => return Ok(false),
            126 => (2, u64::from(u16::from_be_bytes([rest[0], rest[1]]))),
            127 if rest.len() < 8 => return Ok(false),
            127 => (
                8,
                rest[..8]
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            ),
            short => (0, u64::from(short)),
        };
        // Judged as soon as the length is known, before the mask has come.
        if length > self.limit {
            return Err(CloseReason::TooBig);
        }
        if rest.len() < length_bytes + 4 {
            return Ok(false);
        }
        // Every frame: the pieces of a message, which may be empty, and pings cost work too.
        if let Some(meter) = &mut self.meter
            && !meter.take(Instant::now())
        {
            return Err(CloseReason::Flood);
        }
        if !is_control {
            self.count_message(first & FIN != 0, opcode, length)?;
        }
        self.remaining = length;
        Ok(true)
    }

    fn count_message(&mut self, is_last: bool, opcode: u8, length: u64) -> Result<(), Verdict> {
        let so_far = match (opcode, self.message.take()) {
            (CONTINUATION, Some(so_far)) => so_far,
            // A continuation of nothing, or a new message inside another.
            (CONTINUATION, None) | (_, Some(_)) => return Err(CloseReason::Protocol),
            (_, None) => 0,
        };
        let total = so_far.saturating_add(length);
        if total > self.limit {
            return Err(CloseReason::TooBig);
        }
        self.message = (!is_last).then_some(total);
        Ok(())
    }
}

impl Stream for FrameGuard {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.payload.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                let (good, verdict) = self.judge(&bytes);
                if let Some(verdict) = verdict {
                    self.ended = true;
                    self.verdict.set(Some(verdict));
                    if good == 0 {
                        return Poll::Ready(None);
                    }
                }
                Poll::Ready(Some(Ok(bytes.slice(..good))))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
