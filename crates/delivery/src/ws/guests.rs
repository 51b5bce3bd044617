//! The sockets of guests, in the dialects that clients of other systems speak. They have no token, and may come only where
//! guests are allowed.

mod flat;
mod stream;

pub use stream::open_stream;

pub(crate) use flat::guest_room;
pub(super) use flat::open_flat;

use actix_web::{HttpRequest, web};
use domain::{ConnectionId, UserId, values::GuestId};
use realtime::{Connection, wire::Codec};
use usecase::guests::{EnterRoomInput, Entered};

use super::not_let_in;
use crate::{
    Door,
    client_address::{client_address, network},
    http::{guests_may_come, origin_is_allowed, run_to_end},
    limits::Deed,
    problem::{Code, Problem},
};

/// A guest who is in a room, and their socket, which is registered and not started.
struct Arrival {
    connection: Connection,
    entered: Entered,
}

/// What is asked before anything else, as of a native socket.
async fn check(request: &HttpRequest, door: &Door) -> Result<(), Problem> {
    guests_may_come(door)?;
    if !origin_is_allowed(request, &door.settings.allowed_origins) {
        let told = "pages of this origin may not open a socket";
        return Err(Problem::new(Code::OriginNotAllowed, told));
    }
    let from = Deed::GuestFrom(client_address(request));
    door.limits.check_request(request, from).await
}

/// Lets a guest in. The socket is registered before: what happens to its guest in between is told afterwards.
async fn arrive(
    request: &HttpRequest,
    door: &web::Data<Door>,
    codec: Codec,
    input: EnterRoomInput,
) -> Result<Arrival, Problem> {
    let guest = UserId::of_guest(&input.guest_id);
    let network = network(client_address(request));
    let id = ConnectionId(door.ids.next());
    let connection = door
        .hub
        .register_guest(codec, id, guest, &network)
        .await
        .map_err(|error| not_let_in(error, &door.hub))?;
    let entering = door.clone();
    let entered =
        run_to_end(async move { entering.usecases.guests.enter.execute(input).await }).await?;
    Ok(Arrival {
        connection,
        entered,
    })
}

/// The id of a guest who has not said one.
fn new_guest_id(door: &Door) -> Result<GuestId, Problem> {
    GuestId::parse(&door.ids.next().to_string())
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// The room of clients that name none.
const DEFAULT_ROOM: &str = "global";
