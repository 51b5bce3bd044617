use std::{cell::Cell, rc::Rc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, body::BoxBody, dev, web};
use actix_ws::{AggregatedMessageStream, Session};
use tokio::time::Instant;

use super::{
    guard::{FrameGuard, Verdict},
    held_open::{HeldOpen, Hold},
    meter::Meter,
};
use crate::{
    Door,
    problem::{Code, Problem},
};

/// A connection that carries frames from now on.
pub(super) struct Upgraded {
    /// The way to the peer.
    pub session: Session,
    /// What comes from it.
    pub frames: AggregatedMessageStream,
    /// Why the guard in front of the frames has ended them, if it has.
    pub verdict: Rc<Cell<Option<Verdict>>>,
    /// The connection stays until this is dropped.
    pub held: Option<Hold>,
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
    let guarded = FrameGuard::new(payload.into_inner(), limit, meter, verdict.clone());
    let payload = web::Payload::from_request(
        request,
        &mut dev::Payload::Stream {
            payload: Box::pin(guarded),
        },
    )
    .await
    .map_err(not_a_handshake)?;
    let (response, session, frames) =
        actix_ws::handle(request, payload).map_err(not_a_handshake)?;
    let mut hold = None;
    let response = response.map_body(|_, body| {
        let (body, held) = HeldOpen::new(body);
        hold = Some(held);
        BoxBody::new(body)
    });
    let frames = frames
        .max_frame_size(limit)
        .aggregate_continuations()
        .max_continuation_size(limit);
    let upgraded = Upgraded {
        session,
        frames,
        verdict,
        held: hold,
    };
    Ok((response, upgraded))
}

fn not_a_handshake(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidHandshake, error.to_string())
}
