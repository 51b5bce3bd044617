use domain::{SessionId, UserId};

/// Who asks: proven by an access token whose log-in still stands; or a guest, who proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// The log-in; of a guest, none that there is.
    pub session_id: SessionId,
}

impl Caller {
    /// A guest. What takes a log-in is refused to them, as to anybody whose log-in does not stand.
    #[must_use]
    pub fn guest(user_id: UserId) -> Self {
        Self {
            user_id,
            session_id: SessionId::NONE,
        }
    }
}
