use std::{rc::Rc, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    RoomId,
    values::{GuestId, InvalidValue, MessageContent, RoomName, Username},
};
use realtime::{
    CloseReason, Connection, FrameClass,
    wire::{
        Codec,
        flat::{self, FlatMessage},
    },
};
use tracing::Instrument;
use usecase::{
    Caller,
    guests::{EnterRoomInput, Entered, GuestRoom},
    messages::{Cursor, History},
};

use super::{Arrival, DEFAULT_ROOM, Guest, arrive, check};
use crate::{
    Door,
    client_address::client_address,
    problem::{Code, Fields, Problem},
    ws::{
        pump::{Begun, Protocol, Pump},
        upgrade::upgrade,
    },
};

/// Opens a socket of the dialect "flat": the recent history comes first.
///
/// # Errors
/// The problem that refuses it.
pub(in crate::ws) async fn open_flat(
    request: HttpRequest,
    payload: web::Payload,
    door: web::Data<Door>,
) -> Result<HttpResponse, Problem> {
    check(&request, &door).await?;
    let (input, shown) = parse(&request, &door)?;
    let codec = Codec::Flat(shown.as_str().into());
    // Before anything is changed: a request that is no handshake lets nobody in.
    let (response, upgraded) = upgrade(&request, payload, &door).await?;
    let Arrival {
        connection,
        entered,
    } = arrive(&request, &door, codec, input).await?;
    let history = history(&door, &entered, &shown).await?;
    let address = client_address(&request);
    let settings = door.settings.ws;
    // Given back, as in the native handshake.
    let starting = Box::pin(async move {
        let Entered { user, room, start } = entered;
        let guest = Guest {
            caller: Caller::guest(user.id),
            room_id: room.id,
            address,
        };
        connection.start_guest(user, start, history).await;
        let connection = Rc::new(connection);
        let flat = Flat {
            door,
            guest,
            shown: shown.into(),
            connection: connection.clone(),
        };
        (flat, connection)
    });
    let pumping = async move {
        let (flat, connection) = starting.await;
        Pump::run(settings, flat, connection, upgraded).await;
    };
    actix_web::rt::spawn(pumping.in_current_span());
    Ok(response)
}

/// Reads who comes and where to, and how the room is named to them.
fn parse(request: &HttpRequest, door: &Door) -> Result<(EnterRoomInput, String), Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|error| Problem::new(Code::InvalidQuery, error.to_string()))?;
    let given = |wanted: &str| {
        let mut of_name = pairs.iter().filter(|(name, _)| name == wanted);
        let (_, value) = of_name.next_back()?;
        Some(value.as_str()).filter(|value| !value.trim().is_empty())
    };
    let mut fields = Fields::new();
    let guest_id = fields.optional("userId", given("userId"), GuestId::chosen);
    let name = given("username").unwrap_or("Anonymous");
    let name = fields.check("username", Username::parse(name));
    let room = guest_room(given("room").unwrap_or(DEFAULT_ROOM));
    let room = fields.check("room", room);
    let (Some(guest_id), Some(name), Some(room)) = (guest_id, name, room) else {
        return Err(fields.into());
    };
    let shown = room.to_string();
    let guest_id = match guest_id {
        Some(guest_id) => guest_id,
        None => GuestId::parse(&door.ids.next().to_string())
            .map_err(|error| Problem::new(Code::Internal, error.to_string()))?,
    };
    let input = EnterRoomInput {
        guest_id,
        name,
        room,
    };
    Ok((input, shown))
}

/// A room as the dialect names it: an id, or a name.
pub(crate) fn guest_room(text: &str) -> Result<GuestRoom, InvalidValue> {
    match text.trim().parse::<RoomId>() {
        Ok(id) => Ok(GuestRoom::Made(id)),
        Err(_) => RoomName::parse(text).map(GuestRoom::Named),
    }
}

/// The messages just before the place where the socket begins, oldest first.
async fn history(
    door: &Door,
    entered: &Entered,
    shown: &str,
) -> Result<Vec<bytestring::ByteString>, Problem> {
    let before = History::Before(Cursor::Seq(entered.start.last_seq.next()));
    let (caller, room) = (Caller::guest(entered.user.id), entered.room.id);
    let most = door.settings.guest_history;
    let list = &door.usecases.list_messages;
    let list = list.execute(caller, room, before, most).await?;
    let frames = list.messages.iter().rev();
    Ok(frames
        .map(|message| FlatMessage::chat(shown, message).encode())
        .collect())
}

/// The dialect "flat": a client sends messages, and nothing else.
struct Flat {
    door: web::Data<Door>,
    guest: Guest,
    shown: Arc<str>,
    connection: Rc<Connection>,
}

impl Protocol for Flat {
    fn begin(&self, text: &str) -> Begun {
        let parsed = flat::parse(text);
        let is_good = parsed.is_ok();
        let (door, guest) = (self.door.clone(), self.guest);
        let (shown, connection) = (self.shown.clone(), self.connection.clone());
        let under_way = Box::pin(async move {
            let refused = match parsed {
                Ok(content) => send(&door, guest, content)
                    .await
                    .map_err(|problem| problem.detail().to_owned()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(why) = refused {
                let (id, now) = (door.ids.next(), door.health.clock.now());
                let told = FlatMessage::system(&shown, id, why, now);
                connection.outbox().push(FrameClass::Durable, told.encode());
            }
        });
        Begun { is_good, under_way }
    }

    /// A guest stays as long as they like.
    async fn over(&self) -> CloseReason {
        std::future::pending().await
    }
}

async fn send(
    door: &web::Data<Door>,
    guest: Guest,
    content: MessageContent,
) -> Result<(), Problem> {
    guest.may_say(door).await?;
    guest.say(door.clone(), content.as_str(), None).await
}
