//! What it costs a node to time its deliveries and to tell of them.

mod member;
mod node;
mod scrape;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, value_parser};

use crate::server::Server;

use node::Node;
use scrape::Metrics;
use table::{Pair, Row};

/// Servers of its own, of which one times its deliveries and is asked for its metrics, and one does not: the processor time
/// of each, by turns.
#[derive(Args)]
pub struct Arguments {
    /// The program of the server; its settings are those of the environment.
    #[arg(long)]
    server: PathBuf,
    /// An empty folder, for what the servers keep.
    #[arg(long)]
    folder: PathBuf,
    /// How many pairs of servers there are, one after the other: two of one program are not equally fast, by where things
    /// happen to lie in their memory.
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u16).range(1..=1_000))]
    servers: u16,
    /// Sockets in the room, one size after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000], value_parser = value_parser!(u16).range(1..))]
    sockets: Vec<u16>,
    /// How often both of a pair of servers are measured with each size.
    #[arg(long, default_value_t = 30, value_parser = value_parser!(u16).range(1..=10_000))]
    pairs: u16,
    /// Deliveries of one measurement, unless these take more messages than it may have.
    #[arg(long, default_value_t = 12_000, value_parser = value_parser!(u32).range(1..))]
    deliveries: u32,
    /// Messages of one measurement at most.
    #[arg(long, default_value_t = 120, value_parser = value_parser!(u32).range(1..))]
    messages: u32,
    /// Messages that are under way at once; each sender has one. With one, each delivery is a write of its own, which takes
    /// about the same each time; with more, it is by chance how many share a write.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..))]
    window: u16,
}

impl Arguments {
    /// How many of so many sockets send.
    fn senders(&self, sockets: usize) -> usize {
        sockets.min(self.window.into())
    }

    /// How many messages each of them sends in one measurement.
    fn quota(&self, sockets: usize) -> usize {
        let messages = (self.deliveries as usize / sockets).min(self.messages as usize);
        (messages / self.senders(sockets)).max(1)
    }
}

/// Measures pairs of servers with each size of the room, and prints what came of those with and without metrics beside each
/// other.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let mut sizes: Vec<(usize, Vec<Pair>)> = Vec::new();
    sizes.extend(
        arguments
            .sockets
            .iter()
            .map(|it| (usize::from(*it), Vec::new())),
    );
    for number in 1..=arguments.servers {
        let folder = arguments.folder.join(number.to_string());
        let on = Server::start(&arguments.server, &folder.join("on"), "on").await?;
        let off = Server::start(&arguments.server, &folder.join("off"), "off").await?;
        for (sockets, pairs) in &mut sizes {
            let measured = measure(arguments, &on, &off, *sockets).await?;
            let of = arguments.servers;
            eprintln!(
                "servers {number} of {of}, {sockets} sockets: {}",
                Row::of(&measured)
            );
            pairs.extend(measured);
        }
        Metrics::of(&on.url).tell_of_deliveries(true).await?;
        Metrics::of(&off.url).tell_of_deliveries(false).await?;
    }
    table::print(arguments, &sizes);
    Ok(())
}

/// Loads both by turns. Each goes first in every second pair, so that what a store that fills up or a busy machine does to the
/// later one is not put down to the metrics.
async fn measure(
    arguments: &Arguments,
    on: &Server,
    off: &Server,
    sockets: usize,
) -> Result<Vec<Pair>> {
    let metrics = Metrics::of(&on.url);
    let mut on = Node::open(on, sockets).await?;
    let mut off = Node::open(off, sockets).await?;
    let (senders, quota) = (arguments.senders(sockets), arguments.quota(sockets));
    let mut pairs = Vec::new();
    // The first is none: caches are cold, and memory is asked for.
    for pair in 0..=arguments.pairs {
        let with = async {
            tokio::select! {
                cost = on.load(senders, quota) => cost,
                error = metrics.once_a_second() => error.map(|never| match never {}),
            }
        };
        let without = off.load(senders, quota);
        let (with, without) = if pair % 2 == 0 {
            let with = with.await?;
            (with, without.await?)
        } else {
            let without = without.await?;
            (with.await?, without)
        };
        if pair > 0 {
            pairs.push(Pair { with, without });
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn a_measurement_has_as_many_deliveries_as_asked_for_within_its_messages() {
        let line = "loadgen --server a --folder b --deliveries 160000 --messages 1600 --window 16";
        let arguments = Line::parse_from(line.split(' ')).arguments;
        let sent = |sockets| (arguments.senders(sockets), arguments.quota(sockets));
        assert_eq!(sent(1_000), (16, 10));
        assert_eq!(sent(100), (16, 100));
        assert_eq!(sent(10), (10, 160));
        assert_eq!(sent(1_000_000), (16, 1));
    }
}
