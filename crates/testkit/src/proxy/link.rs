//! A link to one server, whose faults a test changes while it runs.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

use super::{
    connection::carry,
    fault::{Entrance, Faults},
};
use crate::free_port;

/// Forwards each connection to one server, which need not be up, and does to them what it is told. When it is dropped,
/// its connections end.
pub struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// The last change that is taken up by the listener.
    taken_up: watch::Receiver<u64>,
    task: AbortHandle,
}

/// Says of a connection whether it is marked, from what its client has just said (and the few bytes before, so that no
/// word is cut in two). Once marked, it stays so.
pub(super) type Mark = fn(&[u8]) -> bool;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// What the link and its connections know together.
pub(super) struct Shared {
    pub(super) server: SocketAddr,
    pub(super) mark: Mark,
    /// With the number of the change that made them so.
    pub(super) faults: watch::Sender<(u64, Faults)>,
    /// Counts the resets: a connection ends when it grows.
    pub(super) resets: watch::Sender<u64>,
    /// Counts the half-closes, to the server and to the client.
    pub(super) half_closes: watch::Sender<[u64; 2]>,
    /// The next answer is lost.
    pub(super) loses_answer: AtomicBool,
    pub(super) lost_answers: AtomicUsize,
    pub(super) swallowed: AtomicU64,
    pub(super) open: AtomicUsize,
}

/// How many connections may wait to be taken, as Tokio's own listeners have it.
const BACKLOG: i32 = 1_024;

impl Link {
    /// A link without faults, on a free port of the loopback. To be called in a Tokio runtime.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        Self::marking(server, |_| false).await
    }

    /// As [`to`](Self::to); connections are marked when this is true of what their client says.
    ///
    /// # Errors
    /// The port cannot be had.
    pub async fn marking(server: SocketAddr, mark: fn(&[u8]) -> bool) -> io::Result<Self> {
        // One that no outgoing connection gets while the link refuses.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let listener = listen(address)?;
        let (takes_up, taken_up) = watch::channel(0);
        let shared = Arc::new(Shared {
            server,
            mark,
            faults: watch::Sender::default(),
            resets: watch::Sender::default(),
            half_closes: watch::Sender::default(),
            loses_answer: AtomicBool::new(false),
            lost_answers: AtomicUsize::new(0),
            swallowed: AtomicU64::new(0),
            open: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, shared.clone(), takes_up)).abort_handle();
        Ok(Self {
            address,
            shared,
            taken_up,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From when this answers, these are its faults, in place of those before; also of the connections that are open.
    pub async fn set(&self, faults: Faults) {
        let mut change = 0;
        self.shared.faults.send_modify(|now| {
            *now = (now.0 + 1, faults);
            change = now.0;
        });
        let mut taken_up = self.taken_up.clone();
        let waited = taken_up.wait_for(|last| *last >= change).await;
        waited.expect("the link goes on until it is dropped");
    }

    /// Takes all faults away.
    pub async fn heal(&self) {
        self.set(Faults::default()).await;
    }

    /// Refuses new connections, and then resets the open ones.
    pub async fn cut(&self) {
        self.set(Faults::refusing()).await;
        self.reset();
    }

    /// Resets (RST, both ways) every connection that is open now.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Ends one direction of every connection that is open now, as a peer does that has no more to say. The other
    /// direction goes on.
    pub fn half_close(&self, direction: Direction) {
        let counts = &self.shared.half_closes;
        counts.send_modify(|counts| counts[direction as usize] += 1);
    }

    /// Loses the next answer: on the first connection whose client says something from now on, that passes, and what
    /// the server says then does not; the connection is reset in its place.
    pub fn lose_next_answer(&self) {
        self.shared.loses_answer.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost so.
    #[must_use]
    pub fn lost_answers(&self) -> usize {
        self.shared.lost_answers.load(Ordering::SeqCst)
    }

    /// How many bytes have vanished.
    #[must_use]
    pub fn swallowed(&self) -> u64 {
        self.shared.swallowed.load(Ordering::SeqCst)
    }

    /// How many connections are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    pub(super) fn reset(&self) {
        self.resets.send_modify(|count| *count += 1);
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, takes_up: watch::Sender<u64>) {
    let mut door = Door::Open(listener);
    let mut faults = shared.faults.subscribe();
    // Ends its connections when this task is aborted.
    let mut connections = JoinSet::new();
    loop {
        let (change, now) = faults.borrow_and_update().clone();
        let is_open = now.entrance != Entrance::Refusing;
        door = door.set(is_open).expect("the port is ours");
        takes_up.send_replace(change);
        let mut next_reset = now.reset_every.map(|pause| Instant::now() + pause);
        loop {
            tokio::select! {
                changed = faults.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                client = door.accept() => match now.entrance {
                    Entrance::Open => drop(connections.spawn(carry(client, shared.clone()))),
                    Entrance::Refusing | Entrance::Resetting => drop(client.set_zero_linger()),
                },
                () = at(next_reset) => {
                    shared.reset();
                    next_reset = now.reset_every.map(|pause| Instant::now() + pause);
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// Without `SO_REUSEADDR`, so that nobody else gets the port while the door is shut.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// The socket that new connections come to. The port, if it was asked for by its number, stays its own while it is shut.
pub(super) enum Door {
    Open(TcpListener),
    Shut(std::net::TcpListener),
}

impl Door {
    pub(super) fn set(self, is_open: bool) -> io::Result<Self> {
        Ok(match self {
            // To close it would not do: a process that another test starts at this moment holds a copy of it until it runs
            // its own program, and the system would go on taking connections.
            Self::Open(listener) if !is_open => {
                let listener = listener.into_std()?;
                SockRef::from(&listener).shutdown(Shutdown::Both)?;
                Self::Shut(listener)
            }
            Self::Shut(listener) if is_open => {
                SockRef::from(&listener).listen(BACKLOG)?;
                Self::Open(TcpListener::from_std(listener)?)
            }
            unchanged => unchanged,
        })
    }

    pub(super) async fn accept(&self) -> TcpStream {
        let Self::Open(listener) = self else {
            return std::future::pending().await;
        };
        loop {
            match listener.accept().await {
                Ok((client, _)) => return client,
                // Of one connection, or of too many open files: the next one may do better.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
