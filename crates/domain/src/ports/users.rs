use async_trait::async_trait;

use crate::{PasswordHash, StoreResult, Timestamp, User, UserId, UserStatus, values::Email};

/// Accounts.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds an account. MUST answer `Conflict(EmailTaken)` or `Conflict(UsernameTaken)` when another account has
    /// the address, or a name of the same [`key`](crate::values::Username::key); also when both calls are under way at
    /// once.
    async fn create(&self, user: &User, password: &PasswordHash) -> StoreResult<()>;

    /// The account with this id.
    async fn by_id(&self, id: UserId) -> StoreResult<Option<User>>;

    /// The account with this address.
    async fn by_email(&self, email: &Email) -> StoreResult<Option<User>>;

    /// The account with this address, and its password hash.
    async fn credentials(&self, email: &Email) -> StoreResult<Option<(User, PasswordHash)>>;

    /// Sets what the user declares. MUST answer `NotFound` for an unknown id.
    async fn set_status(&self, id: UserId, status: UserStatus, at: Timestamp) -> StoreResult<()>;
}
