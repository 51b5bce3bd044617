use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use serde::Deserialize;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config, tungstenite::Message,
};

/// The way to a server.
pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) http: Client,
    /// What tells the accounts of this run from those of others.
    pub(crate) run: String,
    names: AtomicUsize,
    tls: Arc<ClientConfig>,
}

/// A call that is not answered by then has failed. A server says nothing for longer to nobody: it pings.
const SILENCE: Duration = Duration::from_secs(60);

impl Door {
    /// To the server at this address; with TLS, it trusts whom the system trusts (`SSL_CERT_FILE` says otherwise).
    pub(crate) fn of(url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/');
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        ensure!(
            is_http,
            "{url} is no address of a server: it begins with http:// or https://"
        );
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let http = Client::builder()
            .timeout(SILENCE)
            .tls_backend_preconfigured(tls.clone())
            .build()?;
        let chance = getrandom::u64().context("no chance to draw from")?;
        Ok(Self {
            url: url.to_owned(),
            http,
            run: format!("{chance:016x}"),
            names: AtomicUsize::new(0),
            tls: Arc::new(tls),
        })
    }

    /// A name that no other account has: some 25 letters and digits.
    pub(crate) fn name(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("bench{}x{number}", self.run)
    }

    /// Where sockets of a room are opened.
    pub(crate) fn address(&self, token: &str, room: &str) -> Address {
        let url = self.url.replacen("http", "ws", 1);
        Address {
            url: format!("{url}/ws?access_token={token}&room_id={room}"),
            room: room.to_owned(),
            tls: self.tls.clone(),
        }
    }
}

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
}

/// What is looked at of a frame.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) seq: Option<u64>,
    #[serde(default)]
    pub(crate) data: serde_json::Value,
}

impl Address {
    /// Opens a socket; with `since`, of a client that has the log of the room up to there.
    pub(crate) async fn open(&self, since: Option<u64>) -> Result<Connection> {
        let url = match since {
            Some(seq) => format!("{}&since={}:{seq}", self.url, self.room),
            None => self.url.clone(),
        };
        let tls = Some(Connector::Rustls(self.tls.clone()));
        let opening = connect_async_tls_with_config(url, None, true, tls);
        let opened = timeout(SILENCE, opening)
            .await
            .context("no answer to a handshake")?;
        let (socket, _) = opened.context("no socket was opened")?;
        let mut connection = Connection { socket, stood: 0 };
        let first = connection.next().await?;
        ensure!(first.event == "ready", "the first frame is {}", first.event);
        let stood = first.data["rooms"][0]["last_seq"].as_u64();
        connection.stood = stood.context("the server does not say where a room stands")?;
        Ok(connection)
    }
}

impl Connection {
    /// The next frame. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Frame> {
        loop {
            let next = timeout(SILENCE, self.socket.next()).await;
            let next = next.context("the server said nothing, and did not ping")?;
            match next.context("the server hung up")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(why) => anyhow::bail!("the server closed a socket: {why:?}"),
                _ => {}
            }
        }
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::text(text)).await?)
    }
}
