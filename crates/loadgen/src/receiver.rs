use anyhow::{Context, Result, bail, ensure};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The part of a frame that is looked at.
#[derive(Deserialize)]
pub struct Frame<D = IgnoredAny> {
    pub event: String,
    pub id: Option<usize>,
    pub seq: Option<u64>,
    pub data: Option<D>,
}

/// Opens a socket and takes its `ready`.
pub async fn open(address: &str) -> Result<Socket> {
    let (mut socket, _) = connect_async(address).await?;
    ready(&mut socket).await?;
    Ok(socket)
}

/// Takes the first frame of a socket, which must be `ready`.
pub async fn ready(
    socket: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
) -> Result<()> {
    let first: Frame = next(socket).await?;
    ensure!(first.event == "ready", "the first frame is {}", first.event);
    Ok(())
}

/// The next text frame.
pub async fn next<D: DeserializeOwned>(
    socket: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
) -> Result<Frame<D>> {
    loop {
        match socket.next().await.context("the server hung up")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(frame) => bail!("the server closed the socket: {frame:?}"),
            _ => {}
        }
    }
}

/// The check of a receiver: each durable event is the one after the last.
#[derive(Default)]
pub struct Order {
    last: Option<u64>,
    messages: usize,
}

impl Order {
    /// Takes a frame; true for a message.
    pub fn take<D>(&mut self, frame: &Frame<D>) -> Result<bool> {
        let Some(seq) = frame.seq else {
            return Ok(false);
        };
        if let Some(last) = self.last {
            ensure!(seq == last + 1, "event {seq} came after {last}");
        }
        self.last = Some(seq);
        let is_message = frame.event == "receive_message";
        self.messages += usize::from(is_message);
        Ok(is_message)
    }

    pub fn messages(&self) -> usize {
        self.messages
    }
}

/// Receives until all `total` messages have come.
pub async fn receive(mut socket: Socket, total: usize) -> Result<()> {
    let mut order = Order::default();
    while order.messages() < total {
        let frame: Frame = next(&mut socket).await?;
        order.take(&frame)?;
    }
    Ok(())
}
