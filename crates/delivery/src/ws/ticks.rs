use std::{cell::Cell, time::Duration};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// When a client that watches the nodes is told next how they do.
#[derive(Default)]
pub(super) struct Ticks {
    next: Cell<Option<Instant>>,
    changed: Notify,
}

/// How often.
const INTERVAL: Duration = Duration::from_secs(1);

impl Ticks {
    /// At once, and then again and again.
    pub fn start(&self) {
        self.next.set(Some(Instant::now()));
        self.changed.notify_one();
    }

    /// No more.
    pub fn stop(&self) {
        self.next.set(None);
    }

    /// Answers when the next is due. For one waiter; cancel-safe.
    pub async fn due(&self) {
        loop {
            let Some(next) = self.next.get() else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.changed.notified() => continue,
            }
            // Unless it was stopped meanwhile. One that is late is not made up for.
            if self.next.get().is_some() {
                self.next.set(Some(Instant::now() + INTERVAL));
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn they_come_at_once_and_then_each_second_until_they_are_stopped() {
        let (ticks, begun) = (Ticks::default(), Instant::now());
        ticks.start();
        for second in 0..3 {
            ticks.due().await;
            assert_eq!(begun.elapsed(), Duration::from_secs(second));
        }
        ticks.stop();
        let none = tokio::time::timeout(Duration::from_secs(60), ticks.due());
        assert!(none.await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_the_start() {
        let ticks = Ticks::default();
        let waiting = ticks.due();
        let starting = async { ticks.start() };
        tokio::join!(waiting, starting);
    }
}
