use uuid::Uuid;

use crate::Timestamp;

/// The time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds: the finest that every store keeps.
    fn now(&self) -> Timestamp;
}

/// New ids.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// A UUID of version 7 (RFC 9562), so that ids sort by the time they were made.
    fn next(&self) -> Uuid;
}

/// Secrets.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Randomness: Send + Sync {
    /// 256 bits that nobody can guess.
    fn secret(&self) -> [u8; 32];
}

/// Something that this node cannot serve without.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait::async_trait]
pub trait Probe: Send + Sync {
    /// Does the smallest thing that shows it works. MUST answer within the store's own time limits.
    async fn check(&self) -> crate::StoreResult<()>;
}
