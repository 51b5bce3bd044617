use std::{sync::Arc, time::Duration};

use domain::{
    NodeId, NodeStats, Timestamp,
    ports::{BusHealth, CommitCounts, EventBus, Probe},
    values::PageSize,
};
use realtime::Hub;
use tokio::runtime::Handle;
use usecase::UseCases;

use crate::{Limits, http::SyncTurns};

/// What every handler needs. Registered once as `web::Data<Door>`.
pub struct Door {
    /// What can be done.
    pub usecases: UseCases,
    /// The sockets of this node.
    pub hub: Hub,
    /// How often what may be done.
    pub limits: Limits,
    /// How many syncs go on at once.
    pub sync_turns: SyncTurns,
    /// Whether this node can serve.
    pub health: Health,
    /// Where new sockets get their ids.
    pub ids: Arc<dyn domain::ports::IdSource>,
    /// What an operator sets.
    pub settings: Settings,
}

impl Door {
    /// What this node counts of itself, now.
    #[must_use]
    pub fn stats(&self) -> NodeStats {
        let health = &self.health;
        NodeStats {
            node_id: health.node_id,
            started_at: health.started_at,
            at: health.clock.now(),
            bus_connected: health.bus.health() == BusHealth::Connected,
            sockets: self.hub.stats(),
            commits: health.commits.so_far(),
        }
    }
}

/// Whether this node can serve, and how it does.
pub struct Health {
    /// Which node this is.
    pub node_id: NodeId,
    /// The store.
    pub store: Arc<dyn Probe>,
    /// What the store counts.
    pub commits: Arc<dyn CommitCounts>,
    /// What connects it with the other nodes.
    pub bus: Arc<dyn EventBus>,
    /// When the node started.
    pub started_at: Timestamp,
    /// The time.
    pub clock: Arc<dyn domain::ports::Clock>,
    /// The version of the binary.
    pub version: &'static str,
    /// Where the tasks run that serve no single connection: those of the hub, the stores and the bus.
    pub runtime: Handle,
}

/// What an operator sets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long a request body may take to arrive.
    pub body_timeout: Duration,
    /// The origins that browsers may call from, beside the server's own.
    pub allowed_origins: Vec<String>,
    /// How many proxies in front are trusted to say where a request came from.
    pub trusted_proxies: usize,
    /// People without an account may come into public rooms that allow it.
    pub guests: bool,
    /// How many messages are replayed to a guest who comes into a room.
    pub guest_history: PageSize<200>,
    /// Cookies over https alone.
    pub secure_cookies: bool,
    /// Sockets.
    pub ws: WsSettings,
}

/// What an operator sets about sockets.
#[derive(Debug, Clone, Copy)]
pub struct WsSettings {
    /// The largest frame, and the largest message, of a client, in bytes.
    pub max_frame_bytes: usize,
    /// How often a peer is pinged.
    pub ping_interval: Duration,
    /// How long a peer may be silent.
    pub pong_timeout: Duration,
    /// How long one write may take.
    pub write_timeout: Duration,
    /// How long before its access token expires a client is warned.
    pub expiry_warning: Duration,
    /// So many frames in a row that are not of the protocol close a socket.
    pub bad_frames: u32,
}
