use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    account::{account, unique},
    handshake::{Opened, source},
    protocol::{Protocol, Told},
};

/// Rooms in which something was said since their clients went away.
pub struct Away {
    /// Where the clients of each room come back, by turns.
    paths: Vec<String>,
    missed: usize,
}

/// A client that has come back.
pub struct Back {
    #[expect(dead_code, reason = "held, so that the server has them all")]
    socket: Opened,
    /// How many messages it was told.
    pub told: usize,
    /// How long that took, handshake and all.
    pub took: Duration,
}

/// As long as those of the other measurements.
const LENGTH: usize = 200;
const PROTOCOL: Protocol = Protocol::Messages;

impl Away {
    /// Makes so many rooms, each of a user of its own, and says so much in each.
    pub async fn from(url: &str, server: SocketAddr, rooms: usize, missed: usize) -> Result<Self> {
        let run = unique();
        let mut paths = Vec::new();
        for room in 0..rooms {
            let owner = account(url, &format!("bench-{room}-{run}")).await?;
            let id = owner.make_room(&[]).await?;
            let path = owner.path(&id);
            let since = say(server, &path, &id, missed)?;
            paths.push(format!("{path}&since={id}:{since}"));
        }
        Ok(Self { paths, missed })
    }

    /// Opens the socket of this client, and waits until it has all that it missed, in order and nothing twice.
    pub fn come_back(&self, server: SocketAddr, index: usize) -> Result<Back> {
        let begin = Instant::now();
        let path = &self.paths[index % self.paths.len()];
        let mut socket = Opened::at(server, source(index), path)?;
        let mut told = 0;
        loop {
            let text = socket.next_text()?;
            if let Told::Delivery { number, .. } = PROTOCOL.told(&text) {
                ensure!(
                    told == number as usize,
                    "{number} comes behind {told} others"
                );
                told += 1;
            } else if text.starts_with(br#"{"event":"resumed""#) {
                break;
            }
        }
        ensure!(told == self.missed, "{told} of {} came", self.missed);
        let took = begin.elapsed();
        Ok(Back { socket, told, took })
    }
}

/// Says so many things in a room, and answers where its log was before.
fn say(server: SocketAddr, path: &str, room: &str, count: usize) -> Result<u64> {
    let mut socket = Opened::at(server, source(0), path)?;
    let since = loop {
        let text = socket.next_text()?;
        if PROTOCOL.told(&text) == Told::Greeting {
            let ready: Value = serde_json::from_slice(&text)?;
            let seq = ready["data"]["rooms"][0]["last_seq"].as_u64();
            break seq.context("the server does not say where the room stands")?;
        }
    };
    for number in 0..count {
        socket.say(&PROTOCOL.message(room, 0, u32::try_from(number)?, LENGTH))?;
    }
    let mut told = 0;
    while told < count {
        let text = socket.next_text()?;
        if text.starts_with(br#"{"event":"error""#) {
            bail!("refused: {}", String::from_utf8_lossy(&text));
        }
        told += usize::from(matches!(PROTOCOL.told(&text), Told::Delivery { .. }));
    }
    Ok(since)
}
