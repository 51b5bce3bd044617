use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::sync::oneshot;

/// The body of a socket's answer, which ends when the other end of `let_go` is dropped, and not with its last frame.
///
/// actix ends a connection a second after its body: a peer that has more to read than it can take in that time is then
/// reset, because what it sent meanwhile was not read, and never reads why it was closed.
pub(super) struct HeldOpen {
    body: BoxBody,
    let_go: oneshot::Receiver<Infallible>,
}

/// Holds the connection open until it is dropped.
pub(super) type Hold = oneshot::Sender<Infallible>;

impl HeldOpen {
    pub(super) fn new(body: BoxBody) -> (Self, Hold) {
        let (hold, let_go) = oneshot::channel();
        (Self { body, let_go }, hold)
    }
}

impl MessageBody for HeldOpen {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(chunk) = ready!(Pin::new(&mut self.body).poll_next(cx)) {
            return Poll::Ready(Some(chunk));
        }
        let _gone = ready!(Pin::new(&mut self.let_go).poll(cx));
        Poll::Ready(None)
    }
}
