use std::{cell::Cell, collections::HashMap, rc::Rc, time::Duration};

use actix_web::{FromRequest, HttpRequest, HttpResponse, body::BoxBody, dev, web};
use domain::{ConnectionId, RoomId, Seq};
use realtime::{Hub, RegisterError};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    guard::{FrameGuard, Verdict},
    held_open::HeldOpen,
    lease::Lease,
    meter::Meter,
    pump::Pump,
};
use crate::{
    Door,
    client_address::{client_address, network},
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
    if door.hub.is_draining() {
        return Err(not_let_in(RegisterError::Draining, &door.hub));
    }
    let query = Query::parse(&request)?;
    let token = access_token(&request)?
        .or(query.access_token)
        .ok_or_else(|| Problem::new(Code::TokenMissing, "a socket needs an access token"))?;
    let proof = door.usecases.authenticate.prove(&token).await?;
    let caller = proof.caller;
    let limits = &door.limits;
    limits
        .check_request(&request, Deed::Call(caller.user_id))
        .await?;
    let (rooms, since) = (query.rooms?, query.since?);
    // Registered before the rooms are read: what happens to the user's rooms in between is told afterwards.
    let id = ConnectionId(door.ids.next());
    let network = network(client_address(&request));
    let connection = door
        .hub
        .register(id, caller.user_id, caller.session_id, &network)
        .await
        .map_err(|error| not_let_in(error, &door.hub))?;
    let start = door
        .usecases
        .open_socket
        .execute(caller, rooms, since)
        .await?;

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
    let pumping = async move {
        connection
            .start(
                start.user,
                start.rooms,
                start.resumptions,
                start.follows_all,
            )
            .await;
        let (clock, warning) = (door.health.clock.clone(), door.settings.ws.expiry_warning);
        let lease = Lease::new(proof, clock, warning);
        Pump::new(door, lease, connection, session, verdict)
            .run(frames)
            .await;
        drop(hold);
    };
    actix_web::rt::spawn(pumping.in_current_span());
    Ok(response)
}

/// How long a socket that finds no place stays away at least: what is closed, or fails, is gone by then.
const FULL: Duration = Duration::from_secs(5);

/// Those that are refused must not all come back in one moment.
pub(crate) fn not_let_in(error: RegisterError, hub: &Hub) -> Problem {
    match error {
        RegisterError::Full(_) => Problem::from(error).after(FULL + hub.part_of_spread()),
        RegisterError::Draining => Problem::from(error).after(hub.part_of_spread()),
    }
}

fn not_a_handshake(error: impl std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidHandshake, error.to_string())
}

struct Query {
    /// What is no id is no room either: the same answer as for a room that does not exist, to those who may ask.
    rooms: Result<Vec<RoomId>, Problem>,
    /// Up to where the client has the log of each room.
    since: Result<HashMap<RoomId, Seq>, Problem>,
    access_token: Option<String>,
}

impl Query {
    /// Reads `room_id` and `since`, repeated, and `access_token`; the rest is ignored.
    fn parse(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Problem::new(Code::InvalidQuery, error.to_string()))?;
        let (mut rooms, mut positions, mut access_token) = (Vec::new(), Vec::new(), None);
        for (name, value) in pairs.into_inner() {
            match name.as_str() {
                "room_id" => rooms.push(value),
                "since" => positions.push(value),
                "access_token" => access_token = Some(value),
                _ => {}
            }
        }
        let parsed: Result<_, _> = rooms.iter().map(|room| room.parse()).collect();
        let rooms =
            parsed.map_err(|_| Problem::new(Code::RoomForbidden, "a room is not the caller's"));
        Ok(Self {
            rooms,
            since: since(&positions),
            access_token,
        })
    }
}

/// Reads what the client has of its rooms, each `<room id>:<seq>`. Of a room that is said twice, the less counts: then
/// nothing is missed.
fn since(positions: &[String]) -> Result<HashMap<RoomId, Seq>, Problem> {
    let mut since = HashMap::new();
    for position in positions {
        let parsed = position.split_once(':').and_then(|(room, seq)| {
            let seq = Seq(seq.parse().ok()?);
            Some((room.parse::<RoomId>().ok()?, seq))
        });
        let Some((room, seq)) = parsed else {
            let told = "since must be <room id>:<seq>";
            return Err(Problem::new(Code::InvalidQuery, told));
        };
        let least = since.entry(room).or_insert(seq);
        *least = seq.min(*least);
    }
    Ok(since)
}
