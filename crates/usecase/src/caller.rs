use domain::{SessionId, UserId};

/// Who asks: proven by an access token whose log-in still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// The log-in.
    pub session_id: SessionId,
}
