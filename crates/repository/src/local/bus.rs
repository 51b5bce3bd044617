use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::{
    BusEvent,
    ports::{BusDelivery, BusSubscription, EventBus},
};
use tokio::sync::mpsc;

/// A bus of one node. It loses nothing: who publishes waits while a subscriber is further behind than the capacity, so
/// that a node under too much load gets slower and not wrong.
#[derive(Debug)]
pub struct LocalBus {
    // A std Mutex and not a Tokio one: it is held to copy or to change the list, never across an await.
    subscribers: Mutex<Vec<mpsc::Sender<Arc<BusEvent>>>>,
    capacity: usize,
}

impl LocalBus {
    /// A bus that holds at most `capacity` events for each subscriber; 0 counts as 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            subscribers: Mutex::default(),
            capacity: capacity.max(1),
        }
    }

    fn subscribers(&self) -> MutexGuard<'_, Vec<mpsc::Sender<Arc<BusEvent>>>> {
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventBus for LocalBus {
    async fn publish(&self, event: BusEvent) {
        let event = Arc::new(event);
        let subscribers = self.subscribers().clone();
        let mut gone = false;
        for subscriber in subscribers {
            gone |= subscriber.send(event.clone()).await.is_err();
        }
        if gone {
            self.subscribers()
                .retain(|subscriber| !subscriber.is_closed());
        }
    }

    fn subscribe(&self) -> Box<dyn BusSubscription> {
        let (sender, events) = mpsc::channel(self.capacity);
        self.subscribers().push(sender);
        Box::new(LocalSubscription { events })
    }
}

struct LocalSubscription {
    events: mpsc::Receiver<Arc<BusEvent>>,
}

#[async_trait]
impl BusSubscription for LocalSubscription {
    async fn next(&mut self) -> Option<BusDelivery> {
        self.events.recv().await.map(BusDelivery::Event)
    }
}
