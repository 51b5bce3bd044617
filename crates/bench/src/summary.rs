use std::{
    fmt::{self, Display},
    time::Duration,
};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::{door::Door, participant::Took};

/// How it went, for people. That there is one means that nothing was lost, doubled or confused.
pub struct Summary {
    url: String,
    made: Duration,
    opened_in: Duration,
    pub(crate) took: Duration,
    sockets: u64,
    all: Took,
    /// In microseconds.
    to_acknowledge: Option<Histogram<u64>>,
    to_tell: Option<Histogram<u64>>,
}

/// The longest time that is told apart, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// Of times in microseconds, to three digits.
pub(crate) fn times() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, LONGEST, 3)?)
}

/// For [`times`].
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).map_or(LONGEST, |it| it.clamp(1, LONGEST))
}

impl Summary {
    pub(crate) fn of(door: &Door, made: Duration, opened_in: Duration) -> Self {
        Self {
            url: door.url.clone(),
            made,
            opened_in,
            took: Duration::ZERO,
            sockets: 0,
            all: Took::default(),
            to_acknowledge: None,
            to_tell: None,
        }
    }

    /// Adds what became of a socket.
    pub(crate) fn add(&mut self, took: &Took) {
        self.sockets += 1;
        self.all.told += took.told;
        self.all.sent += took.sent;
        self.all.came_back += took.came_back;
        self.all.missed += took.missed;
        self.all.lost += took.lost;
    }

    /// Adds what was measured in a room.
    pub(crate) fn add_times(&mut self, to_acknowledge: &Histogram<u64>, to_tell: &Histogram<u64>) {
        add(&mut self.to_acknowledge, to_acknowledge);
        add(&mut self.to_tell, to_tell);
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
        let Took {
            told,
            sent,
            came_back,
            missed,
            lost,
        } = self.all;
        writeln!(f, "{}", self.url)?;
        writeln!(f, "made       accounts and rooms in {:.2?}", self.made)?;
        let rate = self.sockets as f64 / self.opened_in.as_secs_f64();
        let (sockets, opened_in) = (self.sockets, self.opened_in);
        writeln!(
            f,
            "opened     {sockets} sockets in {opened_in:.2?}: {rate:.0} a second"
        )?;
        writeln!(
            f,
            "sent       {sent} messages in {:.2?}, each acknowledged after {}",
            self.took,
            Times(self.to_acknowledge.as_ref())
        )?;
        writeln!(
            f,
            "delivered  {told} times, each message to each socket once and in order, after {}",
            Times(self.to_tell.as_ref())
        )?;
        if came_back > 0 {
            writeln!(
                f,
                "came back  {came_back} sockets in the middle, and were told the {missed} events that they had missed"
            )?;
        }
        if lost > 0 {
            writeln!(
                f,
                "lost       {lost} sockets, which came back and were told what they had missed"
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
