//! The promise of the whole hub against random interleavings: what each client gets of a room is the log from where it
//! started, each event once and in order, whatever the bus, the log, the sockets and the clients do meanwhile.
//!
//! The seeds are the same each time; `HUB_SEEDS=20000 cargo test -p realtime model` tries more of them. The hub's own maps
//! have an order of their own each time, so that the command which replays a seed tries it many times.

use std::collections::HashMap;

use domain::{
    BusEvent, Missed, RemovalReason, Resumption, RoomEventKind, RoomId, RoomSnapshot, Seq, User,
};
use proptest::{prelude::*, test_runner::TestCaseError};
use testkit::{FixedRandomness, sample};

use crate::rig::{Mood, RETRY, Rig, acknowledged, joined, left, note, sent, settings, settle};
use reader::{Checked, Given, Reader, Socket, Start, fail};
use seeds::hold_for_all;
use step::{CLIENTS, Command, ROOMS, Step, USERS, step};

mod history;
mod reader;
#[path = "../../src/seeds.rs"]
mod seeds;
mod step;

const SEEDS: u64 = 400;
const REPLAYS: usize = 100;
/// How many events of a room are told to who comes back.
const MOST: u64 = 25;
/// The most rounds until all is told: each is longer than any wait of the hub.
const ROUNDS: usize = 200;

struct World {
    rig: Rig,
    rooms: [RoomId; ROOMS],
    users: [User; USERS],
    readers: [Reader; CLIENTS],
    on_the_bus: Vec<BusEvent>,
}

impl World {
    fn new() -> Self {
        let mut small = settings();
        small.queue_bytes = 4_096;
        let rig = Rig::with(small, FixedRandomness::new());
        let rooms = std::array::from_fn(|_| rig.room());
        let users = std::array::from_fn(|number| sample::user(&format!("user {number}")));
        for room in rooms {
            for user in &users {
                rig.commit(room, joined(user));
                rig.directory.let_in(user.id, room);
            }
        }
        let readers = std::array::from_fn(|client| Reader::new(&users[client / 2], client == 3));
        Self {
            rig,
            rooms,
            users,
            readers,
            on_the_bus: Vec::new(),
        }
    }

    async fn take(&mut self, step: Step) -> Checked {
        let waiting = self.on_the_bus.len();
        match step {
            Step::Commit { room, count } => {
                for _ in 0..count {
                    self.commit(self.rooms[room], note());
                }
            }
            Step::LeaveOrJoin { room, user } => self.leave_or_join(room, user),
            Step::DeleteRoom(room) => self.delete(self.rooms[room]),
            Step::Hear(count) => {
                let told = self.on_the_bus.drain(..waiting.min(usize::from(count)));
                told.for_each(|event| self.rig.bus.tell(event));
            }
            Step::HearLater(pick) if waiting > 0 => {
                let event = self.on_the_bus.remove(usize::from(pick) % waiting);
                self.rig.bus.tell(event);
            }
            Step::HearAgain(pick) if waiting > 0 => {
                let event = &self.on_the_bus[usize::from(pick) % waiting];
                self.rig.bus.tell(event.clone());
            }
            // That it is said at some time is the bus's promise.
            Step::Lose(pick) if waiting > 0 => {
                self.on_the_bus.remove(usize::from(pick) % waiting);
            }
            Step::HearLater(_) | Step::HearAgain(_) | Step::Lose(_) => {}
            Step::SayLost => self.rig.bus.say_lost(),
            Step::SayLostIn(room) => self.rig.bus.say_lost_in(self.rooms[room]),
            Step::Connect { client, forgets } => self.connect(client, forgets).await,
            Step::Disconnect(client) => self.readers[client].socket = Socket::Away,
            Step::Command { client, command } => self.command(client, command).await,
            Step::Read { client, frames } => {
                self.readers[client].read(usize::from(frames), &self.rig)?;
            }
            Step::LogFails => self.rig.log.set(Mood::Fails),
            Step::LogHolds => self.rig.log.set(Mood::Holds),
            Step::LogAnswers => self.rig.log.set(Mood::Answers),
            Step::Pass { ms } => {
                tokio::time::sleep(std::time::Duration::from_millis(ms.into())).await;
            }
        }
        Ok(())
    }

    /// Commits, unless the room is at its end, and tells the bus.
    fn commit(&mut self, room: RoomId, kind: RoomEventKind) -> Option<Seq> {
        if history::is_deleted(&self.rig.log.events(room)) {
            return None;
        }
        let event = self.rig.commit(room, kind);
        let seq = event.seq;
        self.on_the_bus.push(BusEvent::Room(event));
        Some(seq)
    }

    fn is_member(&self, room: RoomId, user: &User) -> bool {
        history::is_member(&self.rig.log.events(room), user.id)
    }

