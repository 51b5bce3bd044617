use std::{
    cell::RefCell,
    io::{self, IoSlice, Read},
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

/// How much is read at once.
pub(super) const PIECE: usize = 16 * 1_024;

thread_local! {
    /// For all connections of a thread, each of which reads and lets go of it before another does: most of them, at a given
    /// moment, have nothing to read.
    static BUFFER: RefCell<Box<[u8; PIECE]>> = RefCell::new(Box::new([0; PIECE]));
}

/// A connection that several hold: the framework or a socket reads it, the hub writes to it. It is closed when the last of
/// them lets go of it.
///
/// It belongs to the runtime on which it was made. Written to it may be from any thread.
#[derive(Debug, Clone)]
pub struct SharedStream(Arc<TcpStream>);

impl SharedStream {
    /// Of this connection.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self(Arc::new(stream))
    }

    /// Gives what has come to `take`, at most so much; nothing at the end. For one reader.
    ///
    /// # Errors
    /// The connection's.
    pub(super) fn poll_take<T>(
        &self,
        cx: &mut Context<'_>,
        most: usize,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        BUFFER.with_borrow_mut(|buffer| {
            let most = most.min(PIECE);
            let count = ready!(self.poll_read_into(cx, &mut buffer[..most]))?;
            Poll::Ready(Ok(take(&buffer[..count])))
        })
    }

    fn poll_read_into(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let socket = SockRef::from(&*self.0);
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let mut taken = None;
            let outcome = self.0.try_io(Interest::READABLE, || {
                let count = (&*socket).read(buffer)?;
                taken = Some(count);
                // Less than there was room for is all that there was: said here, this saves asking for more in vain. Another
                // event since is noticed (as tokio's own reading does it).
                if (1..buffer.len()).contains(&count) {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            });
            match (taken, outcome) {
                (Some(count), _) => return Poll::Ready(Ok(count)),
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                (None, _) => {}
            }
        }
    }

    /// Writes what the connection takes at once.
    ///
    /// # Errors
    /// The connection's; [`WouldBlock`](io::ErrorKind::WouldBlock) when it takes nothing.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    /// Waits until it takes more, or has failed. Cancel-safe.
    ///
    /// # Errors
    /// The runtime has ended.
    pub(super) async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    fn poll_give(
        &self,
        cx: &mut Context<'_>,
        give: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match give(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                given => return Poll::Ready(given),
            }
        }
    }
}

impl AsyncRead for SharedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let most = buffer.remaining();
        self.poll_take(cx, most, |bytes| buffer.put_slice(bytes))
    }
}

impl AsyncWrite for SharedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_give(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_give(cx, |stream| stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What was written is with the system.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = SockRef::from(&*self.0).shutdown(Shutdown::Write);
        Poll::Ready(match ended {
            // The peer has ended it.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    async fn connection() -> (SharedStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, own) = tokio::join!(peer, listener.accept());
        (SharedStream::new(own.unwrap().0), peer.unwrap())
    }

    #[tokio::test]
    async fn what_comes_after_less_than_was_asked_for_is_read_too_and_then_the_end() {
        let (mut own, mut peer) = connection().await;
        let mut buffer = [0; 64];
        for text in ["one", "two", "three"] {
            peer.write_all(text.as_bytes()).await.unwrap();
            let count = own.read(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..count], text.as_bytes());
        }
        drop(peer);
        assert_eq!(own.read(&mut buffer).await.unwrap(), 0);
        assert_eq!(own.read(&mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_more_than_is_read_at_once_is_read_whole_and_in_order() {
        let (own, mut peer) = connection().await;
        let all: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
        let sent = all.clone();
        let sending = tokio::spawn(async move { peer.write_all(&sent).await });
        let mut read = Vec::new();
        own.clone().read_to_end(&mut read).await.unwrap();
        sending.await.unwrap().unwrap();
        assert!(read == all);
    }

    #[tokio::test]
    async fn it_is_open_until_the_last_lets_go_of_it_or_one_ends_it() {
        let (own, mut peer) = connection().await;
        drop(own.clone());
        own.clone().write_all(b"still here").await.unwrap();
        let mut told = [0; 10];
        peer.read_exact(&mut told).await.unwrap();
        own.clone().shutdown().await.unwrap();
        assert_eq!(peer.read(&mut told).await.unwrap(), 0);
        drop(peer);
        // A second end is none.
        own.clone().shutdown().await.unwrap();
    }
}
