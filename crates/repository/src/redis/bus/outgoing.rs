use std::sync::{Arc, atomic::Ordering};

use futures_util::future::join_all;
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Shared, message};
use crate::local::Published;

/// The way to the task that publishes.
#[derive(Debug)]
pub(super) struct Outgoing(mpsc::Sender<Published>);

impl Outgoing {
    pub(super) fn new(capacity: usize) -> (Self, mpsc::Receiver<Published>) {
        let (sender, queue) = mpsc::channel(capacity.max(1));
        (Self(sender), queue)
    }

    /// Has it published soon, or owed to the other nodes if there is no place for it or no way.
    pub(super) fn offer(&self, shared: &Shared, published: &Published) {
        let flows = shared.flowing.load(Ordering::SeqCst);
        if !flows || self.0.try_send(published.clone()).is_err() {
            shared.owed.owe(published.0.heard_in());
        }
    }
}

/// Publishes in order, a bounded number at once, and tells the other nodes what they missed as soon as that works.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut queue: mpsc::Receiver<Published>,
    ending: CancellationToken,
) {
    let limit = shared.options().under_way.max(1);
    let mut batch = Vec::with_capacity(limit);
    let mut up = shared.link.watch();
    let mut look = interval(shared.options().heartbeat.max(super::pulse::SHORTEST));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = ending.cancelled() => break,
            // Of a batch each is sent without waiting for the one before; one batch waits for the other.
            _ = queue.recv_many(&mut batch, limit) => {
                publish(&shared, &mut batch).await;
                // Under steady traffic nothing below has its turn.
                pay(&shared).await;
            }
            Ok(()) = up.changed() => pay(&shared).await,
            _ = look.tick() => pay(&shared).await,
        }
    }
    queue.close();
    let rest = async {
        while queue.recv_many(&mut batch, limit).await > 0 {
            publish(&shared, &mut batch).await;
        }
        pay(&shared).await;
    };
    let _ = timeout(shared.options().command_timeout, rest).await;
}

async fn publish(shared: &Shared, batch: &mut Vec<Published>) {
    let published = join_all(batch.drain(..).map(|(event, trace)| async move {
        let room = event.heard_in();
        let text = match message::event(shared.node, &event, trace) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "an event cannot be written for the other nodes");
                return shared.owed.owe(room);
            }
        };
        // What was waiting while the way closed.
        if !shared.flowing.load(Ordering::SeqCst) {
            return shared.owed.owe(room);
        }
        match shared.publish(shared.channel(room), text).await {
            Ok(()) if shared.link.is_up() => shared.owed.published(room),
            // Redis took it; who knows whether anybody heard it.
            Ok(()) => shared.owed.owe(room),
            Err(error) => {
                shared.flowing.store(false, Ordering::SeqCst);
                shared.refused(&error);
                // It may have arrived; then the others look once for nothing.
                shared.owed.owe(room);
            }
        }
    }));
    published.await;
}

/// Not before this node hears itself: what is said earlier may go nowhere.
async fn pay(shared: &Shared) {
    if !shared.link.is_up() || shared.owed.is_clear() {
        return;
    }
    let Some(missed) = shared.owed.take() else {
        return;
    };
    let told = match message::missed(shared.node, &missed) {
        Ok(text) => shared.publish(shared.control.clone(), text).await,
        Err(error) => {
            tracing::error!(%error, "what was missed cannot be written for the other nodes");
            return;
        }
    };
    match told {
        Ok(()) if shared.link.is_up() => shared.owed.told(missed),
        // As with an event: who knows whether anybody heard it.
        Ok(()) => shared.owed.put_back(missed),
        Err(error) => {
            shared.flowing.store(false, Ordering::SeqCst);
            shared.refused(&error);
            shared.owed.put_back(missed);
        }
    }
}
