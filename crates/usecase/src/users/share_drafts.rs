use std::sync::Arc;

use domain::{
    BusEvent, StoreError, StoreResult, StreamEnd, StreamKind, TRACED, UserId,
    ports::{Clock, EventBus, LiveStreams, UserStore},
};
use tracing::instrument;

use crate::Caller;

/// Lets others see what one is writing before it is sent, or no longer.
pub struct ShareDrafts {
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why nothing changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareDraftsError {
    /// No such account.
    #[error("no such user")]
    NotFound,
    /// It is somebody else's.
    #[error("only one's own drafts can be shared or kept")]
    NotYours,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ShareDrafts {
    /// Sets it for the drafts that are begun from now on. Those that are being written are hidden at once when they are no
    /// longer to be shared; none is shown that was begun hidden.
    ///
    /// # Errors
    /// [`ShareDraftsError`]. After [`ShareDraftsError::Store`] it may be set, and a draft still be seen: to be tried again.
    #[instrument(target = TRACED, name = "ShareDrafts", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        id: UserId,
        shared: bool,
    ) -> Result<(), ShareDraftsError> {
        if id != caller.user_id {
            return Err(match self.users.by_id(id).await? {
                Some(_) => ShareDraftsError::NotYours,
                None => ShareDraftsError::NotFound,
            });
        }
        match self.users.share_drafts(id, shared, self.clock.now()).await {
            Err(StoreError::NotFound) => return Err(ShareDraftsError::NotFound),
            other => other?,
        }
        self.bus
            .publish(BusEvent::UserChanged { user_id: id })
            .await;
        if !shared {
            self.hide_drafts(id).await?;
        }
        Ok(())
    }

    async fn hide_drafts(&self, author: UserId) -> StoreResult<()> {
        for stream in self.streams.of_author(author).await? {
            if stream.kind == StreamKind::Draft && !stream.is_hidden {
                self.streams.hide(stream.id).await?;
                let told = BusEvent::StreamEnded {
                    room_id: stream.room_id,
                    id: stream.id,
                    why: StreamEnd::Hidden,
                };
                self.bus.publish(told).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
