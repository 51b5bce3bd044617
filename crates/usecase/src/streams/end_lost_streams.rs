use domain::{LiveStream, StoreError, StoreResult, StreamEnd, StreamState, TRACED, WhenLost};
use tracing::instrument;

use super::{Sending, end_without_message};

/// Ends the streams whose authors are lost, or that nobody has sent though they were finished. Nobody asks for it: each
/// node does it again and again.
pub struct EndLostStreams {
    pub(crate) sending: Sending,
}

impl EndLostStreams {
    /// How many one call ends at most.
    pub const BATCH: usize = 100;

    /// Sends each as far as it has come, or drops it, as was asked for at its start. Answers how many there were:
    /// [`BATCH`](Self::BATCH) when there may be more. One that could not be ended is lost again after another lease.
    ///
    /// # Errors
    /// The streams could not be asked for.
    #[instrument(target = TRACED, name = "EndLostStreams", skip_all)]
    pub async fn execute(&self) -> StoreResult<usize> {
        let lost = self.sending.streams.take_lost(Self::BATCH).await?;
        for stream in &lost {
            match self.end(stream).await {
                // Its author is no longer in the room: it is dropped.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => {
                    tracing::warn!(%error, stream = %stream.id, "a lost stream could not be ended");
                }
            }
        }
        Ok(lost.len())
    }

    async fn end(&self, stream: &LiveStream) -> StoreResult<()> {
        let interrupted = stream.state != StreamState::Finished;
        let is_sent = !interrupted || stream.when_lost == WhenLost::Finish;
        if is_sent && !stream.is_blank() {
            self.sending.send(stream, interrupted).await.map(drop)
        } else {
            // Its author may have come back since, and finished it.
            let Sending { streams, bus, .. } = &self.sending;
            let ended = end_without_message(&**streams, &**bus, stream, StreamEnd::Lost);
            ended.await.map(drop)
        }
    }
}

#[cfg(test)]
mod tests;
