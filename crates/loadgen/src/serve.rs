//! The baselines: each the simplest honest program that tells every text of a socket to all others in its room. Rooms are made
//! by being asked for, `/?room=<number>`, and nobody is asked who they are.

mod plain;
mod raw;
mod tungstenite;

use std::net::{SocketAddr, TcpListener};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

/// A server to compare with, on a free port of the loopback, until it is ended.
#[derive(Args)]
pub struct Arguments {
    /// Which one.
    baseline: Baseline,
}

/// How a server may be written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Baseline {
    /// One loop over sockets that never wait, and one write for each of them with all that came in a round: what the machine
    /// can do.
    Raw,
    /// actix-ws, with one map of sessions behind a lock: the way most would write it.
    Plain,
    /// tokio-tungstenite, with a task and a channel for each socket.
    Tungstenite,
}

/// Serves until the process is ended.
pub fn run(arguments: &Arguments) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    // As ChatterStack says it.
    let address = listener.local_addr()?.to_string();
    let line = json!({"fields": {"message": "listening", "address": address}});
    eprintln!("{line}");
    match arguments.baseline {
        Baseline::Raw => raw::serve(listener),
        Baseline::Plain => plain::serve(listener),
        Baseline::Tungstenite => tungstenite::serve(listener),
    }
}

/// The room that this path asks for; 0 where it asks for none.
fn room(path: &str) -> u64 {
    let number = path.split_once("room=").map(|(_, rest)| rest);
    let digits = number.and_then(|it| it.split(|it: char| !it.is_ascii_digit()).next());
    digits.and_then(|it| it.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_which_room() {
        for (path, number) in [("/?room=17", 17), ("/?room=3&x=4 HTTP/1.1", 3), ("/", 0)] {
            assert_eq!(room(path), number, "{path}");
        }
    }
}
