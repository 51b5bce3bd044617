//! Clients that keep a record: senders, of what they sent and were answered; receivers, of every durable event.

mod comer;
mod door;
mod line;
mod outcome;
mod reactor;
mod receiver;
mod record;
mod sender;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use tokio::task::JoinHandle;

use self::{
    comer::Comer,
    sender::{Kind, send},
};
pub use self::{
    door::Door,
    line::{CUT, Line},
    outcome::Outcome,
    reactor::{EMOJI, Reacted},
    receiver::Receiver,
    record::{Record, Resumed, Seen, Session},
    sender::{Change, Sent, Told},
};
use crate::{
    api::Client,
    length::{SOME, eventually, patience, within, within_or_why},
    rig::{Baseline, LEASE, Rig},
};

/// What a client waits before it tries again.
const BACK_OFF: Duration = Duration::from_millis(20);

/// When a sender gives up on a node and sends the same to another one: sooner than the node gives up on its database,
/// so that both are at it at once.
const IMPATIENCE: Duration = Duration::from_millis(400);

/// Traffic in one room: on each node a user who sends over REST and over a socket, and listens there and on the next;
/// and somebody who comes and goes.
pub struct Traffic {
    /// Each user, at their node, without a link in between.
    pub users: Vec<Client>,
    /// Where it is.
    pub room: String,
    /// Of each node, for somebody who may see the room.
    pub doors: Vec<Door>,
    progress: Arc<Progress>,
    senders: Vec<JoinHandle<Vec<Sent>>>,
    receivers: Vec<Receiver>,
    comer: Option<Comer>,
    baseline: Baseline,
}

/// What the senders did so far.
#[derive(Default)]
pub struct Progress {
    acknowledged: AtomicUsize,
    is_over: AtomicBool,
    /// The message to which those react who have not yet.
    praised: Mutex<Option<String>>,
    reacted: Mutex<Vec<Reacted>>,
}

impl Traffic {
    /// Sets it going; all members are in the room by then.
    pub async fn start(rig: &Rig) -> Self {
        // Made before the baseline is taken, which nobody's connections are part of.
        let comer = rig.fleet.nodes[0].user("Comer").await;
        let mut traffic = Self::of_members(rig).await;
        let doors = Door::of(rig, &comer).await;
        traffic.comer = Some(Comer::start(&traffic.room, doors, traffic.doors.clone()));
        traffic
    }

    /// As [`start`](Self::start), without the one who comes and goes.
    pub async fn of_members(rig: &Rig) -> Self {
        let mut users = Vec::new();
        for (i, node) in rig.fleet.nodes.iter().enumerate() {
            users.push(node.user(&format!("User{i}")).await);
        }
        let members: Vec<_> = users[1..].iter().collect();
        let room = users[0].room("Traffic", &members).await;
        let baseline = Baseline::of(rig).await;
        let progress = Arc::<Progress>::default();
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for (home, user) in users.iter().enumerate() {
            let mut doors = Door::of(rig, user).await;
            // The first one is home, the others are where it goes from there.
            doors.rotate_left(home);
            for kind in [Kind::Rest, Kind::Socket] {
                receivers.push(Receiver::start(&room, doors.clone()));
                let name = match kind {
                    Kind::Rest => format!("rest-{home}"),
                    Kind::Socket => format!("socket-{home}"),
                };
                let work = send(kind, name, room.clone(), doors.clone(), progress.clone());
                senders.push(tokio::spawn(work));
                doors.rotate_left(1);
            }
        }
        let traffic = Self {
            doors: Door::of(rig, &users[0]).await,
            users,
            room,
            progress,
            senders,
            receivers,
            comer: None,
            baseline,
        };
        traffic.listen().await;
        traffic.acknowledge(SOME).await;
        traffic
    }

    /// So many more receivers, of one user, who begin at this node.
    pub async fn add_receivers(&mut self, count: usize, home: usize) {
        for _ in 0..count {
            let mut doors = self.doors.clone();
            doors.rotate_left(home);
            self.receivers.push(Receiver::start(&self.room, doors));
        }
        self.listen().await;
    }

    async fn listen(&self) {
        eventually("all receivers listen", async || {
            let listens = |receiver: &Receiver| receiver.record().reached() > 0;
            self.receivers.iter().all(listens).then_some(())
        })
        .await;
    }

    /// Waits until this many more messages are acknowledged.
    pub async fn acknowledge(&self, count: usize) {
        let enough = self.acknowledged() + count;
        eventually(&format!("{enough} messages are acknowledged"), async || {
            self.assert_unbroken();
            (self.acknowledged() >= enough).then_some(())
        })
        .await;
    }

