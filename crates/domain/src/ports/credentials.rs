use async_trait::async_trait;

use crate::{AccessClaims, PasswordHash, Timestamp, values::Password};

/// A password could not be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// As many as may wait are waiting.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// A fault.
    #[error("hashing failed: {0}")]
    Other(String),
}

/// A slow, salted hash. MUST NOT block the threads of the async runtime, and MUST bound how many run and wait.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes with a new salt.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// True when `hash` was made of this password. With `None` it MUST do the same work, and answers false, so that
    /// the time of a log-in does not tell whether the account exists.
    async fn verify(
        &self,
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, HashError>;
}

/// An access token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// Its form, signature or content is wrong.
    #[error("the access token is not valid")]
    Invalid,
}

/// Makes and reads signed access tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessTokens: Send + Sync {
    /// Signs the claims.
    fn issue(&self, claims: &AccessClaims) -> String;

    /// Reads a token. MUST refuse any other signature, algorithm, issuer, audience or kind, and from its expiry on.
    ///
    /// # Errors
    /// [`TokenError`].
    fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError>;
}
