use std::{collections::HashMap, rc::Rc, time::Duration};

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{ConnectionId, RoomId, Seq};
use realtime::{Hub, RegisterError};
use tracing::Instrument;

use super::{guests, lease::Lease, native::Native, pump::Pump, upgrade::upgrade};
use crate::{
    Door,
    client_address::{client_address, network},
    http::{access_token, header_token, origin_is_allowed},
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
    // Whoever says who they are as a guest has no cookie in mind, though a browser sends it along.
    let token = if query.is_flat {
        header_token(&request)?
    } else {
        access_token(&request)?
    };
    let token = match token.or(query.access_token) {
        Some(token) => token,
        None if query.is_flat => return guests::open_flat(request, payload, door).await,
        None => {
            let told = "a socket needs an access token";
            return Err(Problem::new(Code::TokenMissing, told));
        }
    };
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

    let (response, upgraded) = upgrade(&request, payload, &door).await?;
    let settings = door.settings.ws;
    // In a place of its own, which is given back: it is larger than all that follows.
    let starting = Box::pin(async move {
        connection
            .start(
                start.user,
                start.rooms,
                start.resumptions,
                start.follows_all,
            )
            .await;
        let lease = Lease::new(proof, door.health.clock.clone(), settings.expiry_warning);
        let connection = Rc::new(connection);
        let native = Native {
            door,
            lease: Rc::new(lease),
            connection: connection.clone(),
            ticks: Rc::default(),
        };
        (native, connection)
    });
    let pumping = async move {
        let (native, connection) = starting.await;
        Pump::run(settings, native, connection, upgraded).await;
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

struct Query {
    /// What is no id is no room either: the same answer as for a room that does not exist, to those who may ask.
    rooms: Result<Vec<RoomId>, Problem>,
    /// Up to where the client has the log of each room.
    since: Result<HashMap<RoomId, Seq>, Problem>,
    access_token: Option<String>,
    /// It says who a guest is, in the dialect "flat".
    is_flat: bool,
}

impl Query {
    /// Reads `room_id` and `since`, repeated, and `access_token`; the rest is ignored.
    fn parse(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Problem::new(Code::InvalidQuery, error.to_string()))?;
        let (mut rooms, mut positions, mut access_token) = (Vec::new(), Vec::new(), None);
        let mut is_flat = false;
        for (name, value) in pairs.into_inner() {
            match name.as_str() {
                "room_id" => rooms.push(value),
                "since" => positions.push(value),
                "access_token" => access_token = Some(value),
                "userId" | "username" => is_flat = true,
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
            is_flat,
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
