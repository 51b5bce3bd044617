//! How soon many clients that were away have all that they missed.

mod away;
mod table;

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use anyhow::Result;
use clap::{Args, value_parser};
use tokio::task::spawn_blocking;

use crate::{
    at_once::at_once,
    contestant::{Contestant, Programs},
    cpu::CpuTime,
};
use away::Away;
use table::{Figures, Row};

/// Servers of its own by turns, each on one processor, with the load on another: so many clients come back, each into one room of
/// which it has missed so many messages, and are told them.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    programs: Programs,
    /// An empty folder, for what the servers keep.
    #[arg(long)]
    folder: PathBuf,
    /// Who is measured, in this order; only ChatterStack tells anybody what they missed.
    #[arg(
        long,
        value_delimiter = ',',
        value_enum,
        default_value = "chatterstack,chatterstack-takeover"
    )]
    contestants: Vec<Contestant>,
    /// How many clients.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=100_000))]
    sockets: u32,
    /// Into how many rooms they come back, by turns.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u16).range(1..=10_000))]
    rooms: u16,
    /// How many messages each has missed.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u16).range(1..=1_000))]
    missed: u16,
    /// How many are on their way at a time.
    #[arg(long, default_value_t = 256, value_parser = value_parser!(u16).range(1..=1_000))]
    at_once: u16,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    rounds: u16,
}

/// Measures all of them, round by round, and prints a table.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let mut rows: Vec<_> = arguments
        .contestants
        .iter()
        .map(|it| Row::of(*it))
        .collect();
    for round in 1..=arguments.rounds {
        for row in &mut rows {
            let contestant = row.contestant;
            let folder = arguments.folder.join(format!("{round}-{contestant:?}"));
            let server = contestant.start(&arguments.programs, &folder).await?;
            let address: SocketAddr = server.url.trim_start_matches("http://").parse()?;
            let (rooms, missed) = (arguments.rooms.into(), arguments.missed.into());
            let away = Away::from(&server.url, address, rooms, missed).await?;
            let (pid, count, at_once) = (server.pid(), arguments.sockets, arguments.at_once);
            let figures = spawn_blocking(move || {
                measure(pid, address, &away, count as usize, at_once.into())
            })
            .await??;
            eprintln!(
                "round {round}: {}, {:.1} s",
                contestant.name(),
                figures.took
            );
            row.figures.push(figures);
        }
    }
    table::print(arguments.sockets, arguments.rooms, arguments.missed, &rows)
}

fn measure(
    pid: u32,
    server: SocketAddr,
    away: &Away,
    count: usize,
    threads: usize,
) -> Result<Figures> {
    let cpu = CpuTime::of(pid)?;
    let begin = Instant::now();
    let all = at_once(count, threads, |index| away.come_back(server, index))?;
    let took = begin.elapsed().as_secs_f64();
    let server_micros = CpuTime::of(pid)?.since(&cpu).as_micros() as f64 / count as f64;
    Ok(Figures {
        took,
        told: all.iter().map(|it| it.told as f64).sum::<f64>() / took,
        server_micros,
        slowest: all
            .iter()
            .map(|it| it.took.as_secs_f64())
            .fold(0.0, f64::max),
    })
}
