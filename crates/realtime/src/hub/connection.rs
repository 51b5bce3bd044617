use std::sync::{Arc, atomic::Ordering};

use domain::{ConnectionId, RoomId, RoomSnapshot, User, ports::Present};
use tokio::sync::oneshot;

use super::handle::{Hub, HubCommand, TypingError};
use crate::{FrameClass, Outbox, presence::PresenceKeeper, wire};

/// One socket, as the hub knows it. Dropping it takes the socket out of every room.
pub struct Connection {
    id: ConnectionId,
    outbox: Arc<Outbox>,
    hub: Hub,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, outbox: Arc<Outbox>, hub: Hub) -> Self {
        hub.shared().open.fetch_add(1, Ordering::Relaxed);
        Self { id, outbox, hub }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// What waits to be written to it.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Tells the socket that it is ready, and lets it follow `rooms` from where the snapshots were taken; with
    /// `follows_all` also every room that the user comes into from now on. Its user is present in the rooms when this
    /// answers.
    pub async fn start(&self, user: User, rooms: Vec<RoomSnapshot>, follows_all: bool) {
        let shared = self.hub.shared();
        let present = Present {
            user_id: user.id,
            username: user.username.clone(),
        };
        let ids: Vec<_> = rooms.iter().map(|room| room.room_id).collect();
        let given_up = GivenUp {
            presence: &shared.presence,
            socket: self.id,
            user: Some(&present),
            rooms: &ids,
        };
        let entering = shared.presence.enter(self.id, &present, ids.clone());
        entering.await;
        // The hub knows of the rooms from here on.
        given_up.disarm();
        let ready = wire::ready(self.id, &user, shared.settings.ping_interval, &rooms);
        self.outbox.push(FrameClass::Durable, ready);
        self.hub.send(HubCommand::Start {
            id: self.id,
            user: Box::new(user),
            rooms,
            follows_all,
        });
    }

    /// The user types, or no longer does. With no room, the one that the socket follows.
    ///
    /// # Errors
    /// [`TypingError`].
    pub async fn typing(&self, room: Option<RoomId>, active: bool) -> Result<(), TypingError> {
        let (done, answer) = oneshot::channel();
        self.hub.send(HubCommand::Typing {
            id: self.id,
            room,
            active,
            done,
        });
        // A hub that is gone has nobody to tell.
        answer.await.unwrap_or(Ok(()))
    }
}

/// Takes a user out of the rooms again when the start is given up half-way, of which the hub knows nothing.
struct GivenUp<'a> {
    presence: &'a PresenceKeeper,
    socket: ConnectionId,
    user: Option<&'a Present>,
    rooms: &'a [RoomId],
}

impl GivenUp<'_> {
    fn disarm(mut self) {
        self.user = None;
    }
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(user) = self.user {
            self.presence.wish(self.socket, user, self.rooms, false);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub.shared().open.fetch_sub(1, Ordering::Relaxed);
        self.hub.send(HubCommand::Leave(self.id));
    }
}
