/// What an adapter says when it could not do what a port asks. An absent look-up is `Ok(None)`, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What the change is about is not there (any more), or the acting user may not see it.
    #[error("not found")]
    NotFound,
    /// The acting user is no longer allowed to make the change.
    #[error("denied")]
    Denied,
    /// A rule about all that is stored stands against it.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// The store is away or overloaded; the same call may succeed later.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// A fault that a retry does not mend.
    #[error("store failed: {0}")]
    Other(String),
}

/// Which rule of uniqueness, or of number, was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// Another account has this address.
    EmailTaken,
    /// Another account has this user name, in any case.
    UsernameTaken,
    /// The user is in the room already.
    AlreadyMember,
    /// The message carries as many different emojis as it may.
    TooManyEmojis,
    /// The user writes as many streams as they may.
    TooManyStreams,
    /// The stream was written to since it was read, or is to be sent as it is.
    StreamChanged,
}

/// What storage ports return.
pub type StoreResult<T> = Result<T, StoreError>;