    /// Goes on for this long: as long as a fault lasts.
    pub async fn go_on_for(&self, time: Duration) {
        let end = Instant::now() + time;
        eventually("the time is over", async || {
            self.assert_unbroken();
            (Instant::now() >= end).then_some(())
        })
        .await;
    }

    /// Waits until the receivers have lost this many sockets in all.
    pub async fn lose_sockets(&self, count: usize) {
        eventually(&format!("{count} sockets are lost"), async || {
            self.assert_unbroken();
            let ends = self.receivers.iter().map(|it| it.record().ends().len());
            (ends.sum::<usize>() >= count).then_some(())
        })
        .await;
    }

    fn acknowledged(&self) -> usize {
        self.progress.acknowledged.load(Ordering::SeqCst)
    }

    fn assert_unbroken(&self) {
        let failed = self.senders.iter().any(JoinHandle::is_finished);
        assert!(!failed, "a sender has ended before the scenario has");
        let failed = self.receivers.iter().any(Receiver::has_failed);
        let comer_failed = self.comer.as_ref().is_some_and(Comer::has_failed);
        assert!(!failed && !comer_failed, "a receiver failed");
    }

    /// Ends the senders, waits until all receivers have seen the last event and presence is true, ends the receivers,
    /// and gives what all of them saw. All nodes must be up, and healed.
    pub async fn finish(self, rig: &Rig) -> Outcome {
        rig.wait_until_healed().await;
        self.progress.is_over.store(true, Ordering::SeqCst);
        let sent = try_join_all(self.senders).await.expect("no sender fails");
        if let Some(comer) = &self.comer {
            comer.leave().await;
        }
        let number = |sql: String| -> u64 { rig.fleet.query(&sql).parse().unwrap() };
        let room = &self.room;
        let last = || number(format!("SELECT last_seq FROM rooms WHERE id = '{room}'"));
        // When the comer was put out last.
        let left = || {
            number(format!(
                "SELECT coalesce(max(seq), 0) FROM room_events WHERE room_id = '{room}' AND kind = 'member_left'"
            ))
        };
        // Two leases from here on, whatever the receivers still have to read.
        let (reader, gone) = (&self.users[0], self.users[2].id());
        let all = ["User0", "User1", "User2"];
        let presence = rig.wait_for_presence(reader, &self.room, &all);
        let caught_up = within_or_why(
            patience(),
            "every receiver has seen the last event",
            async || {
                let failed = self.receivers.iter().any(Receiver::has_failed);
                assert!(!failed, "a receiver failed");
                let (last, left) = (last(), left());
                let reached = self
                    .receivers
                    .iter()
                    .map(|receiver| receiver.record().reached());
                let reached: Vec<_> = reached.collect();
                let comer = self.comer.as_ref().map_or(left, Comer::reached);
                let has_all = reached.iter().all(|reached| *reached >= last) && comer >= left;
                has_all.then_some(()).ok_or_else(|| {
                    format!("they are at {reached:?} of {last}, the comer at {comer} of {left}")
                })
            },
        );
        tokio::join!(presence, caught_up);
        // Who goes now is told to be gone, on every node.
        let mut seen = Vec::new();
        let (leaving, staying): (Vec<_>, Vec<_>) = self
            .receivers
            .into_iter()
            .partition(|receiver| receiver.record().user == gone);
        for receiver in leaving {
            seen.push(receiver.stop().await);
        }
        rig.wait_for_presence(reader, &self.room, &["User0", "User1"])
            .await;
        within(2 * LEASE, "all are told who went", async || {
            let is_told = |receiver: &Receiver| {
                receiver
                    .record()
                    .presence
                    .get(gone)
                    .is_some_and(|status| status == "OFFLINE")
            };
            staying.iter().all(is_told).then_some(())
        })
        .await;
        for receiver in staying {
            seen.push(receiver.stop().await);
        }
        if let Some(comer) = self.comer {
            seen.push(comer.stop().await);
        }
        let last = last();
        let growth = self.baseline.wait_for(rig).await;
        Outcome {
            room: self.room,
            sent,
            reacted: self.progress.reacted(),
            seen,
            last,
            growth,
        }
    }
}

impl Progress {
    fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn praise(&self, message: &str) {
        *self.praised.lock().unwrap() = Some(message.to_owned());
    }

    fn praised(&self) -> Option<String> {
        self.praised.lock().unwrap().clone()
    }

    fn note(&self, reacted: Reacted) {
        self.reacted.lock().unwrap().push(reacted);
    }

    fn reacted(&self) -> Vec<Reacted> {
        std::mem::take(&mut self.reacted.lock().unwrap())
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}
