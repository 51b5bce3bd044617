use std::{
    cell::Cell,
    fmt, io, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
};
use bytes::Bytes;
use realtime::SocketWriter;
use tokio::{sync::Notify, time::Instant};

use super::stream::SharedStream;

/// A way to a connection past the framework, which holds the same one.
///
/// It is for a connection whose first request makes a socket of it. Later the framework may still hold back a part of an earlier
/// answer, of which nobody else knows.
pub struct DirectWay(Cell<Option<SharedStream>>);

impl DirectWay {
    /// To this connection.
    #[must_use]
    pub fn to(connection: &SharedStream) -> Self {
        Self(Cell::new(Some(connection.clone())))
    }

    /// That of the connection on which this request came, for the one who asks first; if there is none, or no more.
    pub(super) fn take(request: &HttpRequest) -> Option<SharedStream> {
        request.conn_data::<Self>()?.0.take()
    }

    /// The request has another answer than a socket.
    pub(crate) fn give_up(request: &HttpRequest) {
        drop(Self::take(request));
    }
}

/// How often the body is asked for before the head is known to be written: once with the head, and once more before what the
/// framework has is flushed, where its task had used up its turn.
const HEAD_WRITTEN: u8 = 2;

/// Writes to a peer.
///
/// Straight to its connection, if there is a way. The framework has written the answer's head, to a connection that had room for
/// it, when it asks the answer's [body](FrameBody) for the third time; from then on it has nothing to write until the
/// [end](Self::end). What the connection does not take at once is [drained](Self::drained).
///
/// Else through the framework, which asks the body for more when it can take more.
pub(super) struct FrameWriter {
    way: Mutex<Way>,
    changed: Notify,
}

struct Way {
    direct: Option<SharedStream>,
    /// How often the framework has asked for the body, up to the time from which on it is known to have written the head.
    asked: u8,
    /// Since when it takes no more, if it does not.
    blocked_since: Option<Instant>,
    /// What it took, and is not written.
    rest: Vec<u8>,
    framework: Option<Waker>,
    has_ended: bool,
    /// The connection is.
    is_gone: bool,
}

impl FrameWriter {
    /// Writes there, once the framework has written the head of the answer that has the [body](FrameBody).
    pub(super) fn new(direct: Option<SharedStream>) -> Arc<Self> {
        let way = Way {
            direct,
            asked: 0,
            blocked_since: Some(Instant::now()),
            rest: Vec::new(),
            framework: None,
            has_ended: false,
            is_gone: false,
        };
        Arc::new(Self {
            way: Mutex::new(way),
            changed: Notify::new(),
        })
    }

    /// Since when it takes no more, if it does not.
    pub(super) fn blocked_since(&self) -> Option<Instant> {
        lock(&self.way).blocked_since
    }

    /// Writes what the connection did not take, if anything, as soon as it does. Answers when it is free, or is so no longer.
    /// For one waiter; cancel-safe.
    pub(super) async fn drained(&self) {
        let direct = lock(&self.way).to_drain();
        let Some(direct) = direct else {
            return self.changed.notified().await;
        };
        if self.drain(&direct).await.is_err() {
            // The framework meets it too, and ends the connection; if it does not, the peer is given up in time.
            self.changed.notified().await;
        }
    }

    async fn drain(&self, direct: &SharedStream) -> io::Result<()> {
        loop {
            direct.writable().await?;
            let mut way = lock(&self.way);
            match direct.try_write(&way.rest) {
                Ok(sent) => drop(way.rest.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if way.rest.is_empty() {
                // It may have been large.
                way.rest = Vec::new();
                way.blocked_since = None;
                return Ok(());
            }
        }
    }

    /// Waits until it is free; false when the connection is gone. For one waiter, and not beside [`drained`](Self::drained);
    /// cancel-safe.
    pub(super) async fn free(&self) -> bool {
        loop {
            {
                let way = lock(&self.way);
                if way.is_free() || way.is_gone {
                    return !way.is_gone;
                }
            }
            self.drained().await;
        }
    }

    /// The connection ends when all that was written has gone out.
    pub(super) fn end(&self) {
        let mut way = lock(&self.way);
        way.has_ended = true;
        way.wake_framework();
    }
}

impl Way {
    fn is_free(&self) -> bool {
        self.blocked_since.is_none() && !self.has_ended && !self.is_gone
    }

    fn wake_framework(&mut self) {
        if let Some(waker) = self.framework.take() {
            waker.wake();
        }
    }

    /// Where the rest goes that the framework has nothing to do with.
    fn to_drain(&self) -> Option<SharedStream> {
        let waits = !self.rest.is_empty() && !self.has_ended;
        self.direct.clone().filter(|_| waits)
    }
}

impl SocketWriter for FrameWriter {
    fn is_free(&self) -> bool {
        lock(&self.way).is_free()
    }

    fn write(&self, bytes: &[u8]) -> bool {
        let mut way = lock(&self.way);
        // An error is met again where the rest is written.
        let direct = way.direct.as_ref();
        let sent = direct.map_or(0, |it| it.try_write(bytes).unwrap_or(0));
        if sent < bytes.len() {
            way.rest.extend_from_slice(&bytes[sent..]);
            way.blocked_since.get_or_insert_with(Instant::now);
            if way.direct.is_none() {
                way.wake_framework();
            }
            self.changed.notify_one();
        }
        way.is_free()
    }
}

impl fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameWriter").finish_non_exhaustive()
    }
}

/// The body of a socket's answer: what its [writer](FrameWriter) does not write itself. It ends with [`FrameWriter::end`],
/// and not with the last frame: actix ends a connection a second after its body, and a peer that has more to read than it can
/// take in that time would be reset, because what it sent meanwhile was not read, and never read why it was closed.
pub(super) struct FrameBody {
    writer: Arc<FrameWriter>,
    _body: BoxBody,
}

impl FrameBody {
    /// Of this writer, around the body of actix-ws, which tells the reading half by its end that the connection is gone.
    pub(super) fn new(writer: Arc<FrameWriter>, body: BoxBody) -> Self {
        Self {
            writer,
            _body: body,
        }
    }
}

impl MessageBody for FrameBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let mut way = lock(&self.writer.way);
        if !way.rest.is_empty() && (way.direct.is_none() || way.has_ended) {
            let rest = mem::take(&mut way.rest);
            return Poll::Ready(Some(Ok(rest.into())));
        }
        if way.has_ended {
            return Poll::Ready(None);
        }
        way.framework = Some(cx.waker().clone());
        if way.asked < HEAD_WRITTEN && way.direct.is_some() {
            way.asked += 1;
            cx.waker().wake_by_ref();
        } else if way.rest.is_empty() && way.blocked_since.take().is_some() {
            self.writer.changed.notify_one();
        }
        Poll::Pending
    }
}

/// The connection is gone, whoever still holds the writer.
impl Drop for FrameBody {
    fn drop(&mut self) {
        let mut way = lock(&self.writer.way);
        way.direct = None;
        way.is_gone = true;
        self.writer.changed.notify_one();
    }
}

/// No code between lock and unlock leaves what is locked half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
