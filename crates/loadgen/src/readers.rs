//! What those who read notice of peers that do not, and how long such a peer is kept.

mod pace;
mod peers;
mod round;
mod table;

use anyhow::Result;
use clap::{Args, value_parser};

/// A steady load, without and with peers that never read, by turns.
#[derive(Args)]
pub struct Arguments {
    /// The server, `http://host:port`. Nobody else has a socket there.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Messages a second, whether or not the server keeps up with them.
    #[arg(long, default_value_t = 40, value_parser = value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// For how long messages are sent in each measurement.
    #[arg(long, default_value_t = 25, value_parser = value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Characters of a message, one byte each.
    #[arg(long, default_value_t = 3_900, value_parser = value_parser!(u16).range(1..=4_000))]
    bytes: u16,
    /// Sockets that read.
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u16).range(1..))]
    receivers: u16,
    /// Sockets that never read after their `ready`, in every second measurement.
    #[arg(long, default_value_t = 25, value_parser = value_parser!(u16).range(1..))]
    stuck: u16,
    /// How often both are measured.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u8).range(1..=99))]
    rounds: u8,
}

impl Arguments {
    /// How many messages one measurement sends.
    fn messages(&self) -> usize {
        self.rate as usize * self.seconds as usize
    }
}

/// Measures without and with such peers by turns, and prints both beside each other. Each goes first in every second round,
/// so that what a server that fills up or a busy machine does to the later ones is not put down to the peers.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 1..=arguments.rounds {
        let mut both = [(0, &mut without), (arguments.stuck, &mut with)];
        if round % 2 == 0 {
            both.reverse();
        }
        for (stuck, rounds) in both {
            let measured = round::measure(arguments, stuck.into()).await?;
            let of = arguments.rounds;
            eprintln!("round {round} of {of}, {stuck} that never read: {measured}");
            rounds.push(measured);
        }
    }
    table::print(arguments, &without, &with);
    Ok(())
}
