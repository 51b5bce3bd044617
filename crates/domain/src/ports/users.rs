use async_trait::async_trait;

use crate::{
    PasswordHash, SessionId, StoreResult, Timestamp, User, UserId, UserStatus, values::Email,
};

/// Accounts.
///
/// A deactivated account stays: it is found as before, and keeps its address and its name. Nobody logs in to it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds an account. MUST answer `Conflict(EmailTaken)` or `Conflict(UsernameTaken)` when another account has
    /// the address, or a name of the same [`key`](crate::values::Username::key); also when both calls are under way at
    /// once.
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()>;

    /// Lets a guest in: adds them, or gives the one of this id the name. MUST answer `Denied`, and change nothing, when the
    /// id is an account's. Nobody logs in as a guest: [`credentials`](Self::credentials) and
    /// [`password`](Self::password) MUST answer none.
    async fn admit(&self, guest: &User) -> StoreResult<()>;

    /// The account, or the guest, with this id.
    async fn by_id(&self, id: UserId) -> StoreResult<Option<User>>;

    /// The account with this address.
    async fn by_email(&self, email: &Email) -> StoreResult<Option<User>>;

    /// The account with this address, and its password hash. MUST answer none for a deactivated account.
    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>>;

    /// The password hash of this account. MUST answer none for a deactivated account.
    async fn password(&self, id: UserId) -> StoreResult<Option<PasswordHash>>;

    /// Sets what the user declares. MUST answer `NotFound` for an unknown id.
    async fn set_status(&self, id: UserId, status: UserStatus, at: Timestamp) -> StoreResult<()>;

    /// Sets whether others see the user's drafts. MUST answer `NotFound` for an unknown id.
    async fn share_drafts(&self, id: UserId, shared: bool, at: Timestamp) -> StoreResult<()>;

    /// Whether others see the user's drafts; none for an unknown id. MUST answer what was set before it was asked, also where
    /// users are remembered.
    async fn shares_drafts(&self, id: UserId) -> StoreResult<Option<bool>>;

    /// Makes the account an admin, or one no longer. MUST answer `NotFound` for an unknown id, and for one that nobody logs
    /// in to: a guest's, the house's, and a deactivated account's.
    async fn set_admin(&self, id: UserId, is_admin: bool, at: Timestamp) -> StoreResult<()>;

    /// True when some account is an admin, one that is deactivated apart.
    async fn has_admin(&self) -> StoreResult<bool>;

    /// Ends every log-in of the user that stands, and answers those that ended now, in no order. Of two calls at once
    /// each log-in MUST be told by one alone.
    async fn end_log_ins(&self, id: UserId, at: Timestamp) -> StoreResult<Vec<SessionId>>;

    /// Puts `new` in the place of `judged_by`, the hash that the password was checked against; ends every log-in of the
    /// user but `by`, the one that asks; and answers those that ended now, in no order.
    ///
    /// MUST answer `NotFound` when `by` does not stand, or is not of this user; and else `Denied` when `judged_by` is
    /// not the account's hash. Both MUST hold at the commit: of two calls at once that were judged by one hash, one
    /// succeeds.
    async fn change_password(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        new: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>>;

    /// Deactivates the account for good, ends every log-in of the user, and answers those that ended now, in no order.
    /// MUST refuse as [`change_password`](Self::change_password) does.
    async fn deactivate(
        &self,
        id: UserId,
        by: SessionId,
        judged_by: &PasswordHash,
        at: Timestamp,
    ) -> StoreResult<Vec<SessionId>>;
}
