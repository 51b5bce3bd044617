use actix_web::{HttpResponse, web};
use domain::{RoomEvent, RoomId, Seq, values::PageSize};
use realtime::wire;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::caller::Authenticated;
use crate::{
    Door,
    problem::{CALLER, Fields, ID, Problem, QUERY, problems},
};

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The `seq` up to which the client has the log; 0, before the first event, if not given.
    after: Option<u64>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

/// A durable event of a room: the very object that a socket gets.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the wire makes it; this documents it")]
pub(super) struct EventFrame {
    /// What happened: `receive_message`, `message.updated`, `message.deleted`, `reaction.added`,
    /// `reaction.removed`, `member.joined`, `member.left`, `room.created`, `room.deleted`; later versions may know others, which a client passes over.
    #[schema(example = "receive_message")]
    event: String,
    /// Its number in the log of its room: each is one more than that before it.
    seq: Seq,
    /// What the event is about, as it is now: the message, or ids.
    #[schema(value_type = Object)]
    data: (),
}

/// A part of a log.
#[derive(Serialize, ToSchema)]
pub(super) struct EventsBody {
    /// The oldest first, none left out in between.
    #[schema(value_type = Vec<EventFrame>)]
    events: Vec<Box<RawValue>>,
    /// Whether there are more after these: an answer also ends, before `limit`, when it has grown too long.
    has_more: bool,
    /// The number of the room's latest event when this was asked for; none of the events is a later one.
    last_seq: Seq,
}

problems!(ListProblems: CALLER, ID, QUERY; RoomNotFound);

/// Reads a room's log.
#[utoipa::path(get, path = "/v1/rooms/{room_id}/events", tag = "events",
    params(("room_id" = RoomId, Path), ListQuery),
    responses((status = 200, body = EventsBody), ListProblems))]
pub(super) async fn list(
    door: web::Data<Door>,
    Authenticated(caller, (room, query)): Authenticated<(web::Path<RoomId>, web::Query<ListQuery>)>,
) -> Result<HttpResponse, Problem> {
    let mut fields = Fields::new();
    let limit = PageSize::parse(query.limit.unwrap_or(50));
    let Some(limit) = fields.check("limit", limit) else {
        return Err(fields.into());
    };
    let after = Seq(query.after.unwrap_or_default());
    let read = &door.usecases.read_events;
    let list = read
        .execute(caller, room.into_inner(), after, limit)
        .await?;
    Ok(HttpResponse::Ok().json(EventsBody {
        events: frames(list.events),
        has_more: list.has_more,
        last_seq: list.last_seq,
    }))
}

/// The events as a socket gets them, to the byte.
pub(super) fn frames(events: Vec<RoomEvent>) -> Vec<Box<RawValue>> {
    events.into_iter().map(|event| frame(&event)).collect()
}

fn frame(event: &RoomEvent) -> Box<RawValue> {
    let text = String::from(wire::room_event(event));
    RawValue::from_string(text).expect("a frame of the wire is JSON")
}
