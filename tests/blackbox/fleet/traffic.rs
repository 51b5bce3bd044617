//! Clients that keep a record: senders, of what was acknowledged to them; receivers, of every durable frame they heard.

mod receiver;
mod sender;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::{join_all, try_join_all};
use tokio::task::JoinHandle;

use self::{
    receiver::Receiver,
    sender::{over_rest, over_socket},
};
pub use self::{
    receiver::{Heard, Record, Session},
    sender::Acknowledged,
};
use super::rig::Fleet;
use crate::{api::Client, server::eventually};

/// What a client waits before it tries again.
const BACK_OFF: Duration = Duration::from_millis(20);

/// Traffic in one room: on each node a user who sends over REST and over a socket, and listens there and on the next.
pub struct Traffic {
    /// Somebody who may read the room, on each node.
    pub readers: Vec<Client>,
    /// Where it is.
    pub room: String,
    progress: Arc<Progress>,
    senders: Vec<JoinHandle<Vec<Acknowledged>>>,
    receivers: Vec<Receiver>,
}

/// What the senders did so far.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicUsize,
    is_over: AtomicBool,
}

/// What all of them saw.
pub struct Outcome {
    /// Where.
    pub room: String,
    /// Of each sender, in the order of sending.
    pub acknowledged: Vec<Vec<Acknowledged>>,
    /// Of each receiver.
    pub heard: Vec<Record>,
}

/// A user at one node.
#[derive(Clone)]
struct Door {
    client: Client,
    sockets: String,
}

impl Traffic {
    /// Sets it going; all members are in the room by then.
    pub async fn start(fleet: &Fleet) -> Self {
        let users = fleet.nodes.iter().enumerate();
        let users = users.map(async |(i, node)| node.user(&format!("User{i}")).await);
        let users = join_all(users).await;
        let members: Vec<_> = users[1..].iter().collect();
        let room = users[0].room("Traffic", &members).await;
        let progress = Arc::<Progress>::default();
        let (mut senders, mut receivers) = (Vec::new(), Vec::new());
        for (home, user) in users.iter().enumerate() {
            let door = |node| Door {
                client: user.at(node),
                sockets: node.sockets().to_owned(),
            };
            let mut doors: Vec<_> = fleet.nodes.iter().map(door).collect();
            // The first one is home, the others are where it goes from there.
            doors.rotate_left(home);
            let name = |kind| format!("{kind}-{home}");
            let (room, progress) = (room.clone(), progress.clone());
            receivers.push(Receiver::start(&room, doors.clone()));
            let work = over_rest(name("rest"), room.clone(), doors.clone(), progress.clone());
            senders.push(tokio::spawn(work));
            doors.rotate_left(1);
            receivers.push(Receiver::start(&room, doors.clone()));
            let work = over_socket(name("socket"), room, doors, progress);
            senders.push(tokio::spawn(work));
        }
        let readers = users.iter().zip(&fleet.nodes);
        let traffic = Self {
            readers: readers.map(|(user, node)| user.at(node)).collect(),
            room,
            progress,
            senders,
            receivers,
        };
        eventually("all receivers listen", async || {
            let listens = |receiver: &Receiver| receiver.reached() > 0;
            traffic.receivers.iter().all(listens).then_some(())
        })
        .await;
        traffic
    }

    /// Waits until this many more messages are acknowledged.
    pub async fn acknowledge(&self, count: usize) {
        let acknowledged = || self.progress.acknowledged.load(Ordering::SeqCst);
        let enough = acknowledged() + count;
        eventually(&format!("{enough} messages are acknowledged"), async || {
            let failed = self.senders.iter().any(JoinHandle::is_finished);
            assert!(!failed, "a sender has ended before the scenario has");
            (acknowledged() >= enough).then_some(())
        })
        .await;
    }

    /// Ends the senders, each when its last message is acknowledged, waits until the receivers have heard all, and
    /// gives what they saw.
    pub async fn finish(self, fleet: &Fleet) -> Outcome {
        self.progress.is_over.store(true, Ordering::SeqCst);
        let acknowledged = try_join_all(self.senders).await.expect("no sender fails");
        let last = fleet.query(&format!(
            "SELECT last_seq FROM rooms WHERE id = '{}'",
            self.room
        ));
        let last: u64 = last.parse().unwrap();
        for receiver in &self.receivers {
            eventually("every receiver has heard the last event", async || {
                assert!(!receiver.has_failed(), "a receiver failed");
                (receiver.reached() >= last).then_some(())
            })
            .await;
        }
        Outcome {
            room: self.room,
            acknowledged,
            heard: self.receivers.into_iter().map(Receiver::stop).collect(),
        }
    }
}

impl Progress {
    fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}
