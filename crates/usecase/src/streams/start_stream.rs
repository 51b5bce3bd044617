use std::sync::Arc;

use domain::{
    BusEvent, Conflict, LiveStream, RoomId, StoreError, StoreResult, StreamEnd, StreamId,
    StreamKind, StreamState, TRACED, WhenLost,
    ports::{Clock, EventBus, IdSource, LiveStreams, RoomStore, UserStore},
    values::MessageContent,
};
use tracing::instrument;

use crate::{Caller, access};

/// Begins to write a message that others see while it is written.
pub struct StartStream {
    pub(crate) rooms: Arc<dyn RoomStore>,
    pub(crate) users: Arc<dyn UserStore>,
    pub(crate) streams: Arc<dyn LiveStreams>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) most: usize,
}

/// What is begun where.
#[derive(Debug, Clone, Copy)]
pub struct StartStreamInput {
    /// Where.
    pub room_id: RoomId,
    /// What it is.
    pub kind: StreamKind,
    /// What becomes of it when its author is lost.
    pub when_lost: WhenLost,
}

/// Why nothing was begun.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartStreamError {
    /// No such room, for the caller.
    #[error("no such room")]
    RoomNotFound,
    /// The caller writes as many streams as they may.
    #[error("at most {most} streams at once")]
    TooManyStreams {
        /// How many.
        most: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartStream {
    /// Begins a stream without a text, and tells the room, unless it is a draft of somebody who does not share theirs. It is
    /// kept while its author is heard of.
    ///
    /// # Errors
    /// [`StartStreamError`].
    #[instrument(target = TRACED, name = "StartStream", skip_all)]
    pub async fn execute(
        &self,
        caller: Caller,
        input: StartStreamInput,
    ) -> Result<LiveStream, StartStreamError> {
        access::as_member(&*self.rooms, input.room_id, caller.user_id)
            .await?
            .ok_or(StartStreamError::RoomNotFound)?;
        let author = self.users.by_id(caller.user_id).await?;
        let author = author.ok_or(StartStreamError::RoomNotFound)?;
        let stream = LiveStream {
            id: StreamId(self.ids.next()),
            room_id: input.room_id,
            user_id: author.id,
            username: author.username,
            kind: input.kind,
            when_lost: input.when_lost,
            is_hidden: input.kind == StreamKind::Draft && !author.shares_drafts,
            state: StreamState::Open,
            text: MessageContent::empty(),
            revision: 0,
            started_at: self.clock.now(),
        };
        match self.streams.start(&stream, self.most).await {
            Err(StoreError::Conflict(Conflict::TooManyStreams)) => {
                return Err(StartStreamError::TooManyStreams { most: self.most });
            }
            other => other?,
        }
        if stream.is_hidden {
            return Ok(stream);
        }
        if stream.kind == StreamKind::Draft && !self.is_shared(&stream).await? {
            return Ok(self.hide(stream).await?);
        }
        let told = BusEvent::StreamStarted(stream.clone());
        self.bus.publish(told).await;
        Ok(stream)
    }

    /// Asked once the draft is in the store, and past what is remembered of its author: whoever switches sharing off hides
    /// the drafts that are there then, and one that comes later finds it off.
    async fn is_shared(&self, draft: &LiveStream) -> StoreResult<bool> {
        match self.users.shares_drafts(draft.user_id).await {
            Ok(shares) => Ok(shares == Some(true)),
            Err(error) => {
                // Its author is told that it was not begun.
                if let Err(error) = self.streams.remove(draft.id).await {
                    tracing::warn!(%error, stream = %draft.id, "left to its lease");
                }
                Err(error)
            }
        }
    }

    async fn hide(&self, draft: LiveStream) -> StoreResult<LiveStream> {
        self.streams.hide(draft.id).await?;
        // A hub that asked the store meanwhile may have shown it.
        let told = BusEvent::StreamEnded {
            room_id: draft.room_id,
            id: draft.id,
            why: StreamEnd::Hidden,
        };
        self.bus.publish(told).await;
        Ok(LiveStream {
            is_hidden: true,
            ..draft
        })
    }
}

#[cfg(test)]
mod tests;
