use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_codec::{Encoder, Framed, FramedParts};
use actix_http::{
    ConnectionType, Request, Response,
    h1::{Codec, Message},
};
use actix_web::{
    HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{Service, ServiceResponse},
    error::{ErrorInternalServerError, PayloadError},
};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, Stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::stream::{PIECE, SharedStream};

/// A connection that the framework has let go of, because its request wants to make something else of it.
pub(super) struct Taken {
    pub(super) stream: SharedStream,
    /// What came behind the request's head.
    begun: Bytes,
}

impl Taken {
    /// That of this request, if it was [taken over](take_over); for the one who asks first.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions_mut().remove()
    }

    /// What comes over it. For one reader.
    pub(super) fn incoming(&self) -> Incoming {
        Incoming {
            stream: self.stream.clone(),
            begun: self.begun.clone(),
            pauses: false,
        }
    }
}

/// Serves a request that wants to make a socket of its connection: the application answers it as any other, and reads the
/// connection itself if it has made a socket of it. From the framework's own way this one differs in what it keeps for a
/// connection: no buffers, and little more than the answer's body. What is needed for a moment has a place of its own, which is
/// given back.
///
/// What is left behind the answer is read for at most `last_words`, so that the peer reads the answer to its end.
pub fn take_over<S, B>(
    application: Rc<S>,
    request: Request,
    framed: Framed<SharedStream, Codec>,
    last_words: Duration,
) -> impl Future<Output = ()>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    let stream = framed.io_ref().clone();
    let answering = Box::pin(Answer::of(application, request, framed));
    async move {
        let answered = match answering.await {
            Ok(answer) => answer.write(stream.clone()).await,
            Err(error) => Err(error),
        };
        match answered {
            // Nobody is waited for who does not end it.
            Ok(()) => drop(Box::pin(timeout(last_words, read_to_end(stream))).await),
            Err(error) => tracing::debug!(%error, "a connection that was taken over broke"),
        }
    }
}

/// An answer that is being written.
struct Answer {
    /// What is to be written now.
    bytes: BytesMut,
    body: BoxBody,
    codec: Box<Codec>,
}

impl Answer {
    /// What the application answers, with its head.
    async fn of<S, B>(
        application: Rc<S>,
        request: Request,
        framed: Framed<SharedStream, Codec>,
    ) -> Result<Self, actix_web::Error>
    where
        S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
        B: MessageBody + 'static,
    {
        let FramedParts {
            io: stream,
            codec,
            read_buf,
            // The end of the answer before, perhaps.
            write_buf: mut bytes,
            ..
        } = framed.into_parts();
        // Copied: it is little, of a buffer that is large.
        let begun = Bytes::copy_from_slice(&read_buf);
        drop(read_buf);
        request.extensions_mut().insert(Taken { stream, begun });
        let mut response = match application.call(request).await {
            Ok(response) => Response::from(response).map_into_boxed_body(),
            Err(error) => Response::from(error.error_response()),
        };
        if !response.head().upgrade() {
            response
                .head_mut()
                .set_connection_type(ConnectionType::Close);
        }
        let (head, body) = response.into_parts();
        let mut codec = Box::new(codec);
        codec.encode(Message::Item((head, body.size())), &mut bytes)?;
        Ok(Self { bytes, body, codec })
    }

    /// Writes it to its end.
    async fn write(mut self, mut stream: SharedStream) -> Result<(), actix_web::Error> {
        loop {
            // With the head, as far as it is there: not every client waits for the body of a refusal.
            let mut next = poll_fn(|cx| Pin::new(&mut self.body).poll_next(cx));
            let piece = match (&mut next).now_or_never() {
                Some(piece) if self.bytes.len() < PIECE => piece,
                Some(piece) => {
                    write(&mut self.bytes, &mut stream).await?;
                    piece
                }
                None => {
                    write(&mut self.bytes, &mut stream).await?;
                    next.await
                }
            };
            let piece = piece.transpose().map_err(ErrorInternalServerError)?;
            let is_last = piece.is_none();
            self.codec.encode(Message::Chunk(piece), &mut self.bytes)?;
            if is_last {
                return write(&mut self.bytes, &mut stream).await;
            }
        }
    }
}

/// Writes all of it, and keeps nothing.
async fn write(bytes: &mut BytesMut, stream: &mut SharedStream) -> Result<(), actix_web::Error> {
    let bytes = std::mem::take(bytes);
    Ok(stream.write_all(&bytes).await?)
}

/// Ends it from this side, and waits until the peer does.
async fn read_to_end(mut stream: SharedStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut bytes = [0; 1_024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

/// What comes over a connection that was taken over.
pub(super) struct Incoming {
    stream: SharedStream,
    begun: Bytes,
    /// There may be more, which is not read before this is asked for again: who asks goes on until there is nothing.
    pauses: bool,
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if !this.begun.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut this.begun))));
        }
        if std::mem::take(&mut this.pauses) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let read = this
            .stream
            .poll_take(cx, usize::MAX, Bytes::copy_from_slice);
        Poll::Ready(match ready!(read) {
            Ok(bytes) => {
                this.pauses = bytes.len() == PIECE;
                (!bytes.is_empty()).then_some(Ok(bytes))
            }
            Err(error) => Some(Err(error.into())),
        })
    }
}
