use std::fmt;

use crate::{SessionId, Timestamp, UserId};

/// One log-in of a user, from which access tokens are made until it is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, the `sid` of every access token made from it.
    pub id: SessionId,
    /// Who logged in.
    pub user_id: UserId,
    /// When.
    pub created_at: Timestamp,
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whose it is (`sub`).
    pub user_id: UserId,
    /// The log-in it was made from (`sid`).
    pub session_id: SessionId,
    /// Its own id (`jti`).
    pub token_id: uuid::Uuid,
    /// When it was made (`iat`); the token keeps whole seconds.
    pub issued_at: Timestamp,
    /// From when on it is refused (`exp`); the token keeps whole seconds.
    pub expires_at: Timestamp,
}

/// SHA-256 of a refresh token. The token itself has 256 random bits, so that no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefreshTokenHash(pub [u8; 32]);

impl fmt::Debug for RefreshTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenHash(…)")
    }
}

/// A password hash in PHC string form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
