use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::Door;

/// A socket that may end at any moment.
pub struct Line {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The data of its `ready`.
    pub ready: Value,
    /// How long the node may be silent.
    silence: Duration,
}

/// The connection ended without a word.
pub const CUT: u16 = 1006;

impl Line {
    /// Past its `ready`; none when it cannot be had now.
    pub async fn open(door: &Door, query: &str) -> Option<Self> {
        let token = door.client.access_token();
        let url = format!("ws://{}/ws?access_token={token}{query}", door.sockets);
        let connecting = timeout(door.silence, connect_async(url));
        let (stream, _) = connecting.await.ok()?.ok()?;
        let mut line = Self {
            stream,
            ready: Value::Null,
            silence: door.silence,
        };
        let ready = line.next().await.ok()?;
        assert_eq!(ready["event"], "ready", "{ready}");
        line.ready = ready["data"].clone();
        Some(line)
    }

    /// The next frame; or the code that the node closes with, [`CUT`] if it says none or is silent for too long.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match timeout(self.silence, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    return Ok(serde_json::from_str(&text).unwrap());
                }
                Ok(Some(Ok(Message::Close(frame)))) => {
                    return Err(frame.map_or(1005, |frame| frame.code.into()));
                }
                // A ping is a sign too, and is answered while the next frame is read.
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) | Err(_) => return Err(CUT),
            }
        }
    }

    /// Whether the frame has left.
    pub async fn send(&mut self, frame: &Value) -> bool {
        let sending = self.stream.send(Message::text(frame.to_string()));
        matches!(timeout(self.silence, sending).await, Ok(Ok(())))
    }
}
