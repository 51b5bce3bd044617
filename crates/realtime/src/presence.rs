use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    BusEvent, ConnectionId, RoomId, UserId,
    ports::{EventBus, Presence},
    values::Username,
};
use tokio::sync::Notify;

/// Tells the presence port which sockets follow which rooms, and the rooms whose presence changed by it.
///
/// The hub must not wait, so it only notes what should be true; one task makes it so. Only the latest wish for a socket
/// and a room is kept, so the notes are bounded by what the sockets follow.
pub(crate) struct PresenceKeeper {
    presence: Arc<dyn Presence>,
    bus: Arc<dyn EventBus>,
    wishes: Mutex<HashMap<(RoomId, ConnectionId), Wish>>,
    /// Held by who fulfils wishes.
    settling: tokio::sync::Mutex<()>,
    changed: Notify,
}

#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub user_id: UserId,
    pub username: Username,
    pub present: bool,
}

impl PresenceKeeper {
    pub(crate) fn new(presence: Arc<dyn Presence>, bus: Arc<dyn EventBus>) -> Self {
        Self {
            presence,
            bus,
            wishes: Mutex::default(),
            settling: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Notes that the socket follows the room now, or no longer does.
    pub(crate) fn wish(&self, room: RoomId, socket: ConnectionId, wish: Wish) {
        self.wishes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((room, socket), wish);
        self.changed.notify_one();
    }

    /// Fulfils wishes until it is dropped.
    pub(crate) async fn run(&self) {
        loop {
            self.changed.notified().await;
            self.settle().await;
        }
    }

    /// Fulfils the wishes that are noted now, after those that are being fulfilled already.
    pub(crate) async fn settle(&self) {
        let _in_turn = self.settling.lock().await;
        let wishes =
            std::mem::take(&mut *self.wishes.lock().unwrap_or_else(PoisonError::into_inner));
        for ((room, socket), wish) in wishes {
            self.apply(room, socket, wish).await;
        }
    }

    /// Fulfils a wish at once, after those that are being fulfilled already: two for one user must not cross.
    pub(crate) async fn fulfil(&self, room: RoomId, socket: ConnectionId, wish: Wish) {
        let _in_turn = self.settling.lock().await;
        self.apply(room, socket, wish).await;
    }

    /// Makes one wish true and tells the room if that changed who is there.
    async fn apply(&self, room_id: RoomId, socket: ConnectionId, wish: Wish) {
        let user_id = wish.user_id;
        let changed = if wish.present {
            self.presence.enter(room_id, user_id, socket).await
        } else {
            self.presence.leave(room_id, user_id, socket).await
        };
        match changed {
            Ok(false) => {}
            Ok(true) => {
                self.bus
                    .publish(BusEvent::Presence {
                        room_id,
                        user_id,
                        username: wish.username,
                        online: wish.present,
                    })
                    .await;
            }
            Err(error) => tracing::warn!(%room_id, %user_id, %error, "presence was not recorded"),
        }
    }
}
