//! What goes wrong on a link.

use std::time::Duration;

/// What goes wrong on a link. Nothing does by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Of what the client says.
    pub to_server: Way,
    /// Of what the server says.
    pub to_client: Way,
    /// What becomes of new connections.
    pub entrance: Entrance,
    /// A pause after which every open connection is reset, again and again.
    pub reset_every: Option<Duration>,
}

/// What goes wrong in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// How much later bytes arrive. Their order stays, and so does their pace.
    pub delay: Duration,
    /// Whether they arrive at all.
    pub flow: Flow,
    /// Each byte is a write, and so a packet, of its own.
    pub is_trickled: bool,
}

/// Whether bytes arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// They do.
    #[default]
    Passes,
    /// They wait until they may pass, and so does the end of the connection: what TCP makes of a network that is cut
    /// and mended.
    Held,
    /// They vanish, and so does the end of the connection, which stays up. A connection that has lost bytes is reset
    /// once they may pass again: what follows would make no sense.
    Swallowed,
    /// As `Swallowed`, on the connections that the link's mark is true of; on the others they pass.
    SwallowedIfMarked,
}

/// What becomes of new connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entrance {
    /// They are taken.
    #[default]
    Open,
    /// Nobody listens: the system refuses them.
    Refusing,
    /// They are taken, and reset at once.
    Resetting,
}

impl Faults {
    /// In both directions the network is cut, and nobody is told: bytes wait until it is mended.
    #[must_use]
    pub fn partitioned() -> Self {
        Self::both(Flow::Held)
    }

    /// What the server says waits until the link is healed, as if the client did not read.
    #[must_use]
    pub fn held_to_client() -> Self {
        Self {
            to_client: Way::flowing(Flow::Held),
            ..Self::default()
        }
    }

    /// In both directions bytes vanish.
    #[must_use]
    pub fn swallowing() -> Self {
        Self::both(Flow::Swallowed)
    }

    /// Nobody listens. Open connections go on, unless they are reset too.
    #[must_use]
    pub fn refusing() -> Self {
        Self {
            entrance: Entrance::Refusing,
            ..Self::default()
        }
    }

    /// What the server says on a marked connection vanishes.
    #[must_use]
    pub fn swallowing_marked() -> Self {
        Self {
            to_client: Way::flowing(Flow::SwallowedIfMarked),
            ..Self::default()
        }
    }

    /// Every byte is this late, each way.
    #[must_use]
    pub fn delayed(delay: Duration) -> Self {
        let way = Way {
            delay,
            ..Way::default()
        };
        Self {
            to_server: way.clone(),
            to_client: way,
            ..Self::default()
        }
    }

    /// Every byte comes by itself, each way.
    #[must_use]
    pub fn trickled() -> Self {
        let way = Way {
            is_trickled: true,
            ..Way::default()
        };
        Self {
            to_server: way.clone(),
            to_client: way,
            ..Self::default()
        }
    }

    /// Every open connection is reset after each such pause.
    #[must_use]
    pub fn resetting_every(pause: Duration) -> Self {
        Self {
            reset_every: Some(pause),
            ..Self::default()
        }
    }

    fn both(flow: Flow) -> Self {
        Self {
            to_server: Way::flowing(flow),
            to_client: Way::flowing(flow),
            ..Self::default()
        }
    }
}

impl Way {
    fn flowing(flow: Flow) -> Self {
        Self {
            flow,
            ..Self::default()
        }
    }

    /// Whether bytes vanish on a connection that is marked, or is not.
    pub(super) fn swallows(&self, is_marked: bool) -> bool {
        match self.flow {
            Flow::Passes | Flow::Held => false,
            Flow::Swallowed => true,
            Flow::SwallowedIfMarked => is_marked,
        }
    }
}
