use std::{cell::Cell, rc::Rc};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev, web};
use domain::{ConnectionId, RoomId};

use super::{
    guard::{FrameGuard, Verdict},
    pump::Pump,
};
use crate::{
    Door,
    http::{access_token, origin_is_allowed},
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
    // Registered before the rooms are read: what happens to the user's rooms in between is told afterwards.
    let id = ConnectionId(door.ids.next());
    let connection = door
        .hub
        .register(id, caller.user_id, caller.session_id)
        .await?;
    let start = door
        .usecases
        .open_socket
        .execute(caller, query.rooms)
        .await?;

    let verdict: Rc<Cell<Option<Verdict>>> = Rc::default();
    let limit = door.settings.ws.max_frame_bytes;
    let guarded = FrameGuard::new(payload.into_inner(), limit, verdict.clone());
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
    actix_web::rt::spawn(async move {
        connection
            .start(start.user, start.rooms, start.follows_all)
            .await;
        Pump::new(door, caller, connection, session, verdict)
            .run(frames)
            .await;
    });
    Ok(response)
}

fn not_a_handshake(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidHandshake, error.to_string())
}

struct Query {
    rooms: Vec<RoomId>,
    access_token: Option<String>,
}

impl Query {
    /// Reads `room_id`, repeated, and `access_token`; the rest is ignored.
    fn parse(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Problem::new(Code::InvalidQuery, error.to_string()))?;
        let mut query = Self {
            rooms: Vec::new(),
            access_token: None,
        };
        for (name, value) in pairs.into_inner() {
            match name.as_str() {
                // What is no id is no room either: the same answer as for a room that does not exist.
                "room_id" => query.rooms.push(value.parse().map_err(|_| {
                    Problem::new(Code::RoomForbidden, "a room is not the caller's")
                })?),
                "access_token" => query.access_token = Some(value),
                _ => {}
            }
        }
        Ok(query)
    }
}
