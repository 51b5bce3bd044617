use std::sync::Arc;

use domain::ConnectionId;

use super::State;
use crate::{Outbox, outbox::FlushBuffers};

/// The sockets that were told something and are not flushed yet. What is told them in one round goes out together: a write
/// costs about as much with many frames as with one.
#[derive(Default)]
pub(super) struct Touched {
    outboxes: Vec<(ConnectionId, Arc<Outbox>)>,
    buffers: FlushBuffers,
}

impl Touched {
    /// This one was not touched before.
    pub(super) fn note(&mut self, id: ConnectionId, outbox: &Arc<Outbox>) {
        self.outboxes.push((id, outbox.clone()));
    }
}

impl State {
    /// Some socket waits for a flush.
    pub(in crate::hub) fn is_to_flush(&self) -> bool {
        !self.touched.outboxes.is_empty()
    }

    /// Writes what was told since the last time.
    pub(in crate::hub) fn flush(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        for (id, outbox) in touched.outboxes.drain(..) {
            let told = |timing| self.shared.written(timing);
            let flushed = outbox.flush(&mut touched.buffers, told);
            if flushed.is_left {
                outbox.wake();
            }
            if flushed.is_relieved {
                self.relieved(id);
            }
        }
        // What relief has touched stays for the next time.
        touched.outboxes.append(&mut self.touched.outboxes);
        self.touched = touched;
    }
}
