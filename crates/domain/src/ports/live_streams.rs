use async_trait::async_trait;

use crate::{LiveStream, RoomId, Splice, StoreResult, StreamId, StreamState, UserId};

/// The messages that are being written, for every node.
///
/// A stream is kept for one lease, which each write, each [`renew`](Self::renew) and [`finish`](Self::finish) begins
/// anew. When it is over the stream waits for [`take_lost`](Self::take_lost). Nothing in here must last: the store may forget
/// streams, and their text is safe once the log has their message.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait LiveStreams: Send + Sync {
    /// Keeps a new stream. MUST answer `Conflict(TooManyStreams)`, and keep nothing, when its author has `most` already.
    async fn start(&self, stream: &LiveStream, most: usize) -> StoreResult<()>;

    /// The stream as it is now.
    async fn by_id(&self, id: StreamId) -> StoreResult<Option<LiveStream>>;

    /// The streams of these rooms, hidden ones too; those of a room in the order of their ids.
    async fn of_rooms(&self, rooms: Vec<RoomId>) -> StoreResult<Vec<LiveStream>>;

    /// The streams of this author, in the order of their ids.
    async fn of_author(&self, author: UserId) -> StoreResult<Vec<LiveStream>>;

    /// Changes the text. MUST answer `Conflict(StreamChanged)`, and change nothing, unless the stream is of the revision
    /// before [`Splice::revision`] and open; `NotFound` when there is none. So of two writes at once one succeeds.
    async fn write(&self, id: StreamId, splice: &Splice) -> StoreResult<()>;

    /// Lets only its author see the stream. None when there is none.
    async fn hide(&self, id: StreamId) -> StoreResult<Option<LiveStream>>;

    /// Keeps these streams for another lease. Answers those that there are, in any order. One that is not open is left to
    /// its lease: who ends it must come to an end.
    async fn renew(&self, ids: Vec<StreamId>) -> StoreResult<Vec<StreamId>>;

    /// Takes no more writes from now on, and answers the stream as it stays, [`Finished`](crate::StreamState::Finished), also
    /// when it was no longer open. None when there is none.
    async fn finish(&self, id: StreamId) -> StoreResult<Option<LiveStream>>;

    /// Forgets the stream. True when there was one: of several calls at once, for one alone.
    async fn remove(&self, id: StreamId) -> StoreResult<bool>;

    /// Forgets the stream if it is in this state. True when it was: of several calls at once, for one alone. MUST judge and
    /// forget in one step, so that what another call makes of the stream meanwhile is not forgotten: of an end that needs an
    /// open stream and a [`finish`](Self::finish) at once, one succeeds.
    async fn remove_if(&self, id: StreamId, state: StreamState) -> StoreResult<bool>;

    /// Streams whose lease is over, at most `most`: each is kept for another lease, and answered as it stays; one that was
    /// open is [`Lost`](crate::StreamState::Lost) now. MUST answer a stream to one caller alone while that lease lasts; when it is over, that
    /// caller has not [removed](Self::remove) it, and the next one may.
    async fn take_lost(&self, most: usize) -> StoreResult<Vec<LiveStream>>;
}
