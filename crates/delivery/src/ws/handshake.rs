use std::{cell::Cell, rc::Rc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use domain::{ConnectionId, RoomId};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    guard::{FrameGuard, Verdict},
    meter::Meter,
    pump::Pump,
};
use crate::{
    Door,
    http::{access_token, origin_is_allowed},
    limits::Deed,
    problem::{Code, Problem},
};

/// Opens a socket: every check comes before the upgrade, so that a refusal is a plain HTTP answer.
///
/// # Errors
/// The problem that refuses it.
pub async fn open(
    request: HttpRequest,
    payload: web::Payload,
    door: web::Data<Door>,
) -> Result<HttpResponse, Problem> {
    if !origin_is_allowed(&request, &door.settings.allowed_origins) {
        return Err(Problem::new(
            Code::OriginNotAllowed,
            "pages of this origin may not open a socket",
        ));
    }
    let query = Query::parse(&request)?;
    let token = access_token(&request)?
        .or(query.access_token)
        .ok_or_else(|| Problem::new(Code::TokenMissing, "a socket needs an access token"))?;
    let caller = door.usecases.authenticate.execute(&token).await?;
    let limits = &door.limits;
    limits
        .check_request(&request, Deed::Call(caller.user_id))
        .await?;
    let rooms = query.rooms?;
    // Registered before the rooms are read: what happens to the user's rooms in between is told afterwards.
    let id = ConnectionId(door.ids.next());
    let connection = door
        .hub
        .register(id, caller.user_id, caller.session_id)
        .await?;
    let start = door.usecases.open_socket.execute(caller, rooms).await?;

    let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
    let limit = door.settings.ws.max_frame_bytes;
    let frames = limits.socket_frames();
    let meter = frames.map(|rate| Meter::new(rate, Instant::now()));
    let guarded = FrameGuard::new(payload.into_inner(), limit, meter, verdict.clone());
    let payload = web::Payload::from_request(
        &request,
        &mut dev::Payload::Stream {
            payload: Box::pin(guarded),
        },
    )
    .await
    .map_err(not_a_handshake)?;
    let (response, session, frames) =
        actix_ws::handle(&request, payload).map_err(not_a_handshake)?;
    let frames = frames
        .max_frame_size(limit)
        .aggregate_continuations()
        .max_continuation_size(limit);
    let pumping = async move {
        connection
            .start(start.user, start.rooms, start.follows_all)
            .await;
        Pump::new(door, caller, connection, session, verdict)
            .run(frames)
            .await;
    };
    actix_web::rt::spawn(pumping.in_current_span());
    Ok(response)
}

fn not_a_handshake(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidHandshake, error.to_string())
}

struct Query {
    /// What is no id is no room either: the same answer as for a room that does not exist, to those who may ask.
    rooms: Result<Vec<RoomId>, Problem>,
    access_token: Option<String>,
}

impl Query {
    /// Reads `room_id`, repeated, and `access_token`; the rest is ignored.
    fn parse(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Problem::new(Code::InvalidQuery, error.to_string()))?;
        let (mut rooms, mut access_token) = (Vec::new(), None);
        for (name, value) in pairs.into_inner() {
            match name.as_str() {
                "room_id" => rooms.push(value),
                "access_token" => access_token = Some(value),
                _ => {}
            }
        }
        let parsed: Result<_, _> = rooms.iter().map(|room| room.parse()).collect();
        let rooms =
            parsed.map_err(|_| Problem::new(Code::RoomForbidden, "a room is not the caller's"));
        Ok(Self {
            rooms,
            access_token,
        })
    }
}
