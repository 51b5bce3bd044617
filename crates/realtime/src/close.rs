/// Why the server closes a socket, with the code that the client sees (RFC 6455, section 7.4; 4000 and up are ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client closed first; its close is answered.
    ClientLeft,
    /// The node is going away: connect again, to any node.
    Restart,
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
    /// The log-in has ended: log in again.
    SessionEnded,
    /// The peer reads too slowly for what it follows: connect again and resume.
    Slow,
    /// The peer sent more frames than one socket may: connect again after a pause.
    Flood,
}

impl CloseReason {
    /// The code of the close frame.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::ClientLeft => 1000,
            Self::Restart => 1012,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::InvalidText => 1007,
            Self::TooBig => 1009,
            Self::Silent => 4000,
            Self::SessionEnded => 4401,
            Self::Slow => 4408,
            Self::Flood => 4429,
        }
    }

    /// A few words for people, well under the 123 bytes that a close frame can carry.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::ClientLeft => "",
            Self::Restart => "restarting, connect again",
            Self::Protocol => "protocol error",
            Self::Unsupported => "text frames only",
            Self::InvalidText => "not UTF-8",
            Self::TooBig => "frame too big",
            Self::Silent => "no sign of life, connect again",
            Self::SessionEnded => "the log-in has ended",
            Self::Slow => "reading too slowly, connect again",
            Self::Flood => "too many frames, connect again after a pause",
        }
    }

    /// True when what is queued is still written before the close frame.
    pub(crate) fn lets_queue_drain(self) -> bool {
        matches!(self, Self::Restart)
    }
}
