use std::{
    fmt::{self, Display},
    time::Duration,
};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::{connection::Door, listener::Heard, speaker::Spoken};

/// How it went, for people. That there is one means that nothing was lost, doubled or confused.
pub struct Summary {
    url: String,
    made: Duration,
    opened_in: Duration,
    pub(crate) took: Duration,
    sockets: u64,
    sent: u64,
    told: u64,
    came_back: u64,
    lost: u64,
    acknowledged: Option<Histogram<u64>>,
    delivered: Option<Histogram<u64>>,
}

/// Of times in microseconds, up to an hour, to three digits.
pub(crate) fn times() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 3_600_000_000, 3)?)
}

/// For [`times`].
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).map_or(3_600_000_000, |it| it.clamp(1, 3_600_000_000))
}

impl Summary {
    pub(crate) fn of(door: &Door, made: Duration, opened_in: Duration) -> Self {
        Self {
            url: door.url.clone(),
            made,
            opened_in,
            took: Duration::ZERO,
            sockets: 0,
            sent: 0,
            told: 0,
            came_back: 0,
            lost: 0,
            acknowledged: None,
            delivered: None,
        }
    }

    pub(crate) fn add_spoken(&mut self, spoken: &Spoken) {
        self.sockets += 1;
        self.sent += spoken.messages;
        self.lost += spoken.lost;
        add(&mut self.acknowledged, &spoken.acknowledged);
    }

    pub(crate) fn add_heard(&mut self, heard: &Heard) {
        self.sockets += 1;
        self.told += heard.messages;
        self.came_back += heard.came_back;
        self.lost += heard.lost;
        add(&mut self.delivered, &heard.told);
    }
}

fn add(to: &mut Option<Histogram<u64>>, more: &Histogram<u64>) {
    match to {
        // Of the same bounds, so that it fits.
        Some(all) => all.add(more).unwrap_or_default(),
        None => *to = Some(more.clone()),
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |count: u64, time: Duration| count as f64 / time.as_secs_f64();
        writeln!(f, "{}", self.url)?;
        writeln!(f, "made       accounts and rooms in {:.2?}", self.made)?;
        writeln!(
            f,
            "opened     {} sockets in {:.2?}: {:.0} a second",
            self.sockets,
            self.opened_in,
            rate(self.sockets, self.opened_in)
        )?;
        writeln!(
            f,
            "sent       {} messages in {:.2?}, each acknowledged after {}",
            self.sent,
            self.took,
            Times(self.acknowledged.as_ref())
        )?;
        writeln!(
            f,
            "delivered  {} times, each message to each socket once and in order, after {}",
            self.told,
            Times(self.delivered.as_ref())
        )?;
        writeln!(
            f,
            "came back  {} sockets in the middle, and missed nothing",
            self.came_back
        )?;
        if self.lost > 0 {
            writeln!(
                f,
                "lost       {} sockets, which came back and missed nothing",
                self.lost
            )?;
        }
        write!(f, "passed")
    }
}

struct Times<'a>(Option<&'a Histogram<u64>>);

impl Display for Times<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(times) = self.0.filter(|it| !it.is_empty()) else {
            return write!(f, "a time that was not measured");
        };
        let at = |share| Duration::from_micros(times.value_at_quantile(share));
        write!(
            f,
            "{:.1?} (p50), {:.1?} (p99), {:.1?} (most)",
            at(0.5),
            at(0.99),
            at(1.0)
        )
    }
}
