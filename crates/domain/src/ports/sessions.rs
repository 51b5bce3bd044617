use async_trait::async_trait;

use crate::{
    PasswordHash, RefreshTokenHash, RoomId, RoomSnapshot, Session, SessionId, StoreResult,
    Timestamp, User, UserId,
};

/// A log-in to be opened, with its first refresh token.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The log-in.
    pub session: Session,
    /// Its first refresh token.
    pub refresh: RefreshTokenHash,
    /// From when on that token is refused.
    pub refresh_expires_at: Timestamp,
    /// The hash that the password was checked against.
    pub judged_by: PasswordHash,
}

/// What became of a refresh token that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// It was good; it is spent now, and the new one stands in its place.
    Rotated(Session),
    /// It is unknown, expired, or of a revoked log-in.
    Refused,
    /// It was spent before: somebody else has it. The whole log-in is revoked now.
    Reused(Session),
}

/// What a socket starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Whose log-in it is.
    pub user: User,
    /// Where they stand in their rooms.
    pub rooms: Vec<RoomSnapshot>,
}

/// Log-ins and their refresh tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a log-in. MUST answer `Denied`, and open none, when `judged_by` is not the hash of the user's account at
    /// the commit, or the account is deactivated: between the check of a password and this, it may have been changed.
    /// So either the log-in is opened first, and ends with the others, or it is not opened.
    async fn open(&self, new: &NewSession) -> StoreResult<()>;

    /// Spends `old` and puts `new` in its place. MUST let at most one of two calls with the same `old` succeed, and
    /// MUST revoke the whole log-in when `old` was spent before. `old` is refused from its expiry on.
    async fn rotate(
        &self,
        old: RefreshTokenHash,
        new: RefreshTokenHash,
        now: Timestamp,
        new_expires_at: Timestamp,
    ) -> StoreResult<Rotation>;

    /// The log-in that a refresh token belongs to, spent or not.
    async fn by_refresh_token(&self, token: RefreshTokenHash) -> StoreResult<Option<Session>>;

    /// True while the log-in exists and was not revoked.
    async fn is_live(&self, id: SessionId) -> StoreResult<bool>;

    /// Who `user` is and where they stand in their rooms, as [`RoomStore::snapshots`](super::RoomStore::snapshots) tells it; none
    /// when this is no log-in of theirs, or was revoked. One question in place of three: each socket that comes asks it.
    async fn arrival(
        &self,
        id: SessionId,
        user: UserId,
        only: Option<Vec<RoomId>>,
    ) -> StoreResult<Option<Arrival>>;

    /// Those of these log-ins that do not stand (any more): revoked, or unknown.
    async fn ended_among(&self, ids: Vec<SessionId>) -> StoreResult<Vec<SessionId>>;

    /// Ends a log-in of `user`; a foreign or an ended one is left alone. True when it ended now.
    async fn revoke(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool>;
}
