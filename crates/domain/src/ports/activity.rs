use async_trait::async_trait;

use crate::{
    ActivityPoint, HourActivity, RoomActivity, Span, StoreResult, Timestamp, UserActivity,
};

/// How much is said where, by whom and when, counted from the room logs: ids and numbers, and nothing that was said.
///
/// What is counted is what a recount of the stored messages would give: each once, in the interval in which it was sent,
/// without those that were deleted, and without the rooms that are gone.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ActivityStore: Send + Sync {
    /// Counts on from where the logs were counted last, `limit` events at most, or forgets about as much of rooms that are
    /// gone: nobody else waits for long. Answers true when there may be more, and
    /// MUST do so while there is. MUST count each event once, whoever calls it, however often and at once, and wherever a
    /// call was cut off.
    async fn count_on(&self, limit: u32) -> StoreResult<bool>;

    /// Forgets all that was counted, so that it is counted anew.
    async fn start_anew(&self) -> StoreResult<()>;

    /// The intervals in which something was sent, the earliest first.
    async fn series(&self, span: &Span) -> StoreResult<Vec<ActivityPoint>>;

    /// How many messages were sent, and by how many users.
    async fn totals(&self, span: &Span) -> StoreResult<(u64, u64)>;

    /// The rooms with most messages, those with the most first, and of equals the one with the lower id: that is the one
    /// that was made first. MUST NOT tell the name of a private room.
    async fn top_rooms(&self, span: &Span, limit: u32) -> StoreResult<Vec<RoomActivity>>;

    /// The users with most messages, those with the most first, and of equals the one with the lower id.
    async fn top_users(&self, span: &Span, limit: u32) -> StoreResult<Vec<UserActivity>>;

    /// The hours of the day in which something was sent, from 0 on; of a span of minutes or hours.
    async fn busiest_hours(&self, span: &Span) -> StoreResult<Vec<HourActivity>>;

    /// How many accounts were made in `from..to`. Guests are none.
    async fn new_accounts(&self, from: Timestamp, to: Timestamp) -> StoreResult<u64>;
}
