use std::time::Instant;

use anyhow::Result;
use futures_util::future::try_join_all;

use crate::{account, receiver, report, sender, spawned};

/// As many messages as the server takes: each sender waits for its acknowledgements.
#[derive(clap::Args)]
pub struct Arguments {
    /// The server, `http://host:port`.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Sockets that send.
    #[arg(long, default_value_t = 16)]
    senders: usize,
    /// Sockets that only receive. Every sender receives too.
    #[arg(long, default_value_t = 48)]
    receivers: usize,
    /// Messages of each sender.
    #[arg(long, default_value_t = 1_000)]
    messages: usize,
    /// Messages of one sender that wait for their acknowledgement.
    #[arg(long, default_value_t = 4)]
    window: usize,
}

/// Sends all messages, receives all deliveries, and prints how that went.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let room = account::room(&arguments.url, arguments.senders + arguments.receivers).await?;
    let total = arguments.senders * arguments.messages;
    // All are open before anything is sent: a socket hears what comes after its `ready`.
    let mut senders =
        try_join_all(room.sockets.iter().map(|address| receiver::open(address))).await?;
    let receivers = senders.split_off(arguments.senders);
    let started = Instant::now();
    let sending = try_join_all(senders.into_iter().map(|socket| {
        let (room, messages, window) = (room.id.clone(), arguments.messages, arguments.window);
        spawned(sender::send(socket, room, total, messages, window))
    }));
    let receiving = try_join_all(
        receivers
            .into_iter()
            .map(|socket| spawned(receiver::receive(socket, total))),
    );
    let (latencies, received) = tokio::try_join!(sending, receiving)?;
    let deliveries = total * (latencies.len() + received.len());
    report::print(
        total,
        deliveries,
        started.elapsed(),
        &latencies.concat().into(),
    );
    Ok(())
}
