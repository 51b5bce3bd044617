use std::sync::{Arc, atomic::Ordering};

use domain::RoomId;
use fred::{
    clients::{Client, WithOptions},
    error::{Error, ErrorKind},
    interfaces::{ClientLike, EventInterface, PubsubInterface},
    types::{
        ClusterStateChange,
        config::{Options, Server},
    },
};
use futures_util::future::try_join_all;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError, error::TryRecvError},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Shared, spread};
use crate::redis::line::Line;

/// How many channels one command names. A cluster takes one each, and as many commands at once.
const CHANNELS: usize = 500;

/// Keeps the subscriptions as the rooms are followed, and makes them all again on each new connection.
pub(super) fn run(
    shared: Arc<Shared>,
    line: Arc<Line>,
    ending: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    // A connection is told of a moment before it takes commands, so they wait for it.
    let options = Options {
        fail_fast: false,
        ..shared.at_once()
    };
    let subscriber = Subscriber {
        connections: line.client.reconnect_rx(),
        changes: line.client.cluster_change_rx(),
        client: line.client.with_options(&options),
        shared,
        line,
        connected: false,
        control: false,
        told: true,
        asked: 0,
    };
    async move {
        ending.run_until_cancelled(subscriber.keep()).await;
    }
}

struct Subscriber {
    shared: Arc<Shared>,
    line: Arc<Line>,
    client: WithOptions<Client>,
    /// One for each connection that was made.
    connections: Receiver<Server>,
    /// One for each change of a cluster, which may have moved channels to another node.
    changes: Receiver<Vec<ClusterStateChange>>,
    /// There was a connection that no order has failed on since.
    connected: bool,
    /// The control channel is subscribed to.
    control: bool,
    /// The subscribers know that they missed something since the last connection.
    told: bool,
    /// Names each question.
    asked: u64,
}

impl Subscriber {
    async fn keep(mut self) {
        let mut audit = Instant::now() + spread(self.shared.options().audit);
        loop {
            tokio::select! {
                made = self.connections.recv() => match made {
                    Err(RecvError::Closed) => return,
                    _ => self.begin(),
                },
                Ok(_) = self.changes.recv() => self.begin(),
                () = self.shared.rooms.changed(), if self.connected => {}
                // A cluster takes a channel away without a word that reaches us when it moves to another node.
                () = sleep_until(audit), if self.shared.link.is_cluster() && self.connected => {
                    audit = Instant::now() + spread(self.shared.options().audit);
                    self.again();
                }
            }
            while self.connected {
                match self.settle().await {
                    Ok(()) => break,
                    Err(error) => self.failed(&error).await,
                }
            }
        }
    }

    /// There is a new connection, on which nothing is subscribed to.
    fn begin(&mut self) {
        self.connected = true;
        self.shared.standing.store(false, Ordering::SeqCst);
        self.again();
    }

    /// Makes all subscriptions again.
    fn again(&mut self) {
        (self.control, self.told) = (false, false);
        self.shared.rooms.fall();
    }

    async fn settle(&mut self) -> Result<(), Error> {
        loop {
            if self.renewed() {
                self.begin();
            }
            if !self.control {
                self.subscribe(vec![self.shared.control.clone()]).await?;
                // Otherwise it was perhaps confirmed on another connection than it was made on.
                if self.renewed() {
                    self.begin();
                    continue;
                }
                self.control = true;
            }
            // Rooms that are followed only now do not hold it up, however many there are.
            if self.shared.rooms.all_stand_again() {
                self.restored();
            }
            let orders = self.shared.rooms.take(CHANNELS);
            if orders.subscribe.is_empty() && orders.unsubscribe.is_empty() {
                return Ok(());
            }
            if !orders.unsubscribe.is_empty() {
                self.unsubscribe(self.channels(&orders.unsubscribe)).await?;
            }
            if !orders.subscribe.is_empty() {
                self.subscribe(self.channels(&orders.subscribe)).await?;
                if self.renewed() {
                    self.begin();
                    continue;
                }
                for room in self.shared.rooms.stand(&orders.subscribe) {
                    self.shared.local.lost_room(room);
                }
            }
        }
    }

    /// All that stood before stands again.
    fn restored(&mut self) {
        if !self.shared.standing.swap(true, Ordering::SeqCst) {
            self.shared.ask.notify_one();
        }
        if !std::mem::replace(&mut self.told, true) {
            self.shared.local.lost();
        }
    }

    /// What stands is not known any more. A new connection comes by itself if the old one broke, and else it is asked
    /// for, after a pause.
    async fn failed(&mut self, error: &Error) {
        tracing::debug!(%error, "channels could not be subscribed to");
        self.shared.refused(error);
        self.shared.standing.store(false, Ordering::SeqCst);
        self.connected = false;
        let pause = self.shared.options().heartbeat.max(super::pulse::SHORTEST);
        tokio::select! {
            Ok(_) | Err(RecvError::Lagged(_)) = self.connections.recv() => self.begin(),
            () = sleep(pause) => self.line.renew(),
        }
    }

    fn renewed(&mut self) -> bool {
        let mut renewed = false;
        while let Ok(_) | Err(TryRecvError::Lagged(_)) = self.connections.try_recv() {
            renewed = true;
        }
        while let Ok(_) | Err(TryRecvError::Lagged(_)) = self.changes.try_recv() {
            renewed = true;
        }
        renewed
    }

    fn channels(&self, rooms: &[RoomId]) -> Vec<String> {
        rooms
            .iter()
            .map(|room| self.shared.channel(Some(*room)))
            .collect()
    }

    async fn subscribe(&mut self, channels: Vec<String>) -> Result<(), Error> {
        if self.shared.link.is_cluster() {
            let each = channels.into_iter().map(|one| self.client.ssubscribe(one));
            return try_join_all(each).await.map(|_| ());
        }
        self.client.subscribe(channels).await?;
        // fred does not wait for the confirmation. What is asked after it is answered after it, and a refusal is
        // taken for the answer to the question.
        self.asked += 1;
        let question = self.asked.to_string();
        let answer: String = self.client.ping(Some(question.clone())).await?;
        if answer == question {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Protocol, "answers are out of order"))
        }
    }

    async fn unsubscribe(&self, channels: Vec<String>) -> Result<(), Error> {
        if self.shared.link.is_cluster() {
            let each = channels
                .into_iter()
                .map(|one| self.client.sunsubscribe(one));
            return try_join_all(each).await.map(|_| ());
        }
        self.client.unsubscribe(channels).await
    }
}
