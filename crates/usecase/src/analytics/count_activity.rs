use std::sync::Arc;

use domain::{StoreResult, TRACED, ports::ActivityStore};
use tracing::instrument;

/// Counts what is said, from the logs. Nobody asks for it: each node does it again and again, and before it answers.
#[derive(Clone)]
pub struct CountActivity {
    pub(crate) activity: Arc<dyn ActivityStore>,
}

impl CountActivity {
    /// How many events are counted in one transaction: few, because a store may have one writer for all.
    pub const BATCH: u32 = 1_000;

    /// Counts until all is counted, or `rounds` batches are. Answers true when something may be left.
    ///
    /// # Errors
    /// The store failed. What was counted stays so, and the rest is counted the next time.
    #[instrument(target = TRACED, name = "CountActivity", skip_all)]
    pub async fn execute(&self, rounds: usize) -> StoreResult<bool> {
        for _ in 0..rounds {
            if !self.activity.count_on(Self::BATCH).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
