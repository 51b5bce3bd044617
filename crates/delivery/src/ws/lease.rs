use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use domain::{Timestamp, ports::Clock};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use usecase::{Caller, auth::Proof};

/// For whom a socket is open, and until when: as long as the access token that its client sent last.
pub(crate) struct Lease {
    caller: Cell<Caller>,
    times: RefCell<Times>,
    renewed: Notify,
    clock: Arc<dyn Clock>,
    warning: Duration,
}

struct Times {
    /// When the client is to be warned; none once it was.
    warn_at: Option<Timestamp>,
    expires_at: Timestamp,
}

/// What comes next in the life of a lease.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LeaseEvent {
    /// It ends at this time, unless it is renewed.
    EndsSoon(Timestamp),
    /// It is over.
    Over,
}

/// How long the time of day is not looked at, at most: it may be set while a timer runs.
const RECHECK: Duration = Duration::from_secs(30);

impl Lease {
    /// Warns `warning` before the token expires, or at half of what it has left, whichever is later.
    pub(crate) fn new(proof: Proof, clock: Arc<dyn Clock>, warning: Duration) -> Self {
        let times = Times::new(proof.expires_at, clock.now(), warning);
        Self {
            caller: Cell::new(proof.caller),
            times: RefCell::new(times),
            renewed: Notify::new(),
            clock,
            warning,
        }
    }

    pub(crate) fn caller(&self) -> Caller {
        self.caller.get()
    }

    /// The client has sent a new token, which was good.
    pub(crate) fn renew(&self, proof: Proof) {
        self.caller.set(proof.caller);
        let times = Times::new(proof.expires_at, self.clock.now(), self.warning);
        self.times.replace(times);
        self.renewed.notify_one();
    }

    /// The next event, as soon as it is due. For one waiter; cancel-safe.
    pub(crate) async fn next(&self) -> LeaseEvent {
        loop {
            let now = self.clock.now();
            let due = self.times.borrow_mut().due(now);
            let wait = match due {
                Ok(event) => return event,
                Err(wait) => wait.min(RECHECK),
            };
            tokio::select! {
                () = sleep_until(Instant::now() + wait) => {}
                () = self.renewed.notified() => {}
            }
        }
    }
}

impl Times {
    fn new(expires_at: Timestamp, now: Timestamp, warning: Duration) -> Self {
        let warning = warning.min(between(now, expires_at) / 2);
        Self {
            // Without a time before, there is nothing to warn of.
            warn_at: expires_at.checked_sub(warning).ok(),
            expires_at,
        }
    }

    /// What is due now, or how long until something is.
    fn due(&mut self, now: Timestamp) -> Result<LeaseEvent, Duration> {
        if now >= self.expires_at {
            return Ok(LeaseEvent::Over);
        }
        if self.warn_at.take_if(|at| now >= *at).is_some() {
            return Ok(LeaseEvent::EndsSoon(self.expires_at));
        }
        Err(between(now, self.warn_at.unwrap_or(self.expires_at)))
    }
}

/// Zero when `to` is not after `from`.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
