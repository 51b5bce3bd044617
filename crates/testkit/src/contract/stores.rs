use std::sync::Arc;

use domain::ports::{
    ActivityStore, MemberStore, MessageStore, RoomLog, RoomStore, SessionStore, UserStore,
};

/// The storage ports of one store, empty at the start of a test.
#[derive(Clone)]
pub struct Stores {
    /// Accounts.
    pub users: Arc<dyn UserStore>,
    /// Log-ins.
    pub sessions: Arc<dyn SessionStore>,
    /// Rooms.
    pub rooms: Arc<dyn RoomStore>,
    /// Memberships.
    pub members: Arc<dyn MemberStore>,
    /// Events.
    pub log: Arc<dyn RoomLog>,
    /// Messages and marks.
    pub messages: Arc<dyn MessageStore>,
    /// What is counted of them.
    pub activity: Arc<dyn ActivityStore>,
}

impl Stores {
    /// All ports of one struct that implements them all.
    pub fn of<S>(store: Arc<S>) -> Self
    where
        S: UserStore + SessionStore + RoomStore + MemberStore + RoomLog + MessageStore,
        S: ActivityStore + 'static,
    {
        Self {
            users: store.clone(),
            sessions: store.clone(),
            rooms: store.clone(),
            members: store.clone(),
            log: store.clone(),
            messages: store.clone(),
            activity: store,
        }
    }
}
