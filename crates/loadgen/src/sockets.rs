//! How fast sockets are let in, and what each of them weighs while it says nothing: ChatterStack beside other servers, by turns.

mod crowd;
mod memory;
mod table;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::{Args, value_parser};
use tokio::task::spawn_blocking;

use crate::{
    contestant::{Contestant, Programs},
    cpu::{CpuTime, of_process},
};
use crowd::{Crowd, Paths};
use memory::Memory;
use table::{Figures, Row};

/// Servers of its own by turns, each on one processor, with the load on another: so many sockets are opened, each of a user with
/// so many rooms, and held while nothing is said.
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
        default_value = "plain,chatterstack,chatterstack-takeover,tungstenite,node-ws,socket-io"
    )]
    contestants: Vec<Contestant>,
    /// How many sockets.
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..=100_000))]
    sockets: u32,
    /// How many rooms the user of each is in; a socket follows them all.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u16).range(1..=50))]
    rooms: u16,
    /// How many are being opened at a time.
    #[arg(long, default_value_t = 32, value_parser = value_parser!(u16).range(1..=1_000))]
    at_once: u16,
    /// For so many seconds nothing is said, and the server's processor time is measured.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=3_600))]
    idle: u16,
    /// How often each is measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u16).range(1..=100))]
    rounds: u16,
}

/// Measures all of them, round by round, and prints a table.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let programs = &arguments.programs;
    let mut rows: Vec<_> = arguments
        .contestants
        .iter()
        .map(|it| Row::of(*it))
        .collect();
    for round in 1..=arguments.rounds {
        for row in &mut rows {
            let contestant = row.contestant;
            let folder = arguments.folder.join(format!("{round}-{contestant:?}"));
            let server = contestant.start(programs, &folder).await?;
            let address: SocketAddr = server.url.trim_start_matches("http://").parse()?;
            let paths = Paths::of(contestant, &server.url, arguments.rooms.into()).await?;
            let (pid, count, at_once) = (server.pid(), arguments.sockets, arguments.at_once);
            let idle = Duration::from_secs(arguments.idle.into());
            let figures = spawn_blocking(move || {
                measure(pid, address, &paths, count as usize, at_once.into(), idle)
            })
            .await??;
            eprintln!(
                "round {round}: {}, {:.0} a second, {:.1} KiB each",
                contestant.name(),
                figures.opened,
                figures.resident
            );
            row.figures.push(figures);
        }
    }
    table::print(arguments.sockets, arguments.rooms, &rows)
}

/// What is made once, and by the first of many, is not counted for the sockets: so many come and go before.
const WARM_UP: usize = 200;

fn measure(
    pid: u32,
    server: SocketAddr,
    paths: &Paths,
    count: usize,
    at_once: usize,
    idle: Duration,
) -> Result<Figures> {
    drop(Crowd::open(server, paths, WARM_UP, at_once)?);
    memory::settle();
    let memory = Memory::of(pid)?;
    let cpu = (CpuTime::of(pid)?, of_process(process::id())?);
    let begin = Instant::now();
    let crowd = Crowd::open(server, paths, count, at_once)?;
    let took = begin.elapsed();
    let per_socket = |ran: Duration| ran.as_micros() as f64 / count as f64;
    let server_micros = per_socket(CpuTime::of(pid)?.since(&cpu.0));
    // The threads that opened them have ended.
    let load_micros = per_socket(of_process(process::id())? - cpu.1);
    memory::settle();
    let grown = Memory::of(pid)?.since(&memory);
    let before = CpuTime::of(pid)?;
    sleep(idle);
    let idle_share = CpuTime::of(pid)?.since(&before).as_secs_f64() / idle.as_secs_f64();
    drop(crowd);
    let each = |kib: f64| kib / count as f64;
    Ok(Figures {
        opened: count as f64 / took.as_secs_f64(),
        server_micros,
        load_micros,
        resident: each(grown.resident),
        kernel: each(grown.kernel),
        idle_percent: idle_share * 100.0,
    })
}
