use std::{
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc::{self, Receiver};

/// When each message is due: so many a second, whatever has become of the earlier ones.
#[derive(Clone, Copy)]
pub struct Pace {
    pub begin: Instant,
    pub rate: u32,
}

impl Pace {
    pub fn due(&self, index: usize) -> Instant {
        self.begin + Duration::from_secs_f64(index as f64 / f64::from(self.rate))
    }

    /// Tells the number of each of `total` messages when it is due.
    ///
    /// From a thread of its own, since a timer of Tokio's is up to a millisecond late, which is as much as a delivery
    /// takes. There is room for all, so that a sender that is held up holds up none that is due later.
    pub fn ticks(self, total: usize) -> Receiver<usize> {
        let (ticks, due) = mpsc::channel(total);
        thread::spawn(move || {
            for index in 0..total {
                thread::sleep(self.due(index).saturating_duration_since(Instant::now()));
                if ticks.blocking_send(index).is_err() {
                    return;
                }
            }
        });
        due
    }
}
