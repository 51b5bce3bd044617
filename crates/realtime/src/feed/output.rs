use std::sync::Arc;

use domain::{ConnectionId, RoomEvent, Seq};

/// What a feed says, in the order in which it is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedOutput {
    /// An event, and who gets it.
    Event {
        /// What.
        event: Arc<RoomEvent>,
        /// To whom: at least one.
        to: Vec<ConnectionId>,
    },
    /// A listener that was away has all that it missed.
    Resumed {
        /// Which one.
        id: ConnectionId,
        /// It had all up to here.
        from: Seq,
        /// It has all up to here.
        to: Seq,
    },
    /// A listener that is behind will be taken out of the room by the event, which it has not got yet: it is no member
    /// any more.
    Ends {
        /// Which one.
        id: ConnectionId,
        /// By what.
        event: Arc<RoomEvent>,
    },
    /// The event, the last one it got, took a listener out of the room: it listens no longer.
    Dropped {
        /// Which one.
        id: ConnectionId,
        /// By what.
        event: Arc<RoomEvent>,
    },
}

/// What the feed wants to be read from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadRequest {
    /// The events after this number, now.
    Now(Seq),
    /// A number is missing, but is probably on its way: read after a short wait, unless it came.
    Soon,
}
