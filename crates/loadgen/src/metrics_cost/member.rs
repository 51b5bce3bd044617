use std::sync::Arc;

use anyhow::{Result, bail};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    receiver::{self, Frame, Order, Socket, next},
    sender::CONTENT,
};

/// A socket in the room, over many measurements: each message is to come once and in order, also from one to the next.
pub struct Member {
    socket: Socket,
    order: Order,
}

impl Member {
    /// Opens the socket.
    pub async fn open(address: &str) -> Result<Self> {
        Ok(Self {
            socket: receiver::open(address).await?,
            order: Order::default(),
        })
    }

    /// Sends so many messages, each when the last one was acknowledged, and receives until `total` more have come.
    pub async fn take_part(
        mut self,
        room: Arc<str>,
        messages: usize,
        total: usize,
    ) -> Result<Self> {
        let all = self.order.messages() + total;
        let (mut sent, mut acknowledged) = (0, 0);
        while acknowledged < messages || self.order.messages() < all {
            if sent == acknowledged && sent < messages {
                let data = json!({"room_id": &*room, "content": CONTENT});
                let frame = json!({"event": "send_message", "id": sent, "data": data});
                self.socket.send(Message::text(frame.to_string())).await?;
                sent += 1;
            }
            let frame: Frame = next(&mut self.socket).await?;
            match frame.event.as_str() {
                "ack" => acknowledged += 1,
                "error" => bail!("message {:?} was refused", frame.id),
                _ => drop(self.order.take(&frame)?),
            }
        }
        Ok(self)
    }
}
