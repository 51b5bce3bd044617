//! `chatterstack bench`: people who talk in rooms of a server, over its public API, for so long. Each checks that it is told every
//! message once and in order, and half of them go away and come back in the middle. It is the acceptance check of a deployment, and
//! says how fast the server answers; how much it can take is for `loadgen`.

mod account;
mod connection;
mod listener;
mod order;
mod progress;
mod room;
mod speaker;
mod summary;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use futures_util::future::try_join_all;
use tokio::time::timeout;

use crate::{connection::Door, progress::Progress, room::Room};

pub use summary::Summary;

/// What is asked of which server.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Arguments {
    /// The server, http://host:port or https://host
    #[arg(long, default_value = "http://localhost:8080")]
    url: String,
    /// Rooms to talk in; one speaks in each
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u16).range(1..=1_000))]
    rooms: u16,
    /// Sockets that listen in each room
    #[arg(long, default_value_t = 25, value_parser = value_parser!(u16).range(1..=10_000))]
    listeners: u16,
    /// Messages a second in each room; a server allows each of its users 300 a minute unless it was told otherwise
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=1_000))]
    rate: u16,
    /// For how many seconds
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u32).range(1..=86_400))]
    seconds: u32,
}

/// Who has not been told everything by then, after the last message was acknowledged, has missed something.
const PATIENCE: Duration = Duration::from_secs(30);

/// Talks, listens and checks; tells on the way how far it is, if a person looks on. The rooms are deleted at the end, the accounts
/// stay.
///
/// # Errors
/// What the server has done wrong, or why it cannot be talked to.
pub async fn run(arguments: &Arguments) -> Result<Summary> {
    let door = Door::of(&arguments.url)?;
    let messages = u64::from(arguments.rate) * u64::from(arguments.seconds);
    let begun = Instant::now();
    let listeners = usize::from(arguments.listeners);
    let making = (0..arguments.rooms).map(|_| Room::make(&door, listeners, messages));
    let rooms = try_join_all(making).await?;
    let made = begun.elapsed();
    let talked = talk(arguments, &door, &rooms, made).await;
    let cleared = try_join_all(rooms.iter().map(Room::clear_away)).await;
    let summary = talked?;
    cleared.context("the rooms are not deleted")?;
    Ok(summary)
}

async fn talk(
    arguments: &Arguments,
    door: &Door,
    rooms: &[Room],
    made: Duration,
) -> Result<Summary> {
    let begun = Instant::now();
    let opened = try_join_all(rooms.iter().map(|room| room.open(door))).await?;
    let mut summary = Summary::of(door, made, begun.elapsed());
    let _progress = Progress::show(arguments.seconds, rooms);
    let pause = Duration::from_secs(1) / u32::from(arguments.rate);
    let start = Instant::now();
    let (mut speaking, mut listening) = (Vec::new(), Vec::new());
    for (room, (speaker, listeners)) in rooms.iter().zip(opened) {
        speaking.push(tokio::spawn(speaker.speak(room.clone(), start, pause)));
        for listener in listeners {
            listening.push(tokio::spawn(listener.listen(room.clone(), start, pause)));
        }
    }
    for spoken in try_join_all(speaking).await? {
        summary.add_spoken(&spoken?);
    }
    let told = timeout(PATIENCE, try_join_all(listening)).await;
    let told = told.with_context(|| format!("not everything was told within {PATIENCE:?}"))?;
    for heard in told? {
        summary.add_heard(&heard?);
    }
    summary.took = start.elapsed();
    Ok(summary)
}