    fn leave_or_join(&mut self, room: usize, user: usize) {
        let (room_id, user) = (self.rooms[room], self.users[user].clone());
        if self.is_member(room_id, &user) {
            if let Some(seq) = self.commit(room_id, left(user.id)) {
                self.take_out(room_id, &user, seq, RemovalReason::Removed);
            }
        } else if self.commit(room_id, joined(&user)).is_some() {
            self.rig.directory.let_in(user.id, room_id);
            self.on_the_bus.push(self.rig.added(&user, room_id));
        }
    }

    fn delete(&mut self, room: RoomId) {
        let users = self.users.clone();
        let members = users.iter().filter(|user| self.is_member(room, user));
        let members: Vec<_> = members.collect();
        if let Some(seq) = self.commit(room, RoomEventKind::RoomDeleted) {
            for user in members {
                self.take_out(room, user, seq, RemovalReason::RoomDeleted);
            }
        }
    }

    fn take_out(&mut self, room_id: RoomId, user: &User, seq: Seq, reason: RemovalReason) {
        self.rig.directory.take_out(user.id, room_id);
        let user_id = user.id;
        self.on_the_bus.push(BusEvent::RoomRemoved {
            user_id,
            room_id,
            seq,
            reason,
        });
    }

    /// What the use cases find out at this moment: of all rooms of the user, or of these.
    fn standing(&self, user: &User, only: Option<&[RoomId]>, since: HashMap<RoomId, u64>) -> Start {
        let asked = |room: &&RoomId| only.is_none_or(|only| only.contains(room));
        let rooms = self.rooms.iter().filter(asked);
        let rooms = rooms.filter(|room| self.is_member(**room, user));
        let rooms: Vec<RoomSnapshot> = rooms.map(|room| self.rig.snapshot(*room)).collect();
        let resumptions = since.iter().map(|(room, from)| {
            let missed = |to| Missed::new(*room, Seq(*from), to, MOST);
            match history::ended(&self.rig.log.events(*room), user.id) {
                None => Resumption::Stays(missed(self.rig.log.last_seq(*room))),
                Some(end) if *from < end => Resumption::Ended(missed(Seq(end))),
                Some(_) => Resumption::Gone(*room),
            }
        });
        let resumptions = resumptions.collect();
        Start {
            rooms,
            resumptions,
            since,
        }
    }

    /// The next step of the handshake.
    async fn connect(&mut self, client: usize, forgets: bool) {
        match std::mem::replace(&mut self.readers[client].socket, Socket::Away) {
            Socket::Away => {
                let registered = self.rig.register(&self.readers[client].user.clone()).await;
                self.readers[client].registered(registered);
            }
            Socket::Registered(registered) => {
                let reader = &self.readers[client];
                let (user, is_named) = (&reader.user, reader.is_named);
                let had = reader.rooms.iter().filter(|_| !forgets);
                let mut since: HashMap<_, _> = had.map(|(room, it)| (*room, it.last)).collect();
                // Who names rooms names those that are its own, or is refused.
                let of_user = |room: &&RoomId| self.is_member(**room, user);
                let named: Vec<_> = self.rooms.iter().take(2).filter(of_user).copied().collect();
                if is_named {
                    since.retain(|room, _| named.contains(room));
                }
                let start = self.standing(user, is_named.then_some(&*named), since);
                let socket = Socket::Standing {
                    client: registered,
                    start,
                };
                if !is_named || !named.is_empty() {
                    self.readers[client].socket = socket;
                }
            }
            Socket::Standing {
                client: registered,
                start,
            } => {
                let reader = &mut self.readers[client];
                reader.rooms.clear();
                reader.place(&start);
                if reader.is_named {
                    registered
                        .come_back_named(start.rooms, start.resumptions)
                        .await;
                } else {
                    registered.come_back(start.rooms, start.resumptions).await;
                }
                reader.socket = Socket::Open {
                    client: registered,
                    command: None,
                };
            }
            open @ Socket::Open { .. } => self.readers[client].socket = open,
        }
    }

