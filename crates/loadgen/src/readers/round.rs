use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use tokio::time::{interval, timeout};

use super::{
    Arguments,
    pace::Pace,
    peers::{read, send, stick},
};
use crate::{
    account,
    health::{Health, PAUSE},
    latencies::Latencies,
    receiver::open,
    spawned,
};

/// A server that has not rid itself of those who never read by then, counted from the first message, is at fault; so is one
/// that is this late with a delivery or with the sockets of a round.
const BOUND: Duration = Duration::from_secs(60);
/// From when all is ready to when the first message is due.
const LEAD: Duration = Duration::from_millis(100);

/// What came of one measurement.
pub struct Round {
    /// From when a message was due to when a reader had it, of all readers.
    pub latencies: Latencies,
    /// From when the first message was due to when the last of those who never read was gone, if there were any.
    pub gone_after: Option<Duration>,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| self.latencies.at(share));
        write!(f, "{p50:.2?} (p50), {p99:.2?} (p99), {most:.2?} (most)")?;
        match self.gone_after {
            Some(after) => write!(f, ", those gone after {after:.1?}"),
            None => Ok(()),
        }
    }
}

/// Sends and reads beside so many that never read.
pub async fn measure(arguments: &Arguments, stuck: usize) -> Result<Round> {
    let time = Duration::from_secs(arguments.seconds.into());
    // Its beginning, its time and its end.
    timeout(BOUND + time + BOUND, under_load(arguments, time, stuck))
        .await
        .context("the server is far too late")?
}

async fn under_load(arguments: &Arguments, time: Duration, stuck: usize) -> Result<Round> {
    let health = Health::of(&arguments.url);
    // Those of the last measurement are gone.
    health.reaches(0, BOUND).await?;
    let readers = usize::from(arguments.receivers);
    let others = 1 + readers;
    let room = account::room(&arguments.url, others + stuck).await?;
    let (addresses, stuck_addresses) = room.sockets.split_at(others);
    let mut sockets = try_join_all(addresses.iter().map(|address| open(address))).await?;
    let sender = sockets.pop().context("a sender")?;
    let never_read = try_join_all(stuck_addresses.iter().map(|address| stick(address))).await?;
    health.reaches(others + stuck, BOUND).await?;

    let pace = Pace {
        begin: Instant::now() + LEAD,
        rate: arguments.rate,
    };
    let total = arguments.messages();
    let content = "x".repeat(arguments.bytes.into());
    let sending = spawned(send(sender, room.id, content, pace.ticks(total), total));
    let reading = try_join_all(
        sockets
            .into_iter()
            .map(|socket| spawned(read(socket, pace, total))),
    );
    let watching = watch(&health, pace.begin, time, others);
    let (_sender, read, gone_after) = tokio::try_join!(sending, reading, watching)?;
    let (latencies, _sockets): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    let latencies = latencies.concat();
    ensure!(latencies.len() == readers * total, "a delivery is missing");
    // To the end, they have not closed.
    drop(never_read);
    Ok(Round {
        latencies: latencies.into(),
        gone_after: (stuck > 0).then_some(gone_after),
    })
}

/// Asks for the number of sockets for as long as messages are sent, and until only the others are left. Answers how long
/// after the beginning that was so. Goes on to the end also when it is so at once: the load of both measurements is the
/// same.
async fn watch(health: &Health, begin: Instant, time: Duration, others: usize) -> Result<Duration> {
    let mut pause = interval(PAUSE);
    let mut gone_after = None;
    loop {
        pause.tick().await;
        let clients = health.clients().await?;
        ensure!(clients >= others, "one of those who read is gone");
        if clients == others {
            gone_after.get_or_insert_with(|| begin.elapsed());
        }
        match gone_after {
            Some(after) if begin.elapsed() >= time => return Ok(after),
            Some(_) => {}
            None => ensure!(
                begin.elapsed() < BOUND,
                "{} that never read are still there after {BOUND:?}",
                clients - others
            ),
        }
    }
}
