use std::time::Duration;

/// Why the server closes a socket, with the code that the client sees (RFC 6455, section 7.4; 4000 and up are ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client closed first; its close is answered.
    ClientLeft,
    /// The node is going away: connect again, to any node.
    Restart {
        /// How long the client waits before it does, so that not all come back in one moment.
        retry_after: Duration,
    },
    /// The client broke the WebSocket protocol.
    Protocol,
    /// A binary frame: the native protocol is text.
    Unsupported,
    /// A text frame that is not UTF-8.
    InvalidText,
    /// A frame or a message larger than is taken.
    TooBig,
    /// The peer was silent for longer than a few pings.
    Silent,
    /// The client goes on sending what is no frame of the protocol.
    BadClient,
    /// The log-in has ended: log in again.
    SessionEnded,
    /// The access token has expired, and no new one was sent: come back with a new one.
    TokenExpired,
    /// The user is in none of the rooms any more that the socket named.
    Removed,
    /// The peer reads too slowly for what it follows: connect again and resume.
    Slow,
    /// The user has more sockets than one may have, and this one was silent: not to be opened again unasked.
    TooManySockets,
    /// The peer sent more frames than one socket may: connect again after a pause.
    Flood,
}

impl CloseReason {
    /// The code of the close frame.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::ClientLeft => 1000,
            Self::Restart { .. } => 1012,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::InvalidText => 1007,
            Self::TooBig => 1009,
            Self::Silent => 4000,
            Self::BadClient => 4400,
            Self::SessionEnded | Self::TokenExpired => 4401,
            Self::Removed => 4403,
            Self::Slow => 4408,
            Self::TooManySockets => 4409,
            Self::Flood => 4429,
        }
    }

    /// A few words, well under the 123 bytes that a close frame can carry: for people, but for the time to wait of
    /// [`Restart`](Self::Restart), which is `retry_after_ms=<whole milliseconds>` at the end.
    #[must_use]
    pub fn text(self) -> String {
        let text = match self {
            Self::ClientLeft => "",
            Self::Restart { retry_after } => {
                let wait = retry_after.as_millis();
                return format!("restarting; retry_after_ms={wait}");
            }
            Self::Protocol => "protocol error",
            Self::Unsupported => "text frames only",
            Self::InvalidText => "not UTF-8",
            Self::TooBig => "frame too big",
            Self::Silent => "no sign of life, connect again",
            Self::BadClient => "not the protocol of this server",
            Self::SessionEnded => "the log-in has ended",
            Self::TokenExpired => "the access token has expired",
            Self::Removed => "no longer a member of the room",
            Self::Slow => "reading too slowly, connect again",
            Self::TooManySockets => "too many sockets of one user",
            Self::Flood => "too many frames, connect again after a pause",
        };
        text.to_owned()
    }

    /// True when the peer may be waited for to read the close frame: it has not left, and was heard of lately.
    #[must_use]
    pub fn is_read(self) -> bool {
        !matches!(self, Self::ClientLeft | Self::Silent)
    }

    /// True when what is queued is still written before the close frame.
    pub(crate) fn lets_queue_drain(self) -> bool {
        matches!(self, Self::Restart { .. } | Self::Removed)
    }
}
