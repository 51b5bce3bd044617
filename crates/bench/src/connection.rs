use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Error, Message, error::ProtocolError, http::header::RETRY_AFTER},
};

/// Where a socket is opened, and opened again.
#[derive(Clone)]
pub(crate) struct Address {
    url: String,
    room: String,
    tls: Arc<ClientConfig>,
}

/// A socket that has been told `ready`.
pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Where its room stood then.
    pub(crate) stood: u64,
    heard_at: Instant,
    /// The server pings more often.
    silence: Duration,
}

/// Why a socket does not go on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It is gone, or there is no place for it now: a client comes back, after so long if it was told.
    Lost(anyhow::Error, Option<Duration>),
    /// The server has done something wrong, or wants no such client.
    Fault(anyhow::Error),
}

/// What is looked at of a frame.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) seq: Option<u64>,
    #[serde(default)]
    pub(crate) data: Value,
}

/// A handshake that is not answered by then is lost.
const BOUND: Duration = Duration::from_secs(15);

/// The closes after which a client comes back by itself (docs/ARCHITECTURE.md, the close codes).
const COME_BACK: [u16; 4] = [1001, 1006, 1012, 4000];

impl Address {
    pub(crate) fn new(url: String, room: &str, tls: Arc<ClientConfig>) -> Self {
        let room = room.to_owned();
        Self { url, room, tls }
    }

    /// Opens a socket; with `since`, of a client that has the log of the room up to there.
    pub(crate) async fn open(&self, since: Option<u64>) -> Result<Connection, Trouble> {
        let url = match since {
            Some(seq) => format!("{}&since={}:{seq}", self.url, self.room),
            None => self.url.clone(),
        };
        let tls = Some(Connector::Rustls(self.tls.clone()));
        let opening = timeout(BOUND, connect_async_tls_with_config(url, None, true, tls));
        let opened = opening
            .await
            .map_err(|_| Trouble::lost("no answer to a handshake"))?;
        let (socket, _) = opened.map_err(Trouble::of)?;
        let mut connection = Connection {
            socket,
            stood: 0,
            heard_at: Instant::now(),
            silence: BOUND,
        };
        let ready = connection.next().await?;
        let (rooms, ping) = (&ready.data["rooms"], &ready.data["ping_interval_ms"]);
        let (Some(stood), Some(ping)) = (rooms[0]["last_seq"].as_u64(), ping.as_u64()) else {
            return Err(Trouble::Fault(anyhow!(
                "the first frame is no ready: {ready:?}"
            )));
        };
        connection.stood = stood;
        connection.silence = Duration::from_millis(ping) * 5 / 2;
        Ok(connection)
    }
}

impl Connection {
    /// The next frame. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Frame, Trouble> {
        loop {
            let next = timeout_at(self.heard_at + self.silence, self.socket.next()).await;
            let next = next.map_err(|_| Trouble::lost("the server does not even ping"))?;
            self.heard_at = Instant::now();
            let message = next.ok_or_else(|| Trouble::lost("the server hung up"))?;
            match message.map_err(Trouble::of)? {
                Message::Text(text) => {
                    let frame = serde_json::from_str(&text);
                    let frame = frame.with_context(|| format!("no frame: {text}"));
                    return frame.map_err(Trouble::Fault);
                }
                Message::Close(why) => {
                    let code = why.as_ref().map_or(1006, |why| why.code.into());
                    let told = anyhow!("the server closed a socket: {why:?}");
                    let reason = why.as_ref().map_or("", |why| why.reason.as_str());
                    let (_, wait) = reason.split_once("retry_after_ms=").unwrap_or_default();
                    let wait = wait.parse().ok().map(Duration::from_millis);
                    return Err(if COME_BACK.contains(&code) {
                        Trouble::Lost(told, wait)
                    } else {
                        Trouble::Fault(told)
                    });
                }
                _ => {}
            }
        }
    }

    /// Goes, with a close frame; a server that does not take it notices all the same.
    pub(crate) async fn leave(&mut self) {
        let _ = timeout(BOUND, self.socket.close(None)).await;
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<(), Trouble> {
        self.socket
            .send(Message::text(text))
            .await
            .map_err(Trouble::of)
    }
}

impl Trouble {
    fn lost(why: &'static str) -> Self {
        Self::Lost(anyhow!(why), None)
    }

    fn of(error: Error) -> Self {
        match &error {
            Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Lost(error.into(), None)
            }
            Error::Http(answer) => {
                let status = answer.status();
                let body = answer.body().as_deref().map(String::from_utf8_lossy);
                let told = anyhow!(
                    "a handshake was answered with {status}: {}",
                    body.unwrap_or_default()
                );
                let wait = answer.headers().get(RETRY_AFTER);
                let wait = wait.and_then(|it| it.to_str().ok()?.parse().ok());
                match status.as_u16() {
                    429 | 502..=504 => Self::Lost(told, wait.map(Duration::from_secs)),
                    _ => Self::Fault(told),
                }
            }
            _ => Self::Fault(error.into()),
        }
    }
}
