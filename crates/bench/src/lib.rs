#![doc = include_str!("../README.md")]

mod account;
mod connection;
mod door;
mod listener;
mod order;
mod participant;
mod progress;
mod room;
mod speaker;
mod summary;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use tokio::{
    task::JoinSet,
    time::{Instant as Deadline, timeout_at},
};

use crate::{door::Door, participant::Took, progress::Progress, room::Room};

pub use account::Account;
pub use summary::Summary;

/// What is asked of which server.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Arguments {
    /// The server, http://host:port or https://host
    #[arg(long, default_value = "http://localhost:8080")]
    url: String,
    /// Rooms to talk in; one speaks in each. A room takes an account, and one more for every 25 listeners: a server lets an
    /// address make 60 in a minute unless it was told otherwise
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u16).range(1..=1_000))]
    rooms: u16,
    /// Sockets that listen in each room
    #[arg(long, default_value_t = 25, value_parser = value_parser!(u16).range(1..=10_000))]
    listeners: u16,
    /// Messages a second in each room; a server lets a user send 300 in 10 seconds unless it was told otherwise
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=1_000))]
    rate: u16,
    /// For how many seconds: less than an access token is good for
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u16).range(1..=600))]
    seconds: u16,
}

/// What is not acknowledged and told so long after the last message was due has been lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// Talks, listens and checks; tells on the way how far it is, if a person looks on. The rooms are deleted at the end, the accounts
/// stay.
///
/// # Errors
/// What the server has done wrong, or why it cannot be talked to.
pub async fn run(arguments: &Arguments) -> Result<Summary> {
    let door = Door::to(&arguments.url)?;
    let mut rooms = Vec::new();
    let talked = talk(arguments, &door, &mut rooms).await;
    let mut cleared = Ok(());
    for room in &rooms {
        cleared = cleared.and(room.clear_away().await);
    }
    let summary = talked?;
    cleared.context("a room is not deleted")?;
    Ok(summary)
}

async fn talk(arguments: &Arguments, door: &Door, rooms: &mut Vec<Room>) -> Result<Summary> {
    let messages = u64::from(arguments.rate) * u64::from(arguments.seconds);
    let pause = Duration::from_secs(1) / u32::from(arguments.rate);
    let begun = Instant::now();
    for _ in 0..arguments.rooms {
        rooms.push(Room::make(door, arguments.listeners.into(), messages, pause).await?);
    }
    let made = begun.elapsed();

    // The first fault ends it, and with it all that is under way.
    let mut talking: JoinSet<Result<Took>> = JoinSet::new();
    let mut speakers = Vec::new();
    let begun = Instant::now();
    for room in &*rooms {
        speakers.push(room.open(door, &mut talking).await?);
    }
    let opened_in = begun.elapsed();
    let _progress = Progress::show(arguments.seconds, rooms);
    let start = Instant::now();
    for (room, speaker) in rooms.iter().zip(speakers) {
        room.start(start);
        talking.spawn(speaker.speak(room.clone()));
    }
    let mut summary = Summary::of(door, made, opened_in);
    let deadline =
        Deadline::from_std(start + Duration::from_secs(arguments.seconds.into()) + PATIENCE);
    while let Some(ended) = timeout_at(deadline, talking.join_next())
        .await
        .with_context(|| not_in_time(rooms))?
    {
        summary.add(&ended??);
    }
    summary.took = start.elapsed();
    for room in &*rooms {
        room.add_times(&mut summary);
    }
    Ok(summary)
}

fn not_in_time(rooms: &[Room]) -> String {
    let so_far = rooms.iter().map(Room::so_far);
    let all = so_far.fold([0; 3], |all, it| {
        [all[0] + it[0], all[1] + it[1], all[2] + it[2]]
    });
    let [sent, acknowledged, told] = all;
    format!(
        "{PATIENCE:?} after the last message was due, of {sent} that were sent {acknowledged} are acknowledged, and messages were told \
         {told} times: some have not come"
    )
}
