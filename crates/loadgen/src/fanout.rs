//! How fast a message reaches all who are to be told: ChatterStack beside servers that do nothing else, by turns.

mod generator;
mod measurement;
mod rooms;
mod shape;
mod socket;
mod table;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, value_parser};

use measurement::{Extent, Latency, Saturated};
use shape::Shape;
use table::Row;

use crate::contestant::{Contestant, Programs};

/// Servers of its own by turns, each on one processor, with the load on another: deliveries a second of as much as they take,
/// and how long a delivery takes at half of that.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    programs: Programs,
    /// An empty folder, for what the servers keep.
    #[arg(long)]
    folder: PathBuf,
    /// Who is measured, in this order.
    #[arg(
        long,
        value_delimiter = ',',
        value_enum,
        default_value = "raw,chatterstack,chatterstack-takeover,chatterstack-stored,plain,tungstenite,node-ws,socket-io"
    )]
    contestants: Vec<Contestant>,
    /// What is measured: rooms x sockets in each x those of them that send, each one message after the other.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1x1000x16,1x1000x1,100x10x1,1000x10x1"
    )]
    shapes: Vec<Shape>,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=1_000))]
    rounds: u16,
    /// Milliseconds of one measurement.
    #[arg(long, default_value_t = 3_000, value_parser = value_parser!(u32).range(100..=600_000))]
    lasts: u32,
    /// Bytes of a text that is delivered; ChatterStack's are about as long.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u16).range(64..=4_096))]
    bytes: u16,
    /// Whether latencies are measured too, of the raw loop and of ChatterStack.
    #[arg(long)]
    latencies: bool,
}

/// Those whose latencies are measured, at the same rate.
const TIMED: [Contestant; 3] = [
    Contestant::Raw,
    Contestant::Chatterstack,
    Contestant::ChatterstackTakeover,
];

/// Measures all of them, round by round, and prints tables.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let programs = &arguments.programs;
    let lasts = Duration::from_millis(arguments.lasts.into());
    let extent = Extent {
        warm_up: lasts / 3,
        lasts,
        length: arguments.bytes.into(),
    };
    let mut folders = 0..;
    let mut folder = || {
        arguments
            .folder
            .join(folders.next().unwrap_or(0).to_string())
    };
    for shape in &arguments.shapes {
        let mut rows: Vec<_> = arguments
            .contestants
            .iter()
            .map(|it| Row::of(*it))
            .collect();
        for round in 1..=arguments.rounds {
            for row in &mut rows {
                let contestant = (row.contestant, programs);
                let measured = Saturated::of(contestant, *shape, extent, &folder()).await?;
                let name = row.contestant.name();
                let deliveries = measured.deliveries;
                eprintln!("{shape}, round {round}: {name}, {deliveries:.0} a second");
                row.saturated.push(measured);
            }
            let timed = rows.iter_mut().filter(|it| TIMED.contains(&it.contestant));
            let mut timed: Vec<_> = timed.filter(|_| arguments.latencies).collect();
            let slowest = timed
                .iter()
                .filter_map(|it| Some(it.saturated.last()?.messages(*shape)))
                .min_by(f64::total_cmp);
            for row in &mut timed {
                let contestant = (row.contestant, programs);
                let rate = slowest.unwrap_or(1.0) / 2.0;
                let measured = Latency::of(contestant, *shape, extent, &folder(), rate).await?;
                let name = row.contestant.name();
                eprintln!("{shape}, round {round}: {name}, p99 {:.0} µs", measured.p99);
                row.latencies.push(measured);
            }
        }
        table::print(*shape, &rows)?;
    }
    Ok(())
}
