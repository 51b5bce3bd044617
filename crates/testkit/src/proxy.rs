//! A TCP proxy: what stands between clients and nodes.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::timeout,
};

/// How long a backend may take to accept a connection before the next one is asked.
const CONNECT: Duration = Duration::from_secs(1);

/// Shares connections out among backends in turn, and forwards the bytes as they are. It passes over a backend that
/// does not accept; a connection to one that dies ends. It knows nothing of HTTP, so the backends see its address as
/// the client's. When it is dropped, its connections end.
pub struct Proxy {
    address: SocketAddr,
    task: AbortHandle,
}

struct Backends {
    addresses: Vec<SocketAddr>,
    next: AtomicUsize,
}

impl Proxy {
    /// Serves what comes to this listener. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// The listener does not know its own address.
    pub fn start(listener: TcpListener, backends: Vec<SocketAddr>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let backends = Arc::new(Backends {
            addresses: backends,
            next: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, backends)).abort_handle();
        Ok(Self { address, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, backends: Arc<Backends>) {
    // Ends its connections when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => drop(connections.spawn(forward(client, backends.clone()))),
                // Of one connection, or of too many open files: the next one may do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn forward(mut client: TcpStream, backends: Arc<Backends>) {
    let Some(mut backend) = backends.connect().await else {
        return;
    };
    // Small frames follow each other: TCP would hold the second one back.
    let _ = client.set_nodelay(true);
    let _ = backend.set_nodelay(true);
    let _ = copy_bidirectional(&mut client, &mut backend).await;
}

impl Backends {
    /// A connection to the next one in turn that accepts; none when none does.
    async fn connect(&self) -> Option<TcpStream> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for i in 0..self.addresses.len() {
            let address = self.addresses[(first + i) % self.addresses.len()];
            if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
                return Some(stream);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn listener() -> TcpListener {
        TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
    }

    /// Says its name, and then what it is told.
    async fn backend(name: u8) -> (SocketAddr, AbortHandle) {
        let listener = listener().await;
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    stream.write_u8(name).await.unwrap();
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        (address, task.abort_handle())
    }

    async fn who_answers(proxy: &Proxy) -> (TcpStream, u8) {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let name = stream.read_u8().await.unwrap();
        (stream, name)
    }

    #[tokio::test]
    async fn connections_go_to_the_backends_in_turn_and_past_one_that_is_down() {
        let (one, two) = (backend(1).await, backend(2).await);
        let proxy = Proxy::start(listener().await, vec![one.0, two.0]).unwrap();
        let (mut first, name) = who_answers(&proxy).await;
        assert_eq!(name, 1);
        assert_eq!(who_answers(&proxy).await.1, 2);
        first.write_all(b"both ways").await.unwrap();
        first.shutdown().await.unwrap();
        let mut echoed = String::new();
        first.read_to_string(&mut echoed).await.unwrap();
        assert_eq!(echoed, "both ways");
        one.1.abort();
        while TcpStream::connect(one.0).await.is_ok() {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            assert_eq!(who_answers(&proxy).await.1, 2);
        }
    }

    #[tokio::test]
    async fn without_a_backend_a_connection_ends_and_without_the_proxy_all_do() {
        let (one, task) = backend(1).await;
        let proxy = Proxy::start(listener().await, vec![one]).unwrap();
        let (mut open, _) = who_answers(&proxy).await;
        task.abort();
        while TcpStream::connect(one).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(refused.read(&mut [0]).await.unwrap(), 0);
        drop(proxy);
        assert_eq!(open.read(&mut [0]).await.unwrap(), 0);
    }
}
