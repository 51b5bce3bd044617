use std::{sync::Arc, time::Duration};

use super::handle::Shared;
use crate::Outbox;

/// The sockets of a node that goes away. Each is closed as [`CloseReason::Restart`](crate::CloseReason::Restart), with
/// a time to wait of its own.
pub struct Drain {
    outboxes: Vec<Arc<Outbox>>,
    shared: Arc<Shared>,
}

impl Drain {
    pub(super) fn new(outboxes: Vec<Arc<Outbox>>, shared: Arc<Shared>) -> Self {
        Self { outboxes, shared }
    }

    /// Closes the sockets, `batch` at a time with a pause of half to one and a half `interval` between, so that their
    /// clients do not all come back in one moment. The pauses shrink so far that all are told within `at_most`.
    pub async fn close_all(&self, batch: usize, interval: Duration, at_most: Duration) {
        let batch = batch.max(1);
        let steps = u32::try_from(self.outboxes.len().div_ceil(batch)).unwrap_or(u32::MAX);
        // One and a half is the longest pause, so two thirds of an equal share is the longest mean.
        let mean = interval.min(at_most * 2 / 3 / steps.max(1));
        for (step, outboxes) in self.outboxes.chunks(batch).enumerate() {
            if step > 0 {
                let jitter = f64::from(self.shared.randomness.secret()[0]) / 255.0;
                tokio::time::sleep(mean.mul_f64(0.5 + jitter)).await;
            }
            for outbox in outboxes {
                outbox.close(self.shared.restart());
            }
        }
    }

    /// Closes at once those that are still open, also those that wait for an answer or for their queue to drain: these
    /// are given up.
    pub fn close_now(&self) {
        for outbox in &self.outboxes {
            outbox.close_at_once(self.shared.restart());
        }
    }

    /// How many sockets were open when the drain began.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outboxes.len()
    }

    /// True when no socket was open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outboxes.is_empty()
    }

    /// How many are still open.
    #[must_use]
    pub fn still_open(&self) -> usize {
        self.shared.admission.taken()
    }
}