    /// Gives a command, or carries out the one that was given.
    async fn command(&mut self, client: usize, command: Command) {
        let reader = &mut self.readers[client];
        let Socket::Open {
            client: open,
            command: given,
        } = &mut reader.socket
        else {
            return;
        };
        if let Some(given) = given.take() {
            reader.answered.push_back(given.clone());
            return carry_out(&open.connection, given).await;
        }
        if open.connection.outbox().is_closing() {
            return;
        }
        open.connection.outbox().begin_command();
        let user = reader.user.clone();
        let given = match command {
            Command::Send(room) => {
                let room = self.rooms[room];
                let seq = self.rig.log.last_seq(room).next();
                let is_sent = self.is_member(room, &user)
                    && self.commit(room, sent(room, seq, &user)).is_some();
                is_sent.then_some(Given::Send { room, seq: seq.0 })
            }
            Command::Subscribe(room) => {
                let room = self.rooms[room];
                let is_member = self.is_member(room, &user);
                is_member.then(|| Given::Subscribe(self.rig.snapshot(room)))
            }
            Command::Unsubscribe(room) => Some(Given::Unsubscribe(self.rooms[room])),
            Command::Resume { room, less } => {
                let room = self.rooms[room];
                let reader = &self.readers[client];
                let place = reader.rooms.get(&room).map(|place| place.last);
                let had = place.or(reader.given_up.get(&room).copied());
                let since = had.unwrap_or_default().saturating_sub(less.into());
                let since = HashMap::from([(room, since)]);
                Some(Given::Resume(self.standing(&user, Some(&[room]), since)))
            }
        };
        let reader = &mut self.readers[client];
        if let Some(Given::Send { room, seq }) = given {
            reader.unanswered.insert((room, seq));
        }
        let Socket::Open {
            client: open,
            command,
        } = &mut reader.socket
        else {
            return;
        };
        if given.is_none() {
            // Refused: the error that is told is none of the room's business.
            open.connection.outbox().answer(None);
        }
        *command = given;
    }

    /// Once what was lost is said to be, and everybody reads, everybody has all.
    async fn settle(mut self) -> Checked {
        self.rig.log.set(Mood::Answers);
        let slow = self.readers.each_ref().map(|reader| reader.slow);
        for round in 0..ROUNDS {
            if round < 3 {
                self.rig.bus.say_lost();
            }
            let mut is_quiet = round > 3;
            for client in 0..CLIENTS {
                let reader = &self.readers[client];
                match &reader.socket {
                    Socket::Open { command: None, .. } => {}
                    Socket::Open { .. } => {
                        self.command(client, Command::Unsubscribe(0)).await;
                        is_quiet = false;
                    }
                    _ => {
                        self.connect(client, false).await;
                        let is_away = matches!(self.readers[client].socket, Socket::Away);
                        is_quiet &= is_away && self.readers[client].is_named;
                    }
                }
                settle().await;
                is_quiet &= self.readers[client].read(usize::MAX, &self.rig)? == 0;
            }
            if is_quiet {
                return self.check(slow);
            }
            tokio::time::sleep(2 * RETRY).await;
        }
        Err(fail("it never comes to rest".to_owned()))
    }

    fn check(&self, slow: [usize; CLIENTS]) -> Checked {
        prop_assert!(!self.rig.task.is_finished(), "the hub has ended");
        for (client, reader) in self.readers.iter().enumerate() {
            // One that had not read before may be closed yet; one that reads may not.
            prop_assert!(
                reader.slow <= slow[client] + 1,
                "client {client} was closed"
            );
            for room in self.rooms {
                let is_member = self.is_member(room, &reader.user);
                let Some(place) = reader.rooms.get(&room) else {
                    let may_miss = reader.is_named || reader.given_up.contains_key(&room);
                    prop_assert!(!is_member || may_miss, "client {client} misses a room");
                    continue;
                };
                let is_open = matches!(reader.socket, Socket::Open { .. });
                prop_assert!(
                    is_member || !is_open,
                    "client {client} is in a room too many"
                );
                if is_open {
                    let last = self.rig.log.last_seq(room).0;
                    prop_assert_eq!(place.last, last, "client {} of {}", client, room);
                    prop_assert_eq!(place.resuming, None, "client {}", client);
                }
            }
        }
        Ok(())
    }
}

async fn carry_out(connection: &realtime::Connection, given: Given) {
    let answer = acknowledged("it is done");
    match given {
        Given::Send { .. } => connection.outbox().answer(answer),
        Given::Subscribe(snapshot) => {
            let follow = connection.follow(vec![snapshot], vec![], answer);
            assert_eq!(follow.await, Ok(()));
        }
        Given::Unsubscribe(room) => {
            connection.unfollow(room, answer).await;
            settle().await;
        }
        Given::Resume(start) => {
            let follow = connection.follow(start.rooms, start.resumptions, answer);
            assert_eq!(follow.await, Ok(()));
        }
    }
}

fn run(steps: Vec<(Step, bool)>) -> Checked {
    let paused = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    paused.block_on(async {
        let mut world = World::new();
        for (step, settles) in steps {
            world.take(step).await?;
            if settles {
                settle().await;
            }
        }
        world.settle().await
    })
}

#[test]
fn every_client_gets_the_log_of_each_room_once_and_in_order() {
    let cases = || prop::collection::vec(step(), 0..150);
    let times = std::env::var_os("HUB_SEED").map_or(1, |_| REPLAYS);
    hold_for_all("HUB", SEEDS, cases, |steps| {
        (0..times).try_for_each(|_| run(steps.clone()))
    });
}
