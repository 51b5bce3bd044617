//! The sockets of guests, in the dialects that clients of other systems speak. They have no token, and may come only where
//! guests are allowed.

mod flat;
mod stream;

pub use stream::open_stream;

pub(crate) use flat::guest_room;
pub(super) use flat::open_flat;

use std::net::IpAddr;

use actix_web::{HttpRequest, web};
use domain::{ConnectionId, MessageDraft, RoomId, UserId, values::ClientMsgId};
use realtime::{Connection, wire::Codec};
use usecase::{
    Caller,
    guests::{EnterRoomInput, Entered, GuestRoom},
    messages::SendMessageInput,
};

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
    if let GuestRoom::Named(name) = &input.room
        && door.usecases.guests.read.is_new(name).await?
    {
        let from = Deed::GuestRoom(client_address(request));
        door.limits.check_request(request, from).await?;
    }
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

/// A guest at a socket.
#[derive(Clone, Copy)]
struct Guest {
    caller: Caller,
    room_id: RoomId,
    /// Where they come from.
    address: Option<IpAddr>,
}

impl Guest {
    /// Counts a message, or what is as durable as one: of the guest, and of all who come from where they do.
    async fn may_say(&self, door: &Door) -> Result<(), Problem> {
        let limits = &door.limits;
        limits.check(Deed::GuestMessage(self.address)).await?;
        limits.check(Deed::Message(self.caller.user_id)).await
    }

    /// Sends a message. The reference makes another try of the same one safe.
    async fn say(
        &self,
        door: web::Data<Door>,
        content: &str,
        reference: Option<ClientMsgId>,
    ) -> Result<(), Problem> {
        let draft = MessageDraft::parse(content, Vec::new())
            .map_err(|error| Problem::new(Code::ValidationFailed, error.to_string()))?;
        let input = SendMessageInput {
            room_id: self.room_id,
            draft,
            client_msg_id: reference,
        };
        let caller = self.caller;
        run_to_end(async move { door.usecases.send_message.execute(caller, input).await }).await?;
        Ok(())
    }
}

/// The room of clients that name none.
const DEFAULT_ROOM: &str = "global";
