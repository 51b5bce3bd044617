use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    runtime::Builder,
    sync::mpsc::{self, UnboundedSender},
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::server::{Request, Response},
    },
};

use super::room;

/// Everybody, by room and by a number of their own.
type Members = HashMap<u64, HashMap<u64, UnboundedSender<Utf8Bytes>>>;

/// Serves without end.
pub fn serve(listener: TcpListener) -> Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let rooms = Arc::<Mutex<Members>>::default();
        for id in 0.. {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let rooms = rooms.clone();
            // Who breaks the protocol, or is gone, has nobody to be told.
            tokio::spawn(async move { drop(attend(stream, id, &rooms).await) });
        }
        Ok(())
    })
}

async fn attend(stream: TcpStream, id: u64, rooms: &Mutex<Members>) -> Result<()> {
    let mut number = 0;
    #[expect(
        clippy::result_large_err,
        reason = "the type of the callback is that of the library"
    )]
    let callback = |request: &Request, response: Response| {
        number = room(request.uri().query().unwrap_or_default());
        Ok(response)
    };
    let socket = accept_hdr_async(stream, callback).await?;
    let (mut to_peer, mut from_peer) = socket.split();
    let (sender, mut told) = mpsc::unbounded_channel();
    lock(rooms).entry(number).or_default().insert(id, sender);
    let telling = async {
        while let Some(text) = told.recv().await {
            to_peer.feed(Message::Text(text)).await?;
            while let Ok(text) = told.try_recv() {
                to_peer.feed(Message::Text(text)).await?;
            }
            to_peer.flush().await?;
        }
        Ok(())
    };
    let hearing = async {
        while let Some(message) = from_peer.next().await {
            if let Message::Text(text) = message? {
                for (other, sender) in lock(rooms).entry(number).or_default() {
                    if *other != id {
                        // Who is gone takes itself out.
                        let _ = sender.send(text.clone());
                    }
                }
            }
        }
        Ok(())
    };
    let outcome = tokio::select! {
        outcome = telling => outcome,
        outcome = hearing => outcome,
    };
    lock(rooms).entry(number).or_default().remove(&id);
    outcome
}

fn lock(rooms: &Mutex<Members>) -> MutexGuard<'_, Members> {
    rooms.lock().unwrap_or_else(PoisonError::into_inner)
}
