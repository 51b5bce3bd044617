//! One connection of a link.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{
        TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Instant, sleep_until, timeout},
};

use super::{
    fault::{Faults, Flow, Way},
    link::{Direction, Shared},
};

/// How long the server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// Bytes that the system takes from the server in advance: few, so that a server which is not read from notices it.
const BUFFER: u32 = 32 * 1024;

/// Pieces that may wait for their time, before no more is read.
const DELAYED: usize = 64;

/// What was read in one piece, and when it is to be written.
type Piece = (Instant, Vec<u8>);

struct Connection {
    shared: Arc<Shared>,
    is_marked: AtomicBool,
    /// Has asked what will not be answered.
    loses_answer: AtomicBool,
    answer_is_lost: Notify,
    /// Has lost bytes, to the server and to the client.
    has_lost: [AtomicBool; 2],
}

/// Counts itself as open.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Carries a connection to its end. One that does not end in order is reset on both sides.
pub(super) async fn carry(mut client: TcpStream, shared: Arc<Shared>) {
    let _open = Open::new(&shared);
    let mut resets = shared.resets.subscribe();
    let Ok(Ok(mut server)) = timeout(CONNECT, connect(shared.server)).await else {
        let _ = client.set_zero_linger();
        return;
    };
    // Small frames follow each other: TCP would hold the second one back.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let connection = Connection {
        shared,
        is_marked: AtomicBool::new(false),
        loses_answer: AtomicBool::new(false),
        answer_is_lost: Notify::new(),
        has_lost: Default::default(),
    };
    let is_in_order = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let both = async {
            tokio::try_join!(
                connection.pump(from_client, to_server, Direction::ToServer),
                connection.pump(from_server, to_client, Direction::ToClient),
            )
        };
        tokio::select! {
            ended = both => ended.is_ok(),
            _ = resets.changed() => false,
            () = connection.answer_is_lost.notified() => false,
            () = connection.garbled() => false,
        }
    };
    if !is_in_order {
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let socket = match server {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_recv_buffer_size(BUFFER)?;
    socket.connect(server).await
}

impl Connection {
    async fn pump(
        &self,
        from: ReadHalf<'_>,
        to: WriteHalf<'_>,
        direction: Direction,
    ) -> io::Result<()> {
        let (pieces, delayed) = channel(DELAYED);
        let read = self.read(from, pieces, direction);
        tokio::try_join!(read, self.write(to, delayed, direction))?;
        Ok(())
    }

    async fn read(
        &self,
        mut from: ReadHalf<'_>,
        pieces: Sender<Piece>,
        direction: Direction,
    ) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        // Of what the client said, so that no word is cut in two.
        let mut tail = Vec::new();
        loop {
            let count = from.read(&mut buffer).await?;
            let bytes = &buffer[..count];
            if direction == Direction::ToServer {
                self.look_at(bytes, &mut tail);
            }
            self.wait_while(|faults| way(faults, direction).flow == Flow::Held)
                .await;
            if count == 0 {
                self.wait_while(|faults| self.swallows(faults, direction))
                    .await;
                return Ok(());
            }
            if self.vanish(bytes, direction) {
                continue;
            }
            let delay = way(&self.shared.faults.borrow().1, direction).delay;
            let piece = (Instant::now() + delay, bytes.to_vec());
            if pieces.send(piece).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn write(
        &self,
        mut to: WriteHalf<'_>,
        mut delayed: Receiver<Piece>,
        direction: Direction,
    ) -> io::Result<()> {
        let mut half_closes = self.shared.half_closes.subscribe();
        let before = half_closes.borrow_and_update()[direction as usize];
        loop {
            let piece = tokio::select! {
                piece = delayed.recv() => piece,
                _ = half_closes.wait_for(|counts| counts[direction as usize] > before) => None,
            };
            let Some((due, bytes)) = piece else {
                break;
            };
            sleep_until(due).await;
            if !way(&self.shared.faults.borrow().1, direction).is_trickled {
                to.write_all(&bytes).await?;
                continue;
            }
            write_bytewise(&mut to, &bytes).await?;
        }
        to.shutdown().await?;
        // After a half-close the rest is read, and goes nowhere.
        while delayed.recv().await.is_some() {}
        Ok(())
    }

    /// Notes what the client says.
    fn look_at(&self, bytes: &[u8], tail: &mut Vec<u8>) {
        const LONGEST_WORD: usize = 64;
        if bytes.is_empty() {
            return;
        }
        if self.shared.loses_answer.swap(false, Ordering::SeqCst) {
            self.loses_answer.store(true, Ordering::SeqCst);
        }
        tail.extend_from_slice(bytes);
        if (self.shared.mark)(tail) {
            self.is_marked.store(true, Ordering::SeqCst);
        }
        tail.drain(..tail.len().saturating_sub(LONGEST_WORD));
    }

    /// Whether these bytes go nowhere.
    fn vanish(&self, bytes: &[u8], direction: Direction) -> bool {
        let is_answer = direction == Direction::ToClient;
        if is_answer && self.loses_answer.load(Ordering::SeqCst) {
            self.shared.lost_answers.fetch_add(1, Ordering::SeqCst);
            self.answer_is_lost.notify_one();
        } else if self.swallows(&self.shared.faults.borrow().1, direction) {
            self.has_lost[direction as usize].store(true, Ordering::SeqCst);
        } else {
            return false;
        }
        let count = bytes.len() as u64;
        self.shared.swallowed.fetch_add(count, Ordering::SeqCst);
        true
    }

    fn swallows(&self, faults: &Faults, direction: Direction) -> bool {
        way(faults, direction).swallows(self.is_marked.load(Ordering::SeqCst))
    }

    async fn wait_while(&self, is_so: impl Fn(&Faults) -> bool) {
        let mut faults = self.shared.faults.subscribe();
        // It fails when the link has ended.
        let _ = faults.wait_for(|(_, faults)| !is_so(faults)).await;
    }

    /// Waits until bytes may pass again where some have vanished.
    async fn garbled(&self) {
        let mut faults = self.shared.faults.subscribe();
        let is_garbled = |faults: &Faults| {
            [Direction::ToServer, Direction::ToClient]
                .into_iter()
                .any(|direction| {
                    let has_lost = self.has_lost[direction as usize].load(Ordering::SeqCst);
                    has_lost && !self.swallows(faults, direction)
                })
        };
        let _ = faults.wait_for(|(_, faults)| is_garbled(faults)).await;
    }
}

/// Each byte in a write of its own; without Nagle's algorithm, each is a packet.
pub(super) async fn write_bytewise(
    to: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
) -> io::Result<()> {
    for byte in bytes {
        to.write_all(&[*byte]).await?;
        // So that whoever reads has a turn in between.
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn way(faults: &Faults, direction: Direction) -> &Way {
    match direction {
        Direction::ToServer => &faults.to_server,
        Direction::ToClient => &faults.to_client,
    }
}
