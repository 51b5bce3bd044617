#![doc = include_str!("../README.md")]

mod account;
mod at_once;
mod closed_loop;
mod contestant;
mod cpu;
mod fanout;
mod frames;
mod handshake;
mod health;
mod latencies;
mod metrics_cost;
mod protocol;
mod readers;
mod receiver;
mod report;
mod resume;
mod sender;
mod serve;
mod server;
mod sockets;
mod spread;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// What to do to which server. Without a command: as many messages as the server takes.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    closed_loop: closed_loop::Arguments,
}

#[derive(Subcommand)]
enum Command {
    /// A steady load, without and with peers that never read: what those who read notice of them.
    Readers(readers::Arguments),
    /// Servers of its own by turns, with and without metrics: what these cost.
    Metrics(metrics_cost::Arguments),
    /// Servers of its own by turns, ChatterStack among them: how many sockets they tell how fast.
    Fanout(fanout::Arguments),
    /// Servers of its own by turns, ChatterStack among them: how fast they let sockets in, and what one weighs.
    Sockets(sockets::Arguments),
    /// Servers of its own by turns: how soon those who come back have what they missed.
    Resume(resume::Arguments),
    /// A server to compare with.
    Serve(serve::Arguments),
}

fn main() -> Result<()> {
    let line = CommandLine::parse();
    // It has a runtime of its own, or none.
    if let Some(Command::Serve(arguments)) = &line.command {
        return serve::run(arguments);
    }
    tokio::runtime::Runtime::new()?.block_on(load(&line))
}

async fn load(line: &CommandLine) -> Result<()> {
    match &line.command {
        None => closed_loop::run(&line.closed_loop).await,
        Some(Command::Readers(arguments)) => readers::run(arguments).await,
        Some(Command::Metrics(arguments)) => metrics_cost::run(arguments).await,
        Some(Command::Fanout(arguments)) => fanout::run(arguments).await,
        Some(Command::Sockets(arguments)) => sockets::run(arguments).await,
        Some(Command::Resume(arguments)) => resume::run(arguments).await,
        Some(Command::Serve(_)) => Ok(()),
    }
}

/// Runs the task beside the others, and answers as it does.
async fn spawned<T: Send + 'static>(
    task: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(task).await?
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_command_takes_no_arguments_of_the_closed_loop() {
        let parse = |line: &str| CommandLine::try_parse_from(line.split(' ')).is_ok();
        assert!(parse("loadgen --senders 2 --url http://127.0.0.1:1"));
        assert!(parse("loadgen readers --stuck 2 --url http://127.0.0.1:1"));
        assert!(!parse("loadgen --senders 2 readers"));
    }
}
