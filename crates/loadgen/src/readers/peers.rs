use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc::Receiver,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::pace::Pace;
use crate::receiver::{Frame, Order, Socket, next, ready};

/// As little as the system gives a connection, so that what is not read stays with the server.
const RECEIVE_BUFFER: u32 = 4_096;

/// The data of a `receive_message`, as far as it is looked at.
#[derive(Deserialize)]
struct Received {
    client_msg_id: Option<String>,
}

/// Opens a socket, takes its `ready`, and reads nothing more.
pub async fn stick(address: &str) -> Result<WebSocketStream<TcpStream>> {
    let server = Url::parse(address)?.socket_addrs(|| None)?;
    let server = *server.first().context("the server has no address")?;
    let connection = if server.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    connection.set_recv_buffer_size(RECEIVE_BUFFER)?;
    let connection = connection.connect(server).await?;
    let (mut socket, _) = client_async(address, connection).await?;
    ready(&mut socket).await?;
    Ok(socket)
}

/// Reads until all `total` messages have come, each once and in order. Answers how long each took from the moment at
/// which it was due, and the socket, which stays open.
pub async fn read(mut socket: Socket, pace: Pace, total: usize) -> Result<(Vec<Duration>, Socket)> {
    let mut order = Order::default();
    let mut latencies = Vec::with_capacity(total);
    while latencies.len() < total {
        let frame: Frame<Received> = next(&mut socket).await?;
        if order.take(&frame)? {
            let index = latencies.len();
            let name = frame.data.and_then(|data| data.client_msg_id);
            ensure!(
                name == Some(index.to_string()),
                "{name:?} came as message {index}"
            );
            latencies.push(pace.due(index).elapsed());
        }
    }
    Ok((latencies, socket))
}

/// Sends each message when it is due, until all `total` were acknowledged. Answers the socket, which stays open.
pub async fn send(
    socket: Socket,
    room: String,
    content: String,
    mut due: Receiver<usize>,
    total: usize,
) -> Result<Socket> {
    let (mut sink, mut stream) = socket.split();
    let sending = async {
        while let Some(index) = due.recv().await {
            let name = index.to_string();
            let data = json!({"room_id": room, "content": content, "client_msg_id": name});
            let frame = json!({"event": "send_message", "id": index, "data": data});
            sink.send(Message::text(frame.to_string())).await?;
        }
        Ok(())
    };
    let acknowledging = async {
        let mut acknowledged = 0;
        while acknowledged < total {
            let frame: Frame<Value> = next(&mut stream).await?;
            match frame.event.as_str() {
                "ack" => acknowledged += 1,
                "error" => bail!("message {:?} was refused: {:?}", frame.id, frame.data),
                _ => {}
            }
        }
        Ok(())
    };
    tokio::try_join!(sending, acknowledging)?;
    Ok(sink.reunite(stream)?)
}
