use std::sync::Arc;

use bytestring::ByteString;
use domain::{
    ConnectionId, Resumption, RoomId, RoomSnapshot, SessionId, StreamId, User, ports::Present,
};
use tokio::{sync::oneshot, time::Instant};

use super::handle::{FollowError, Hub, HubCommand, TypingError};
use crate::{Outbox, Outgoing, Seat, outbox::FlushBuffers, presence::PresenceKeeper, wire};

/// One socket, as the hub knows it. Dropping it takes the socket out of every room.
pub struct Connection {
    id: ConnectionId,
    outbox: Arc<Outbox>,
    seat: Seat,
    hub: Hub,
}

impl Connection {
    pub(super) fn new(id: ConnectionId, outbox: Arc<Outbox>, seat: Seat, hub: Hub) -> Self {
        Self {
            id,
            outbox,
            seat,
            hub,
        }
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

    /// Notes that the peer has given a sign of life: who is silent may lose its place to another socket of its user.
    pub fn heard(&self) {
        self.seat.heard(Instant::now());
    }

    /// What is to be written next. Of a socket whose outbox has a writer, whatever waits is written, now and as soon as it
    /// comes, and the answer is the close, when all before it is written. For one waiter; cancel-safe.
    pub async fn next(&self) -> Outgoing {
        loop {
            let next = if self.outbox.has_writer() {
                let shared = self.hub.shared();
                let told = |timing| shared.written(timing);
                // They are not kept: an idle socket has nothing to write.
                let mut buffers = FlushBuffers::default();
                if self.outbox.flush(&mut buffers, told).is_relieved {
                    self.relieved();
                }
                self.outbox.close_due()
            } else {
                let next = self.outbox.try_next();
                if self.outbox.take_relief() {
                    self.relieved();
                }
                next
            };
            if let Some(next) = next {
                return next;
            }
            self.outbox.changed().await;
        }
    }

    /// There is room again in the queue, for what the socket missed.
    fn relieved(&self) {
        self.hub.send(HubCommand::Relieved(self.id));
    }

    /// Tells the socket that it is ready, and lets it follow `rooms`: from where the client stands, if it is among the
    /// `resumptions`, else from where the snapshot was taken. With `follows_all` it also follows every room that the user
    /// comes into from now on. Its user is present in the rooms when this answers.
    pub async fn start(
        &self,
        user: User,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
        follows_all: bool,
    ) {
        let settings = &self.hub.shared().settings;
        let (ping, spread) = (settings.ping_interval, settings.reconnect_spread);
        let ready = wire::ready(self.id, &user, ping, spread, &rooms);
        self.begin(user, rooms, resumptions, follows_all, vec![ready])
            .await;
    }

    /// As [`start`](Self::start), for a guest in one room, whose protocol has another greeting.
    pub async fn start_guest(&self, guest: User, room: RoomSnapshot, greeting: Vec<ByteString>) {
        self.begin(guest, vec![room], Vec::new(), false, greeting)
            .await;
    }

    async fn begin(
        &self,
        user: User,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
        follows_all: bool,
        greeting: Vec<ByteString>,
    ) {
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
        self.outbox.push_first(greeting);
        self.hub.send(HubCommand::Start {
            id: self.id,
            user: Box::new(user),
            rooms,
            resumptions,
            follows_all,
        });
    }

    /// Lets the socket follow these rooms too, as [`start`](Self::start) does. `answer`, which ends the command that is
    /// under way, goes out before all that is told because of it.
    ///
    /// # Errors
    /// [`FollowError`]; the command is not answered then.
    pub async fn follow(
        &self,
        rooms: Vec<RoomSnapshot>,
        resumptions: Vec<Resumption>,
        answer: Option<ByteString>,
    ) -> Result<(), FollowError> {
        let (done, followed) = oneshot::channel();
        self.hub.send(HubCommand::Follow {
            id: self.id,
            rooms,
            resumptions,
            answer,
            done,
        });
        match followed.await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.end_command();
                Ok(())
            }
        }
    }

    /// A hub that is gone has closed the socket, and answers no command that is under way: the close waits for it.
    fn end_command(&self) {
        self.outbox.answer(None);
    }

    /// The socket follows the room no longer. `answer`, which ends the command that is under way, goes out behind all
    /// that is told of the room.
    pub async fn unfollow(&self, room_id: RoomId, answer: Option<ByteString>) {
        let (done, unfollowed) = oneshot::channel();
        self.hub.send(HubCommand::Unfollow {
            id: self.id,
            room_id,
            answer,
            done,
        });
        if unfollowed.await.is_err() {
            self.end_command();
        }
    }

    /// The socket belongs to this log-in of its user from now on, and ends with it.
    pub async fn renew(&self, session_id: SessionId) {
        let (done, renewed) = oneshot::channel();
        self.hub.send(HubCommand::Renew {
            id: self.id,
            session_id,
            done,
        });
        // A hub that is gone has closed the socket.
        let _ = renewed.await;
    }

    /// The socket writes this stream of this room: while it is open, and its user is in the room, the stream's author is
    /// there. It need not follow the room.
    pub fn writes_stream(&self, room_id: RoomId, id: StreamId) {
        self.hub.send(HubCommand::WritesStream {
            socket: self.id,
            room_id,
            id,
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
        self.hub.send(HubCommand::Leave(self.id));
    }
}
