//! Shares connections out among servers.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

/// How long a backend may take to accept a connection before the next one is asked, or to say whether it is ready.
const CONNECT: Duration = Duration::from_secs(1);

/// Shares connections out among backends in turn, and forwards the bytes as they are. It passes over a backend that
/// does not accept; a connection to one that dies ends. It knows nothing of HTTP, so the backends see its address as
/// the client's. When it is dropped, its connections end.
pub struct Proxy {
    address: SocketAddr,
    backends: Arc<Backends>,
    task: AbortHandle,
}

struct Backends {
    all: Vec<Backend>,
    next: AtomicUsize,
}

struct Backend {
    address: SocketAddr,
    is_ready: AtomicBool,
}

impl Proxy {
    /// Serves what comes to this listener. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// The listener does not know its own address.
    pub fn start(listener: TcpListener, backends: Vec<SocketAddr>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let backends = Arc::new(Backends::new(backends, true));
        let task = tokio::spawn(serve(listener, backends.clone())).abort_handle();
        Ok(Self {
            address,
            backends,
            task,
        })
    }

    /// As [`start`](Self::start), past the backends that do not answer `GET /health/ready` with 200. Each is asked
    /// anew after this pause; none is ready before it was asked.
    ///
    /// # Errors
    /// The listener does not know its own address.
    pub fn to_ready(
        listener: TcpListener,
        backends: Vec<SocketAddr>,
        pause: Duration,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let backends = Arc::new(Backends::new(backends, false));
        let served = backends.clone();
        let task = tokio::spawn(async move {
            // Ends when this task is aborted.
            let mut probes = JoinSet::new();
            for i in 0..served.all.len() {
                probes.spawn(probe(served.clone(), i, pause));
            }
            serve(listener, served).await;
        });
        Ok(Self {
            address,
            backends,
            task: task.abort_handle(),
        })
    }

    /// How many backends are ready, as far as is known.
    #[must_use]
    pub fn ready(&self) -> usize {
        let is_ready = |backend: &&Backend| backend.is_ready.load(Ordering::SeqCst);
        self.backends.all.iter().filter(is_ready).count()
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
                Err(_) => sleep(Duration::from_millis(10)).await,
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

/// Asks a backend again and again whether it is ready.
async fn probe(backends: Arc<Backends>, i: usize, pause: Duration) {
    let backend = &backends.all[i];
    loop {
        let asked = timeout(CONNECT, is_ready(backend.address)).await;
        let is_ready = matches!(asked, Ok(Ok(true)));
        backend.is_ready.store(is_ready, Ordering::SeqCst);
        sleep(pause).await;
    }
}

async fn is_ready(address: SocketAddr) -> io::Result<bool> {
    const YES: &[u8] = b"HTTP/1.1 200 ";
    let mut stream = TcpStream::connect(address).await?;
    let question = "GET /health/ready HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";
    stream.write_all(question.as_bytes()).await?;
    let mut answer = [0; YES.len()];
    stream.read_exact(&mut answer).await?;
    Ok(answer == YES)
}

impl Backends {
    fn new(addresses: Vec<SocketAddr>, is_ready: bool) -> Self {
        let backend = |address| Backend {
            address,
            is_ready: AtomicBool::new(is_ready),
        };
        Self {
            all: addresses.into_iter().map(backend).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// A connection to the next one in turn that is ready and accepts; none when none does.
    async fn connect(&self) -> Option<TcpStream> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for i in 0..self.all.len() {
            let backend = &self.all[(first + i) % self.all.len()];
            if !backend.is_ready.load(Ordering::SeqCst) {
                continue;
            }
            if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(backend.address)).await {
                return Some(stream);
            }
        }
        None
    }
}
