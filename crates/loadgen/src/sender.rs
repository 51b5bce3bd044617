use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::receiver::{Frame, Order, Socket, next};

/// What is sent: 200 bytes.
pub const CONTENT: &str = "The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. 0123456789 0123456789";

/// Sends `messages`, `window` at a time, and receives until all `total` of the room have come. Answers the time from
/// each sending to its acknowledgement.
pub async fn send(
    mut socket: Socket,
    room: String,
    total: usize,
    messages: usize,
    window: usize,
) -> Result<Vec<Duration>> {
    let mut order = Order::default();
    let mut sent_at: Vec<Instant> = Vec::with_capacity(messages);
    let mut latencies = Vec::with_capacity(messages);
    while latencies.len() < messages || order.messages() < total {
        while sent_at.len() < messages && sent_at.len() - latencies.len() < window {
            let data = json!({"room_id": room, "content": CONTENT});
            let frame = json!({"event": "send_message", "id": sent_at.len(), "data": data});
            sent_at.push(Instant::now());
            socket.send(Message::text(frame.to_string())).await?;
        }
        let frame: Frame = next(&mut socket).await?;
        match (frame.event.as_str(), frame.id) {
            ("ack", Some(id)) => latencies.push(sent_at[id].elapsed()),
            ("error", id) => bail!("message {id:?} was refused"),
            _ => drop(order.take(&frame)?),
        }
    }
    Ok(latencies)
}
