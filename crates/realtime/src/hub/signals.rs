use std::sync::Arc;

use domain::{BusEvent, ports::EventBus};
use tokio::sync::mpsc;

use crate::typing::Stopped;

/// What the hub itself tells the other nodes: that somebody types or stopped. It must not wait for the bus, so there is
/// a queue between; when it is full, the signal is dropped, as anything ephemeral may be.
pub(super) struct Signals(mpsc::Sender<BusEvent>);

/// The other end of the queue.
pub(super) struct Outgoing {
    queue: mpsc::Receiver<BusEvent>,
    bus: Arc<dyn EventBus>,
}

/// How many signals may wait for the bus.
const SIGNAL_QUEUE: usize = 4_096;

impl Signals {
    pub(super) fn new(bus: Arc<dyn EventBus>) -> (Self, Outgoing) {
        let (sender, queue) = mpsc::channel(SIGNAL_QUEUE);
        (Self(sender), Outgoing { queue, bus })
    }

    pub(super) fn send(&self, event: BusEvent) {
        if self.0.try_send(event).is_err() {
            tracing::warn!("a typing signal was dropped: the bus is slow");
        }
    }

    pub(super) fn stopped(&self, typists: impl IntoIterator<Item = Stopped>) {
        for Stopped {
            room_id,
            user_id,
            username,
        } in typists
        {
            self.send(BusEvent::Typing {
                room_id,
                user_id,
                username,
                active: false,
            });
        }
    }
}

impl Outgoing {
    pub(super) async fn run(mut self) {
        while let Some(event) = self.queue.recv().await {
            self.bus.publish(event).await;
        }
    }
}
