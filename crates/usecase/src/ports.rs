use std::{sync::Arc, time::Duration};

use domain::ports::{
    AccessTokens, ActivityStore, Clock, EventBus, IdSource, LiveStats, LiveStreams, MemberStore,
    MessageStore, PasswordHasher, Presence, Randomness, RoomLog, RoomStore, SessionStore,
    UserStore,
};

/// What the use cases need from the outside.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port that its type names")]
pub struct Ports {
    pub users: Arc<dyn UserStore>,
    pub activity: Arc<dyn ActivityStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub rooms: Arc<dyn RoomStore>,
    pub members: Arc<dyn MemberStore>,
    pub log: Arc<dyn RoomLog>,
    pub messages: Arc<dyn MessageStore>,
    pub streams: Arc<dyn LiveStreams>,
    pub live_stats: Arc<dyn LiveStats>,
    pub bus: Arc<dyn EventBus>,
    pub presence: Arc<dyn Presence>,
    pub passwords: Arc<dyn PasswordHasher>,
    pub tokens: Arc<dyn AccessTokens>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub randomness: Arc<dyn Randomness>,
}

/// What an operator sets.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long an access token is good.
    pub access_ttl: Duration,
    /// How long a refresh token is good.
    pub refresh_ttl: Duration,
    /// The most rooms that one socket may name.
    pub rooms_per_socket: usize,
    /// The most events of one room that are told to a client that was away; who missed more reads the room anew.
    pub resume_max_events: u64,
    /// The most events that one answer of a sync tells, unless one room alone has more.
    pub sync_max_events: u64,
    /// The most bytes of events that one answer of a sync, or of a room's log, holds, by estimate.
    pub sync_max_bytes: u64,
    /// The most rooms that a client names to sync.
    pub sync_max_rooms: usize,
    /// The most streams that one user writes at once.
    pub streams_per_user: usize,
}
