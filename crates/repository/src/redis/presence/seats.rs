//! What this node knows of its own sockets.

use std::collections::{HashMap, hash_map::Entry};

use domain::{ConnectionId, RoomId, UserId, ports::Present, values::Username};

/// The sockets of this node, by room and user, and what Redis was not told yet.
#[derive(Debug, Default)]
pub(super) struct Seats {
    rooms: HashMap<RoomId, HashMap<UserId, Seat>>,
    departed: HashMap<(RoomId, UserId), Departed>,
    departed_sockets: usize,
    stays: u64,
}

#[derive(Debug)]
struct Seat {
    username: Username,
    sockets: HashMap<ConnectionId, Stay>,
    /// The other nodes were not told that the user is here.
    untold: bool,
}

/// One stay of a socket in a room: it may leave and come again.
#[derive(Debug)]
struct Stay {
    number: u64,
    /// Redis has said that it knows of it.
    is_known: bool,
}

/// Sockets of a user that left a room, and that Redis may still know.
#[derive(Debug, Clone)]
pub(super) struct Departed {
    pub username: Username,
    pub sockets: Vec<ConnectionId>,
}

/// How a socket left a room.
pub(super) struct Left {
    /// It was the user's last on this node.
    pub last_here: bool,
    /// The name under which it came.
    pub username: Username,
}

impl Seats {
    /// A socket comes; whether it is the user's first on this node, or nothing when it is there already.
    /// Until [`told`](Self::told) the others count as not knowing of it.
    pub fn enter(&mut self, room: RoomId, user: &Present, socket: ConnectionId) -> Option<bool> {
        self.settled(room, user.user_id, &[socket]);
        self.stays += 1;
        let stay = Stay {
            number: self.stays,
            is_known: false,
        };
        let users = self.rooms.entry(room).or_default();
        let seat = users.entry(user.user_id).or_insert_with(|| Seat {
            username: user.username.clone(),
            sockets: HashMap::new(),
            untold: true,
        });
        let first_here = seat.sockets.is_empty();
        match seat.sockets.entry(socket) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                place.insert(stay);
                Some(first_here)
            }
        }
    }

    /// Redis knows of the socket, and the others that the user is here.
    pub fn told(&mut self, room: RoomId, user: UserId, socket: ConnectionId) {
        let users = self.rooms.get_mut(&room);
        if let Some(seat) = users.and_then(|users| users.get_mut(&user)) {
            seat.untold = false;
            if let Some(stay) = seat.sockets.get_mut(&socket) {
                stay.is_known = true;
            }
        }
    }

    /// Redis knows of every socket of this node in the room.
    pub fn renewed(&mut self, room: RoomId) {
        let users = self.rooms.get_mut(&room).into_iter().flatten();
        for stay in users.flat_map(|(_, seat)| seat.sockets.values_mut()) {
            stay.is_known = true;
        }
    }

    /// The stays of the user that Redis knows of.
    pub fn known(&self, room: RoomId, user: UserId) -> Vec<u64> {
        let known = self.stays_of(room, user).filter(|stay| stay.is_known);
        known.map(|stay| stay.number).collect()
    }

    /// True while any of these stays lasts.
    pub fn last_any(&self, room: RoomId, user: UserId, stays: &[u64]) -> bool {
        self.stays_of(room, user)
            .any(|stay| stays.contains(&stay.number))
    }

    fn stays_of(&self, room: RoomId, user: UserId) -> impl Iterator<Item = &Stay> {
        let seat = self.rooms.get(&room).and_then(|users| users.get(&user));
        seat.into_iter().flat_map(|seat| seat.sockets.values())
    }

    /// A socket leaves; nothing when it is not there. Until [`settled`](Self::settled) Redis counts as not knowing.
    /// More than `limit` sockets are not remembered for that.
    pub fn leave(
        &mut self,
        room: RoomId,
        user: UserId,
        socket: ConnectionId,
        limit: usize,
    ) -> Option<Left> {
        let users = self.rooms.get_mut(&room)?;
        let seat = users.get_mut(&user)?;
        seat.sockets.remove(&socket)?;
        let left = Left {
            last_here: seat.sockets.is_empty(),
            username: seat.username.clone(),
        };
        if left.last_here {
            users.remove(&user);
        }
        if users.is_empty() {
            self.rooms.remove(&room);
        }
        if self.departed_sockets < limit {
            self.departed_sockets += 1;
            self.departed
                .entry((room, user))
                .or_insert_with(|| Departed {
                    username: left.username.clone(),
                    sockets: Vec::new(),
                })
                .sockets
                .push(socket);
        }
        Some(left)
    }

    /// Redis knows that these sockets left.
    pub fn settled(&mut self, room: RoomId, user: UserId, sockets: &[ConnectionId]) {
        let Some(departed) = self.departed.get_mut(&(room, user)) else {
            return;
        };
        let before = departed.sockets.len();
        departed.sockets.retain(|socket| !sockets.contains(socket));
        self.departed_sockets -= before - departed.sockets.len();
        if departed.sockets.is_empty() {
            self.departed.remove(&(room, user));
        }
    }

    /// Who left where and may still be known to Redis.
    pub fn departures(&self) -> Vec<(RoomId, UserId)> {
        self.departed.keys().copied().collect()
    }

    /// The sockets with which they did.
    pub fn departed(&self, room: RoomId, user: UserId) -> Option<Departed> {
        self.departed.get(&(room, user)).cloned()
    }

    /// The rooms that sockets of this node follow.
    pub fn rooms(&self) -> Vec<RoomId> {
        self.rooms.keys().copied().collect()
    }

    /// Every socket in a room, with its user.
    pub fn sockets(&self, room: RoomId) -> Vec<(ConnectionId, Present)> {
        let users = self.rooms.get(&room).into_iter().flatten();
        users
            .flat_map(|(user_id, seat)| {
                seat.sockets.keys().map(|socket| {
                    let present = Present {
                        user_id: *user_id,
                        username: seat.username.clone(),
                    };
                    (*socket, present)
                })
            })
            .collect()
    }

    /// The users of this node in a room.
    pub fn users(&self, room: RoomId) -> Vec<UserId> {
        let users = self.rooms.get(&room);
        users.map_or_else(Vec::new, |users| users.keys().copied().collect())
    }

    /// True while the user has a socket of this node in the room.
    pub fn holds(&self, room: RoomId, user: UserId) -> bool {
        let users = self.rooms.get(&room);
        users.is_some_and(|users| users.contains_key(&user))
    }

    /// Those in a room of whom the others were not told, or were told that they had gone. They count as told from
    /// now on.
    pub fn tell(&mut self, room: RoomId, told_gone: &[UserId]) -> Vec<Present> {
        let users = self.rooms.get_mut(&room).into_iter().flatten();
        users
            .filter(|(user_id, seat)| seat.untold || told_gone.contains(user_id))
            .map(|(user_id, seat)| {
                seat.untold = false;
                Present {
                    user_id: *user_id,
                    username: seat.username.clone(),
                }
            })
            .collect()
    }
}
