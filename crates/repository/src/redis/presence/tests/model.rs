//! Random walks of three nodes with partitions, sweeps and a Redis that forgets. In the end every node must know who is
//! there, and so must a client on node 0, which is never cut off, from the changes that it was told.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// A small generator of numbers that only have to differ (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

struct Walk {
    prefix: String,
    nodes: Vec<Node>,
    rooms: Vec<RoomId>,
    users: Vec<Present>,
    /// Which socket of whom follows which room, on which node.
    truth: Vec<(usize, ConnectionId, usize, RoomId)>,
    /// What the client on node 0 has heard last.
    told: BTreeMap<(RoomId, UserId), bool>,
    /// Those that have not renewed since Redis forgot everything.
    forgotten: BTreeSet<usize>,
    /// A node that is cut off was swept.
    swept: bool,
    dice: Dice,
    story: Vec<String>,
}

impl Walk {
    async fn new(seed: u64) -> Self {
        let prefix = fresh_prefix();
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(node(Redis::shared(), &prefix, LONG).await);
        }
        Self {
            prefix,
            nodes,
            rooms: (0..2).map(|_| room()).collect(),
            users: (0..3).map(|n| present(&format!("user{n}"))).collect(),
            truth: Vec::new(),
            told: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            swept: false,
            dice: Dice(seed + 0x9E37_79B9_7F4A_7C15),
            story: Vec::new(),
        }
    }

    fn is_up(&self, node: usize) -> bool {
        self.nodes[node].link.is_up()
    }

    fn all_are_up(&self) -> bool {
        (0..self.nodes.len()).all(|node| self.is_up(node))
    }

    /// What a node that is cut off says is not heard by others.
    fn hear(&mut self, node: usize, changes: impl IntoIterator<Item = (RoomId, UserId, bool)>) {
        for (room, user, online) in changes {
            self.story
                .push(format!("  {node} says {room} {user} {online}"));
            if self.is_up(node) {
                self.told.insert((room, user), online);
            }
        }
    }

    async fn tend(&mut self, node: usize) {
        self.story.push(format!("{node} tends"));
        let changes = self.nodes[node].tends().await;
        let changes = changes
            .into_iter()
            .map(|change| (change.room_id, change.user.user_id, change.online));
        self.hear(node, changes);
        if self.is_up(node) {
            self.forgotten.remove(&node);
        }
    }

    async fn enter(&mut self) {
        let (node, user) = (self.dice.roll(3), self.dice.roll(3));
        // A socket of the user on this node that is there already, sometimes.
        let known = self.truth.iter().find(|at| (at.0, at.2) == (node, user));
        let socket = match known {
            Some(known) if self.dice.0.is_multiple_of(2) => known.1,
            _ => socket(),
        };
        let rooms = self.rooms[self.dice.roll(2)..].to_vec();
        self.story.push(format!(
            "{node}: {} {socket} enters {rooms:?}",
            self.users[user].user_id
        ));
        let presence = &self.nodes[node].presence;
        let first_in = presence.enter(&self.users[user], socket, rooms.clone());
        let first_in = first_in.await.unwrap();
        for room in rooms {
            let at = (node, socket, user, room);
            if !self.truth.contains(&at) {
                self.truth.push(at);
            }
        }
        let id = self.users[user].user_id;
        self.hear(node, first_in.into_iter().map(|room| (room, id, true)));
    }

    async fn leave(&mut self) {
        if self.truth.is_empty() {
            return;
        }
        let number = self.dice.roll(self.truth.len());
        let (node, socket, user, room) = self.truth.remove(number);
        let id = self.users[user].user_id;
        self.story
            .push(format!("{node}: {id} {socket} leaves {room}"));
        let presence = &self.nodes[node].presence;
        let last_in = presence.leave(&self.users[user], socket, vec![room]).await;
        let last_in = last_in.unwrap().into_iter();
        self.hear(node, last_in.map(|room| (room, id, false)));
    }

    async fn heal(&mut self, node: usize) {
        self.story.push(format!("{node} heals"));
        self.nodes[node].link.set_up(true);
        self.tend(node).await;
        if self.all_are_up() {
            self.swept = false;
        }
    }

    fn redis(&self, script: &str) {
        let pattern = format!("{}:*", self.prefix);
        Redis::shared().cli(&["EVAL", script, "0", &pattern]);
    }

    async fn step(&mut self) {
        let node = 1 + self.dice.roll(2);
        match self.dice.roll(20) {
            0..7 => self.enter().await,
            7..14 => self.leave().await,
            14 | 15 => {
                let node = self.dice.roll(3);
                self.tend(node).await;
            }
            16 | 17 if self.is_up(node) => {
                self.story.push(format!("{node} is cut off"));
                self.nodes[node].link.set_up(false);
            }
            16..18 => self.heal(node).await,
            // Of two faults in one the marks of the first are lost; that is the limit of what is promised.
            18 if !self.swept && self.forgotten.is_empty() => {
                self.story.push("Redis forgets".into());
                self.forgotten = (0..3).collect();
                self.redis(
                    "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', k) end",
                );
                for node in &self.nodes {
                    node.presence.shared.is_unsteady_now();
                }
            }
            19 if !self.is_up(node) && self.forgotten.is_empty() => {
                self.story.push(format!("{node} is swept"));
                self.swept = true;
                self.expire(node);
                let shared = &self.nodes[0].presence.shared;
                let before = shared.steadiness().from;
                self.nodes[0].is_steady_now();
                self.tend(0).await;
                self.nodes[0].presence.shared.steadiness().from = before;
            }
            _ => {}
        }
    }

    /// The leases of a node are over.
    fn expire(&self, node: usize) {
        let link = &self.nodes[node].link;
        for room in &self.rooms {
            for (socket, user) in self.nodes[node].presence.shared.seats().sockets(*room) {
                let member = format!(
                    "{}{}{}",
                    socket.0.simple(),
                    user.user_id.0.simple(),
                    user.username.as_str()
                );
                let key = link.room_key(*room, "leases");
                Redis::shared().cli(&["ZADD", &key, "XX", "1", &member]);
            }
        }
    }

    async fn check(&mut self) {
        for node in 0..3 {
            self.heal(node).await;
        }
        for node in 0..3 {
            self.tend(node).await;
        }
        for room in &self.rooms {
            let there = |user: &Present| {
                let of = |at: &&(usize, ConnectionId, usize, RoomId)| {
                    at.3 == *room && self.users[at.2].user_id == user.user_id
                };
                self.truth.iter().find(of).is_some()
            };
            let expected: Vec<UserId> = self
                .users
                .iter()
                .filter(|user| there(user))
                .map(|user| user.user_id)
                .collect();
            let story = || self.story.join("\n");
            for node in &self.nodes {
                assert_eq!(node.online(*room).await, expected, "{}", story());
            }
            let told: Vec<UserId> = self
                .told
                .iter()
                .filter(|((of, _), online)| of == room && **online)
                .map(|((_, user), _)| *user)
                .collect();
            assert_eq!(told, expected, "told in {room}\n{}", story());
        }
    }
}

#[tokio::test]
async fn whatever_happens_all_know_in_the_end_who_is_there() {
    for seed in 0..10 {
        let mut walk = Walk::new(seed).await;
        for _ in 0..5 {
            for _ in 0..20 {
                walk.step().await;
            }
            walk.check().await;
        }
    }
}
