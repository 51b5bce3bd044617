use std::{cell::Cell, rc::Rc, sync::Arc};

use actix_http::BoxedPayloadStream;
use actix_web::{FromRequest, HttpRequest, HttpResponse, body::BoxBody, dev, web};
use actix_ws::AggregatedMessageStream;
use tokio::time::Instant;

use super::{
    guard::{FrameGuard, Verdict},
    meter::Meter,
    takeover::Taken,
    writer::{DirectWay, FrameBody, FrameWriter},
};
use crate::{
    Door,
    problem::{Code, Problem},
};

/// A connection that carries frames from now on.
pub(super) struct Upgraded {
    /// The way to the peer.
    pub writer: Arc<FrameWriter>,
    /// What comes from it.
    pub frames: AggregatedMessageStream,
    /// Why the guard in front of the frames has ended them, if it has.
    pub verdict: Rc<Cell<Option<Verdict>>>,
}

/// Makes a socket of the request, with a guard in front of its frames.
///
/// # Errors
/// The request is no handshake.
pub(super) async fn upgrade(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
) -> Result<(HttpResponse, Upgraded), Problem> {
    let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
    let limit = door.settings.ws.max_frame_bytes;
    let frames = door.limits.socket_frames();
    let meter = frames.map(|rate| Meter::new(rate, Instant::now()));
    let (incoming, direct) = match Taken::of(request) {
        Some(taken) => {
            let incoming: BoxedPayloadStream = Box::pin(taken.incoming());
            (dev::Payload::from(incoming), Some(taken.stream))
        }
        None => (payload.into_inner(), DirectWay::take(request)),
    };
    let guarded = FrameGuard::new(incoming, limit, meter, verdict.clone());
    let payload = web::Payload::from_request(
        request,
        &mut dev::Payload::Stream {
            payload: Box::pin(guarded),
        },
    )
    .await
    .map_err(not_a_handshake)?;
    // What actix-ws would write, its session, is written here instead.
    let (response, _session, frames) =
        actix_ws::handle(request, payload).map_err(not_a_handshake)?;
    let writer = FrameWriter::new(direct);
    let response = response.map_body(|_, body| BoxBody::new(FrameBody::new(writer.clone(), body)));
    let frames = frames
        .max_frame_size(limit)
        .aggregate_continuations()
        .max_continuation_size(limit);
    let upgraded = Upgraded {
        writer,
        frames,
        verdict,
    };
    Ok((response, upgraded))
}

fn not_a_handshake(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidHandshake, error.to_string())
}
