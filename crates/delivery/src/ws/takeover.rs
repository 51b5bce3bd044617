use std::{
    cell::RefCell,
    future::poll_fn,
    pin::Pin,
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

use super::stream::SharedStream;

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
        }
    }
}

/// Serves a request that wants to make a socket of its connection: the application answers it as any other, and reads the
/// connection itself if it has made a socket of it. From the framework's own way this one differs in what it keeps for a
/// connection: no buffers, and no more than this future.
///
/// What is left behind the answer is read for at most `last_words`, so that the peer reads the answer to its end.
pub async fn take_over<S, B>(
    application: &S,
    request: Request,
    framed: Framed<SharedStream, Codec>,
    last_words: Duration,
) where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    let FramedParts {
        io: mut stream,
        codec,
        read_buf,
        // The end of the answer before, perhaps.
        write_buf: unwritten,
        ..
    } = framed.into_parts();
    request.extensions_mut().insert(Taken {
        stream: stream.clone(),
        begun: read_buf.freeze(),
    });
    let response = match application.call(request).await {
        Ok(response) => Response::from(response).map_into_boxed_body(),
        Err(error) => Response::from(error.error_response()),
    };
    if let Err(error) = answer(response, &mut stream, codec, unwritten).await {
        tracing::debug!(%error, "a connection that was taken over broke");
        return;
    }
    // Nobody is waited for who does not end it.
    let _ = timeout(last_words, read_to_end(&mut stream)).await;
}

async fn answer(
    mut response: Response<BoxBody>,
    stream: &mut SharedStream,
    mut codec: Codec,
    mut bytes: BytesMut,
) -> Result<(), actix_web::Error> {
    if !response.head().upgrade() {
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    let (response, mut body) = response.into_parts();
    codec.encode(Message::Item((response, body.size())), &mut bytes)?;
    loop {
        // With the head, as far as it is there: not every client waits for the body of a refusal.
        let mut next = poll_fn(|cx| Pin::new(&mut body).poll_next(cx));
        let piece = match (&mut next).now_or_never() {
            Some(piece) if bytes.len() < PIECE => piece,
            Some(piece) => {
                write(&mut bytes, stream).await?;
                piece
            }
            None => {
                write(&mut bytes, stream).await?;
                next.await
            }
        };
        let piece = piece.transpose().map_err(ErrorInternalServerError)?;
        let is_last = piece.is_none();
        codec.encode(Message::Chunk(piece), &mut bytes)?;
        if is_last {
            return write(&mut bytes, stream).await;
        }
    }
}

/// Writes all of it, and keeps nothing.
async fn write(bytes: &mut BytesMut, stream: &mut SharedStream) -> Result<(), actix_web::Error> {
    let bytes = std::mem::take(bytes);
    Ok(stream.write_all(&bytes).await?)
}

/// Ends it from this side, and waits until the peer does.
async fn read_to_end(stream: &mut SharedStream) {
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
}

/// How much is read at once.
const PIECE: usize = 16 * 1_024;

thread_local! {
    /// For all connections of a thread, each of which reads and lets go of it before another does: most of them, at a given
    /// moment, have nothing to read.
    static BUFFER: RefCell<Box<[u8; PIECE]>> = RefCell::new(Box::new([0; PIECE]));
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if !this.begun.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut this.begun))));
        }
        BUFFER.with_borrow_mut(|buffer| {
            let read = this
                .stream
                .poll_take(cx, |stream| stream.try_read(&mut buffer[..]));
            Poll::Ready(match ready!(read) {
                Ok(0) => None,
                Ok(count) => Some(Ok(Bytes::copy_from_slice(&buffer[..count]))),
                Err(error) => Some(Err(error.into())),
            })
        })
    }
}
